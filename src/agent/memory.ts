/** To a controller in the same process: messages as they are, no bytes. */
import type { AgentToServer, ServerToAgent } from '#codecs/opamp/messages.ts'
import { Backoff } from '#std/backoff.ts'
import type { Clock, Timer } from '#std/clock.ts'
import { RETRY_BASE_MS, RETRY_CAP_MS, type Transport, type TransportHandler } from './transport.ts'

/** What the controller gives. Whoever is given a message does not change it. */
export type MemoryConnect = (agent: MemoryPeer) => MemoryConnection
export interface MemoryConnection {
  send(message: AgentToServer): void
  close(): void
}
export interface MemoryPeer {
  send(message: ServerToAgent): void
  /** The controller has closed; the agent comes again. */
  closed(reason: string): void
}

export class MemoryTransport implements Transport {
  readonly kind = 'memory'
  readonly #connect: MemoryConnect
  readonly #clock: Clock
  readonly #backoff: Backoff
  #connection: MemoryConnection | undefined
  #handler: TransportHandler | undefined
  #retry: Timer | undefined

  constructor(connect: MemoryConnect, clock: Clock, random: () => number) {
    this.#connect = connect
    this.#clock = clock
    this.#backoff = new Backoff(RETRY_BASE_MS, RETRY_CAP_MS, random)
  }

  get writable(): boolean {
    return this.#connection !== undefined
  }

  start(handler: TransportHandler): void {
    this.#handler = handler
    this.#open()
  }

  send(message: AgentToServer): void {
    this.#connection?.send(message)
  }

  async close(farewell: AgentToServer): Promise<void> {
    this.#handler = undefined
    this.#retry?.cancel()
    this.#connection?.send(farewell)
    this.#connection?.close()
    this.#connection = undefined
  }

  #open(): void {
    if (this.#handler === undefined) return
    let isOpen = true
    // Both sides answer at once: without turns in between, one would stand on the other's stack.
    const later = (act: (handler: TransportHandler) => void) =>
      queueMicrotask(() => {
        if (isOpen && this.#handler !== undefined) act(this.#handler)
      })
    const peer: MemoryPeer = {
      send: (message) =>
        later((handler) => {
          this.#backoff.reset()
          handler.received(message)
        }),
      closed: (reason) =>
        later((handler) => {
          isOpen = false
          this.#connection = undefined
          handler.lost({ reason, last: 'unknown' })
          this.#openLater()
        }),
    }
    try {
      this.#connection = this.#connect(peer)
      later((handler) => handler.opened())
    } catch (error) {
      isOpen = false
      this.#handler.lost({ reason: error instanceof Error ? error.message : String(error), last: 'unsent' })
      this.#openLater()
    }
  }

  #openLater(): void {
    this.#retry = this.#clock.after(this.#backoff.next(), () => this.#open())
  }
}
