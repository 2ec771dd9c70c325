/**
 * Waits for Splunk to acknowledge batches: one poll asks for all that wait. Nothing is asked while nothing waits.
 *
 * Splunk tells an acknowledgement once and forgets it. When its answer gets lost, the batch is late, is sent again,
 * and stands
 * in the index twice.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Endpoint } from '../endpoint.ts'
import { HecCode, readReply } from './reply.ts'

const PATH = '/services/collector/ack'

/** `late`: not within the timeout. `off`: the token acknowledges nothing. `aborted`: the output or the node stops. */
export type AckOutcome = 'acknowledged' | 'late' | 'off' | 'aborted'

export interface AcknowledgementOptions {
  endpoint: Endpoint
  /** With the token and the channel. */
  headers: Readonly<Record<string, string>>
  hashKey: string
  timeoutMs: number
  pollMs: number
}

export class Acknowledgements {
  readonly #options: AcknowledgementOptions
  /** As many as `send` calls are under way. */
  readonly #waiting = new Map<number, (outcome: AckOutcome) => void>()
  readonly #stop = new AbortController()
  #polling = false

  constructor(options: AcknowledgementOptions) {
    this.#options = options
  }

  wait(ackId: number, signal: AbortSignal): Promise<AckOutcome> {
    if (signal.aborted || this.#stop.signal.aborted) return Promise.resolve('aborted')
    // A Splunk that was restarted counts from 0 again: what it says of this number is no longer about the older batch.
    this.#waiting.get(ackId)?.('late')
    return new Promise((resolve) => {
      const settle = (outcome: AckOutcome) => {
        clearTimeout(timer)
        signal.removeEventListener('abort', aborted)
        this.#waiting.delete(ackId)
        resolve(outcome)
      }
      const timer = setTimeout(settle, this.#options.timeoutMs, 'late')
      const aborted = () => settle('aborted')
      signal.addEventListener('abort', aborted, { once: true })
      this.#waiting.set(ackId, settle)
      if (!this.#polling) void this.#poll()
    })
  }

  stop(): void {
    this.#stop.abort()
    for (const settle of [...this.#waiting.values()]) settle('aborted')
  }

  async #poll(): Promise<void> {
    const { signal } = this.#stop
    this.#polling = true
    while (this.#waiting.size > 0 && !signal.aborted) {
      await sleep(this.#options.pollMs, undefined, { signal }).catch(() => undefined)
      if (this.#waiting.size > 0 && !signal.aborted) await this.#ask(signal)
    }
    this.#polling = false
  }

  /** An answer that cannot be read, or none, is as good as "not yet": the timeout decides. */
  async #ask(signal: AbortSignal): Promise<void> {
    const asked = new Map(this.#waiting)
    const body = Buffer.from(JSON.stringify({ acks: [...asked.keys()] }))
    const { endpoint, headers, hashKey } = this.#options
    const json = { ...headers, 'content-type': 'application/json' }
    const answer = await endpoint.request({ method: 'POST', path: PATH, headers: json, body, signal, hashKey })
    if (!answer.answered) return
    if (readReply(answer).code === HecCode.ackDisabled) {
      for (const settle of asked.values()) settle('off')
    } else if (answer.status === 200) {
      for (const ackId of acknowledgedIn(answer.body)) {
        const settle = asked.get(ackId)
        // A batch that came to this number while we asked is another one.
        if (settle !== undefined && this.#waiting.get(ackId) === settle) settle('acknowledged')
      }
    }
  }
}

/** `{"acks":{"0":true,"1":false}}` */
function acknowledgedIn(body: Buffer): number[] {
  try {
    const { acks } = JSON.parse(body.toString()) as { acks?: unknown }
    if (typeof acks !== 'object' || acks === null) return []
    return Object.entries(acks).flatMap(([id, isIndexed]) => (isIndexed === true ? [Number(id)] : []))
  } catch {
    return []
  }
}
