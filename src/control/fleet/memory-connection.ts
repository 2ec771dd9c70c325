/** The way to the node in the same process: messages as objects, no bytes. */
import type { AgentToServer, ServerToAgent } from '#codecs/opamp/messages.ts'
import { openAgent } from './credentials.ts'
import type { Fleet } from './fleet.ts'
import type { AgentConnection } from './live.ts'

/** The node's end. */
export interface MemoryPeer {
  send(message: ServerToAgent): void
  /** It has to connect again. */
  closed(reason: string): void
}

/** What the node is given. */
export class MemoryConnection {
  readonly #fleet: Fleet
  readonly #peer: MemoryPeer
  readonly #connection: AgentConnection
  #isOpen = true

  constructor(fleet: Fleet, peer: MemoryPeer) {
    this.#fleet = fleet
    this.#peer = peer
    const isOpen = () => this.#isOpen
    this.#connection = {
      transport: 'memory',
      get isOpen() {
        return isOpen()
      },
      principal: openAgent,
      endpoint: undefined,
      send: (message) => this.#deliver(message),
      probe: async () => this.#isOpen,
      close: (reason) => {
        if (this.#isOpen) peer.closed(reason)
        this.close()
      },
    }
  }

  send(message: AgentToServer): void {
    this.#fleet.receive(this.#connection, message).then(
      (reply) => this.#deliver(reply),
      (error) => {
        this.#fleet.context.log.error({ error: String(error) }, 'the node in this process could not be answered')
      },
    )
  }

  close(): void {
    this.#isOpen = false
    this.#fleet.disconnected(this.#connection)
  }

  #deliver(message: ServerToAgent): void {
    if (this.#isOpen) this.#peer.send(message)
  }
}
