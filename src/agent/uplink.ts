/** The one way to the server that is in use. What is heard of another, which is being closed, is not for the agent. */
import type { AgentToServer } from '#codecs/opamp/messages.ts'
import type { Logger } from '#observe/log.ts'
import type { Clock } from '#std/clock.ts'
import type { Connection } from './connection.ts'
import { type MemoryConnect, MemoryTransport } from './memory.ts'
import { PollingTransport } from './polling.ts'
import type { Transport, TransportHandler } from './transport.ts'
import { WebSocketTransport } from './websocket.ts'

export interface UplinkOptions {
  handler: TransportHandler
  /** Sent as `OpAMP-Instance-UID`. */
  uid: () => string
  clock: Clock
  random: () => number
  log: Logger
}

export class Uplink {
  readonly #options: UplinkOptions
  #transport: Transport | undefined
  /** Counts up with each way that is asked for: only the newest is taken. */
  #turn = 0

  constructor(options: UplinkOptions) {
    this.#options = options
  }

  get writable(): boolean {
    return this.#transport?.writable === true
  }

  /** The server speaks only when it is spoken to. */
  get isPolling(): boolean {
    return this.#transport?.kind === 'polling'
  }

  send(message: AgentToServer): void {
    this.#transport?.send(message)
  }

  /** Ends the way that is in use, with `farewell`, and takes another. */
  async use(to: Connection | MemoryConnect, farewell: () => AgentToServer): Promise<void> {
    const turn = ++this.#turn
    await this.#end(farewell)
    if (turn !== this.#turn) return
    const transport = this.#make(to)
    this.#transport = transport
    const { handler } = this.#options
    const current = (act: () => void) => {
      if (this.#transport === transport) act()
    }
    transport.start({
      opened: () => current(() => handler.opened()),
      received: (message) => current(() => handler.received(message)),
      drained: () => current(() => handler.drained()),
      lost: (failure) => current(() => handler.lost(failure)),
    })
  }

  async close(farewell: () => AgentToServer): Promise<void> {
    this.#turn++
    await this.#end(farewell)
  }

  async #end(farewell: () => AgentToServer): Promise<void> {
    const transport = this.#transport
    this.#transport = undefined
    await transport?.close(farewell())
  }

  #make(to: Connection | MemoryConnect): Transport {
    const { uid, clock, random, log } = this.#options
    if (typeof to === 'function') return new MemoryTransport(to, clock, random)
    const options = { connection: to, uid, clock, random, log }
    return to.endpoint.startsWith('ws') ? new WebSocketTransport(options) : new PollingTransport(options)
  }
}
