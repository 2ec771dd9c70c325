/** Over plain HTTP (spec, "Plain HTTP Transport"): each message is a request, one at a time, and the answer is the server's. */
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { promisify } from 'node:util'
import { createGunzip, gzip } from 'node:zlib'
import { encodeAgentToServer } from '#codecs/opamp/agent-to-server.ts'
import { MESSAGE_BYTES_MAX } from '#codecs/opamp/constants.ts'
import type { AgentToServer } from '#codecs/opamp/messages.ts'
import { decodeServerToAgent } from '#codecs/opamp/server-to-agent.ts'
import { Backoff } from '#std/backoff.ts'
import type { Timer } from '#std/clock.ts'
import { isEncrypted, revealed, tlsOptions } from './connection.ts'
import { retryAfterMs } from './retry-after.ts'
import {
  ANSWER_MS,
  CLOSE_MS,
  type Failure,
  RETRY_BASE_MS,
  RETRY_CAP_MS,
  type Transport,
  type TransportHandler,
} from './transport.ts'
import type { NetworkOptions } from './websocket.ts'

/** Smaller bodies do not get much smaller. */
const GZIP_BYTES_MIN = 1024
const compress = promisify(gzip)

interface Answer {
  status: number
  headers: IncomingMessage['headers']
  body: Buffer
}

export class PollingTransport implements Transport {
  readonly kind = 'polling'
  readonly #options: NetworkOptions
  readonly #backoff: Backoff
  #handler: TransportHandler | undefined
  #underWay: Promise<void> | undefined
  /** Runs while the server is left alone. */
  #retry: Timer | undefined

  constructor(options: NetworkOptions) {
    this.#options = options
    this.#backoff = new Backoff(RETRY_BASE_MS, RETRY_CAP_MS, options.random)
  }

  get writable(): boolean {
    return this.#handler !== undefined && this.#underWay === undefined && this.#retry === undefined
  }

  start(handler: TransportHandler): void {
    this.#handler = handler
    queueMicrotask(() => this.#handler?.opened())
  }

  send(message: AgentToServer): void {
    const bytes = encodeAgentToServer(message)
    if (bytes.length > MESSAGE_BYTES_MAX) {
      this.#options.log.error({ bytes: bytes.length }, 'an opamp message is too large to be sent; it is left out')
      return
    }
    this.#underWay = this.#exchange(bytes).finally(() => {
      this.#underWay = undefined
      if (this.writable) this.#handler?.drained()
    })
  }

  async close(farewell: AgentToServer): Promise<void> {
    const { writable } = this
    const pending = this.#underWay
    this.#handler = undefined
    this.#retry?.cancel()
    if (!writable && pending === undefined) return
    const limit = AbortSignal.timeout(CLOSE_MS)
    const over = new Promise<void>((resolve) => limit.addEventListener('abort', () => resolve(), { once: true }))
    await Promise.race([pending, over])
    if (!limit.aborted) await this.#post(encodeAgentToServer(farewell), limit).catch(() => undefined)
  }

  async #exchange(bytes: Uint8Array): Promise<void> {
    try {
      this.#settle(await this.#post(bytes, AbortSignal.timeout(ANSWER_MS)))
    } catch (error) {
      this.#failed({ reason: error instanceof Error ? error.message : String(error), last: 'unknown' }, 0)
    }
  }

  #settle({ status, headers, body }: Answer): void {
    if (status !== 200) {
      const { clock, random } = this.#options
      const last = status === 400 || status === 413 ? 'refused' : 'unsent'
      const wait = retryAfterMs(headers['retry-after'], clock.wall(), random)
      this.#failed({ reason: `the server answered with status ${status}`, last }, wait)
      return
    }
    const decoded = decodeServerToAgent(body)
    if (!decoded.ok) {
      this.#failed({ reason: `the server's answer is ${decoded.error.code}`, last: 'unknown' }, 0)
      return
    }
    this.#backoff.reset()
    this.#handler?.received(decoded.message)
  }

  #failed(failure: Failure, wait: number): void {
    if (this.#handler === undefined) return
    this.#handler.lost(failure)
    if (this.#handler === undefined) return
    this.#retry = this.#options.clock.after(Math.max(wait, this.#backoff.next()), () => {
      this.#retry = undefined
      this.#handler?.opened()
    })
  }

  /** Rejects when there is no answer, or one that is too large. */
  async #post(bytes: Uint8Array, signal: AbortSignal): Promise<Answer> {
    const { connection, uid } = this.#options
    const isGzip = bytes.length >= GZIP_BYTES_MIN
    const body = isGzip ? await compress(bytes) : bytes
    const send = isEncrypted(connection.endpoint) ? httpsRequest : httpRequest
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const request = send(connection.endpoint, {
      ...tlsOptions(connection.tls),
      method: 'POST',
      signal,
      headers: {
        ...revealed(connection.headers),
        'content-type': 'application/x-protobuf',
        'content-length': body.length,
        'accept-encoding': 'gzip',
        ...(isGzip && { 'content-encoding': 'gzip' }),
        'OpAMP-Instance-UID': uid(),
      },
    })
    request.on('response', resolve).on('error', reject).end(body)
    const response = await promise
    return { status: response.statusCode ?? 0, headers: response.headers, body: await bodyOf(response) }
  }
}

async function bodyOf(response: IncomingMessage): Promise<Buffer> {
  const isGzip = response.headers['content-encoding'] === 'gzip'
  const stream = isGzip ? response.pipe(createGunzip()) : response
  // What ends the response early must end what reads it.
  if (stream !== response) response.on('error', (error) => stream.destroy(error))
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > MESSAGE_BYTES_MAX) {
      response.destroy()
      throw new Error(`the server's answer has more than ${MESSAGE_BYTES_MAX} bytes`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
