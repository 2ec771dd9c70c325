/** Gateways that are connected to this controller, by organisation and uid: not by socket, which several may share. */
import type { ServerToAgent } from '#codecs/opamp/messages.ts'
import type { Secret } from '#std/secret.ts'
import type { AgentPrincipal } from './credentials.ts'
import type { Attempt, Gateway, Transport } from './gateway.ts'
import { keyOf } from './gateway-store.ts'
import { type Conversation, newConversation } from './situation.ts'

/** A way to an agent, or, behind a proxy, to several. Of plain HTTP each request is one. */
export interface AgentConnection {
  readonly transport: Transport
  readonly principal: AgentPrincipal
  /** Where agents reach this controller; undefined when that is not known, or there is no such place. */
  readonly endpoint: string | undefined
  /** False once either side has closed it: what still comes is not heard. */
  readonly isOpen: boolean
  /** Does nothing over plain HTTP: its agents ask. */
  send(message: ServerToAgent): void
  /** Whether somebody is there still. */
  probe(): Promise<boolean>
  close(reason: string): void
}

export class LiveGateway {
  gateway: Gateway
  attempts: ReadonlyMap<string, Attempt>
  conversation: Conversation = newConversation()
  /** Undefined over plain HTTP. */
  connection: AgentConnection | undefined
  /** As its newest connection said. */
  endpoint: string | undefined
  /** JSON, for the first time that it is stored. */
  readonly labels: string
  /** Its own; made when it is needed. */
  credential: Secret | undefined
  /** False once it was taken out: what still comes begins anew. */
  isLive = true
  /** What is under way for it; all that happens to it does so one after the other. */
  #queue: Promise<unknown> = Promise.resolve()

  constructor(gateway: Gateway, attempts: ReadonlyMap<string, Attempt>, labels: string) {
    this.gateway = gateway
    this.attempts = attempts
    this.labels = labels
  }

  get key(): string {
    return keyOf(this.gateway)
  }

  /** Runs `work` when everything before it is done. */
  enqueue<T>(work: () => T | Promise<T>): Promise<T> {
    const result = this.#queue.then(work)
    this.#queue = result.catch(() => undefined)
    return result
  }

  attach(connection: AgentConnection): void {
    const { transport } = connection
    const isNew = transport === 'http' ? this.gateway.transport !== 'http' : this.connection !== connection
    this.endpoint = connection.endpoint
    if (!isNew && this.gateway.connectedAt !== null) return
    this.conversation = newConversation()
    this.connection = transport === 'http' ? undefined : connection
    this.gateway = { ...this.gateway, transport }
  }
}
