/**
 * The connection to a NATS cluster: made when it is needed, and given up as soon as it breaks, so that nothing waits
 * in it.
 */
import type { JetStreamClient } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { authenticatorOf, type NatsLogin, natsTlsOf } from '#component/nats-login.ts'

export interface NatsSettings extends NatsLogin {
  servers: readonly string[]
  connect_timeout_ms: number
  timeout_ms: number
}

/** A server that says nothing for twice as long is gone. */
const PING_INTERVAL_MS = 15_000
const PINGS_OUT_MAX = 2
/** How long `close` lets what is written reach the server. */
const CLOSE_MS = 1_000

export interface Session {
  connection: NatsConnection
  stream: JetStreamClient
}

export class Connection {
  readonly #name: string
  readonly #settings: NatsSettings
  #session: Promise<Session> | undefined

  constructor(name: string, settings: NatsSettings) {
    this.#name = name
    this.#settings = settings
  }

  /** The session that is there, or a new one. Rejects when no server takes us. */
  get(): Promise<Session> {
    if (this.#session !== undefined) return this.#session
    const session = this.#open()
    this.#session = session
    const forget = () => this.#forget(session)
    session.then(({ connection }) => connection.closed().then(forget), forget)
    return session
  }

  /** It does not answer: the next `get` makes another. */
  async drop(session: Session): Promise<void> {
    this.#session = undefined
    await session.connection.close()
  }

  async close(): Promise<void> {
    const session = await this.#session?.catch(() => undefined)
    this.#session = undefined
    if (session === undefined || session.connection.isClosed()) return
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, CLOSE_MS)
    await Promise.race([session.connection.drain().catch(() => undefined), late])
    clearTimeout(timer)
    await session.connection.close()
  }

  #forget(session: Promise<Session>): void {
    if (this.#session === session) this.#session = undefined
  }

  async #open(): Promise<Session> {
    const [core, js] = await Promise.all([import('@nats-io/transport-node'), import('@nats-io/jetstream')])
    const { servers, tls, connect_timeout_ms: timeout } = this.#settings
    const secure = tls !== undefined || servers.some((server) => server.startsWith('tls://'))
    const authenticator = await authenticatorOf(core, this.#settings)
    const connection = await core.connect({
      servers: [...servers],
      name: this.#name,
      timeout,
      // Reconnecting is a new session: what waited in the old one is told at once that it did not go through.
      reconnect: false,
      noAsyncTraces: true,
      pingInterval: PING_INTERVAL_MS,
      maxPingOut: PINGS_OUT_MAX,
      ...(authenticator === undefined ? {} : { authenticator }),
      ...(secure ? { tls: natsTlsOf(tls) } : {}),
    })
    return { connection, stream: js.jetstream(connection, { timeout: this.#settings.timeout_ms }) }
  }
}
