/** A connection to a NATS cluster with one durable consumer of one stream; when it breaks, another is made. */
import type { Consumer } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { authenticatorOf, type NatsLogin, natsTlsOf } from '#component/nats-login.ts'
import type { Clock } from '#std/clock.ts'

export interface NatsSettings extends NatsLogin {
  servers: readonly string[]
  connect_timeout_ms: number
  timeout_ms: number
  stream: string
  consumer: string
  subjects: readonly string[]
  deliver: 'all' | 'new'
  ack_wait_ms: number
  unacknowledged_max: number
}

export interface Session {
  connection: NatsConnection
  consumer: Consumer
  /** Of the consumer, which may have been made by somebody else. */
  ackWaitMs: number
}

/** A server that says nothing for twice as long is gone. */
const PING_INTERVAL_MS = 15_000
const PINGS_OUT_MAX = 2
const CLOSE_MS = 1_000
const NANOS_PER_MS = 1_000_000
/** The server's own, where a consumer names none. */
const ACK_WAIT_MS = 30_000

/** Rejects when no server takes us, or the stream is not there. */
export async function openSession(name: string, settings: NatsSettings): Promise<Session> {
  const [core, js] = await Promise.all([import('@nats-io/transport-node'), import('@nats-io/jetstream')])
  const { servers, tls, connect_timeout_ms: timeout } = settings
  const secure = tls !== undefined || servers.some((server) => server.startsWith('tls://'))
  const authenticator = await authenticatorOf(core, settings)
  const connection = await core.connect({
    servers: [...servers],
    name,
    timeout,
    // Reconnecting is a new session: what was being pulled is pulled anew.
    reconnect: false,
    noAsyncTraces: true,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: PINGS_OUT_MAX,
    ...(authenticator === undefined ? {} : { authenticator }),
    ...(secure ? { tls: natsTlsOf(tls) } : {}),
  })
  try {
    return await consumerOf(js, connection, settings)
  } catch (error) {
    await connection.close()
    throw error
  }
}

/** What was said last goes out, if the server still takes it. Never rejects. */
export async function closeSession({ connection }: Session, clock: Clock): Promise<void> {
  if (connection.isClosed()) return
  const { promise: late, resolve } = Promise.withResolvers<void>()
  const timer = clock.after(CLOSE_MS, resolve)
  await Promise.race([connection.drain().catch(() => undefined), late])
  timer.cancel()
  await connection.close()
}

async function consumerOf(
  js: typeof import('@nats-io/jetstream'),
  connection: NatsConnection,
  { stream, consumer: name, subjects, deliver, ack_wait_ms, unacknowledged_max, timeout_ms }: NatsSettings,
): Promise<Session> {
  const manager = await js.jetstreamManager(connection, { timeout: timeout_ms })
  const wanted = {
    durable_name: name,
    ack_policy: js.AckPolicy.Explicit,
    deliver_policy: deliver === 'all' ? js.DeliverPolicy.All : js.DeliverPolicy.New,
    ack_wait: ack_wait_ms * NANOS_PER_MS,
    max_ack_pending: unacknowledged_max,
    // Servers before 2.10 know one only.
    ...(subjects.length === 1 ? { filter_subject: subjects[0]! } : {}),
    ...(subjects.length > 1 ? { filter_subjects: [...subjects] } : {}),
  }
  // One that is there is somebody's, or ours from before: it is used as it is.
  const info = await manager.consumers.info(stream, name).catch(() => manager.consumers.add(stream, wanted))
  const { ack_policy: policy, ack_wait: ackWait } = info.config
  if (policy !== js.AckPolicy.Explicit)
    throw new Error(`the consumer ${name} does not ask for each message's acknowledgement`)
  const consumer = await js.jetstream(connection, { timeout: timeout_ms }).consumers.get(stream, name)
  return { connection, consumer, ackWaitMs: ackWait === undefined ? ACK_WAIT_MS : ackWait / NANOS_PER_MS }
}
