/**
 * `nats` pulls messages of a NATS JetStream stream, with a durable consumer of its own or one that is there.
 *
 * A message is acknowledged when it has been taken, and by a durable source when it is safe; as long as that takes, the
 * server is told that it is being worked on. What is not acknowledged comes again. When the intake is full nothing more
 * is pulled.
 */
import { readFileSync } from 'node:fs'
import type { Consumer, ConsumerMessages, JsMsg } from '@nats-io/jetstream'
import { z } from 'zod'
import { Secret } from '#component/secret.ts'
import { defineSource, type Source, type SourceContext } from '#component/source.ts'
import { StreamgateError } from '#contract/error.ts'
import { roomIn } from '#listeners/acceptance.ts'
import { Backoff } from '#std/backoff.ts'
import { pause, type Timer } from '#std/clock.ts'
import { closeSession, openSession, type Session } from './connection.ts'
import { Payloads, payloadKinds } from './payloads.ts'

const secret = z
  .string()
  .regex(/^[^\r\n]{1,4096}$/, { error: 'must be one line', abort: true })
  .transform((text) => new Secret(text))
const file = z.string().min(1).optional()

const tls = z
  .strictObject({
    ca_file: file.describe("PEM of the authorities to trust instead of the system's."),
    cert_file: file.describe('PEM of the certificate that we show.'),
    key_file: file.describe('PEM of its key.'),
    server_name: z.string().min(1).optional().describe("Name to ask for and to check, instead of the server's host."),
    verify: z.boolean().default(true).describe('Whether the certificate of the other side is checked.'),
  })
  .refine((tls) => (tls.cert_file === undefined) === (tls.key_file === undefined), 'cert_file and key_file go together')

const config = z
  .strictObject({
    servers: z
      .array(
        z.string().regex(/^(nats|tls):\/\/[^\s/@?#]+$/, 'must be nats:// or tls:// with host and port, and no more'),
      )
      .min(1)
      .max(64)
      .describe('Servers of the cluster; one of them is taken. tls:// asks for TLS.'),
    stream: z
      .string()
      .regex(/^[^\s.*>/\\]{1,255}$/, 'must be the name of a stream')
      .describe('Stream to pull from.'),
    consumer: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,255}$/, 'must be letters, digits, dashes and underscores')
      .default('streamgate')
      .describe('Name of the durable consumer. It is made if it is not there; one that is there is used as it is.'),
    subjects: z
      .array(z.string().regex(/^[^\s]{1,255}$/, 'must be a subject, such as logs.> or logs.*.error'))
      .max(64)
      .default([])
      .describe('Subjects that the consumer takes, when it is made; all of the stream without any.'),
    deliver: z
      .enum(['all', 'new'])
      .default('all')
      .describe('Where the consumer begins, when it is made: with what the stream holds, or with what comes.'),
    payload: z
      .enum(payloadKinds)
      .default('record')
      .describe('What a message holds: one record, which may have newlines, or lines.'),
    user: z.string().min(1).max(255).optional().describe('User, with `password`.'),
    password: secret.optional().describe('Its password; best as a reference to the environment or a file.'),
    token: secret.optional().describe('Token, instead of a user.'),
    nkey_seed: secret.optional().describe('Seed of an nkey (SU…), instead of a user.'),
    credentials_file: file.describe('File of a JWT and its seed (.creds), instead of a user.'),
    tls: tls.optional().describe('Authorities, client certificate and server name for TLS.'),
    ack_wait_ms: z
      .int()
      .min(1000)
      .max(86_400_000)
      .default(30_000)
      .describe(
        'How long the server waits for a word of a message before it sends it again, when the consumer is made.',
      ),
    pull_messages_max: z.int().min(1).max(10_000).default(256).describe('Messages that one pull asks for.'),
    unacknowledged_max: z
      .int()
      .min(1)
      .max(100_000)
      .default(4096)
      .describe('Messages that may wait for their acknowledgement at once.'),
    connect_timeout_ms: z.int().min(1).max(600_000).default(5_000).describe('How long one server may take to connect.'),
    timeout_ms: z.int().min(1).max(600_000).default(10_000).describe('How long one answer of JetStream may take.'),
  })
  .refine(({ user, password }) => (user === undefined) === (password === undefined), 'user and password go together')
  .refine(
    ({ user, token, nkey_seed, credentials_file }) =>
      [user, token, nkey_seed, credentials_file].filter((way) => way !== undefined).length <= 1,
    'only one of user, token, nkey_seed and credentials_file',
  )

type Options = z.output<typeof config>

export const nats = defineSource({
  name: 'nats',
  summary: 'Messages of a NATS JetStream stream.',
  config,
  promising: true,
  create: (options, context) => new NatsSource(options, context),
})

/** All messages are of one origin, so that they keep their order. */
const ORIGIN = 0
/** How long a pull stands open when there is nothing. */
const PULL_EXPIRES_MS = 5_000
const BACKOFF_BASE_MS = 100
const BACKOFF_CAP_MS = 30_000
/** At `stop`, what was taken has this long to become safe. */
const STOP_WAIT_MS = 1_000
/** Messages are said to be worked on so many times in the time that the server waits. */
const WORKING_PER_WAIT = 3
/** What could not be kept safe is asked for again after this. */
const AGAIN_MS = 1_000
const MESSAGE_CHARACTERS_MAX = 200

class NatsSource implements Source {
  readonly #options: Options
  readonly #context: SourceContext
  readonly #payloads: Payloads
  readonly #backoff = new Backoff(BACKOFF_BASE_MS, BACKOFF_CAP_MS)
  readonly #stopping = new AbortController()
  /** Came, and not taken yet. */
  #queue: JsMsg[] = []
  /** Came, and not acknowledged yet. */
  readonly #open = new Set<JsMsg>()
  #pulling: ConsumerMessages | undefined
  #handing: Promise<void> | undefined
  #settled: (() => void)[] = []
  #running: Promise<void> | undefined

  constructor(options: Options, context: SourceContext) {
    this.#options = options
    this.#context = context
    const { intake } = context
    this.#payloads = new Payloads(options.payload, async (framing, bytes, to) => {
      while (!intake.put({ origin: ORIGIN, framing }, null, bytes, 0, to)) await roomIn(intake)
    })
  }

  /** A server that is not there is waited for. */
  async start(): Promise<void> {
    const { credentials_file, tls } = this.#options
    for (const name of [credentials_file, tls?.ca_file, tls?.cert_file, tls?.key_file]) mustBeReadable(name)
    this.#running ??= this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#pulling?.stop()
    this.#wake()
    await this.#running
  }

  address(): string {
    const { servers, stream, consumer } = this.#options
    return `${servers[0]}/${stream}/${consumer}`
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    const { clock, log, id } = this.#context
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        await this.#consume(await openSession(`streamgate ${id}`, this.#options))
        if (!signal.aborted) log.warn({ source: id }, 'the connection to NATS has ended; another one is made')
      } catch (error) {
        if (signal.aborted) return
        log.warn({ source: id, reason: reasonOf(error) }, 'cannot pull from NATS; it is tried again')
      }
      await pause(clock, this.#backoff.next(), signal)
    }
  }

  /** Pulls until it is stopped, or the connection breaks. */
  async #consume(session: Session): Promise<void> {
    const { connection, consumer } = session
    const { clock } = this.#context
    const working = this.#keepWorking(session.ackWaitMs / WORKING_PER_WAIT)
    this.#context.gauge('connections', 1)
    try {
      while (!this.#stopping.signal.aborted && !connection.isClosed()) {
        await this.#roomForMore()
        const { pull_messages_max, unacknowledged_max } = this.#options
        const most = Math.min(pull_messages_max, unacknowledged_max - this.#open.size)
        // Neither a pull nor its messages always end with their connection.
        await Promise.race([this.#pull(consumer, most), connection.closed()])
        await this.#handing
        this.#backoff.reset()
      }
      if (this.#stopping.signal.aborted) await this.#settleAll()
    } finally {
      this.#pulling = undefined
      working.cancel()
      await this.#handing
      this.#open.clear()
      this.#context.gauge('connections', 0)
      await closeSession(session, clock)
    }
  }

  async #pull(consumer: Consumer, most: number): Promise<void> {
    const messages = await consumer.fetch({ max_messages: most, expires: PULL_EXPIRES_MS })
    this.#pulling = messages
    if (this.#stopping.signal.aborted) messages.stop()
    for await (const message of messages) this.#take(message)
  }

  async #roomForMore(): Promise<void> {
    const { signal } = this.#stopping
    while (this.#open.size >= this.#options.unacknowledged_max && !signal.aborted) await this.#oneSettled()
  }

  #take(message: JsMsg): void {
    this.#open.add(message)
    if (message.data.length >= this.#context.intake.entryBytesMax) {
      this.#context.reject('body_too_large', 1, message.data.length)
      // It would come for ever. Servers before 2.11 know no reasons.
      this.#settle([message], (each) => each.term())
      return
    }
    this.#queue.push(message)
    // Those that come in one go become one entry.
    this.#handing ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => this.#handOver())
  }

  /** Hands over what has come, however long there is no room. */
  async #handOver(): Promise<void> {
    while (this.#queue.length > 0) {
      const messages = this.#queue
      this.#queue = []
      const { durable, intake } = this.#context
      const isEmpty = messages.every(({ data }) => data.length === 0)
      const receipt = durable && !isEmpty ? intake.follow(ORIGIN) : undefined
      for (const message of messages) await this.#payloads.add(message.data)
      await this.#payloads.end()
      if (receipt === undefined) this.#settle(messages, (each) => each.ack())
      else {
        const finish = (safe: boolean) => this.#settle(messages, (each) => (safe ? each.ack() : each.nak(AGAIN_MS)))
        void receipt.safe().then(finish)
      }
    }
    this.#handing = undefined
  }

  /** `say` fails where the connection has gone: then it comes again. */
  #settle(messages: readonly JsMsg[], say: (message: JsMsg) => void): void {
    for (const message of messages) {
      if (!this.#open.delete(message)) continue
      try {
        say(message)
      } catch {
        break
      }
    }
    this.#wake()
  }

  #oneSettled(): Promise<void> {
    return new Promise((resolve) => this.#settled.push(resolve))
  }

  #wake(): void {
    for (const settled of this.#settled.splice(0)) settled()
  }

  /** Tells the server now and then that what it waits for is being worked on. */
  #keepWorking(everyMs: number): Timer {
    let timer: Timer
    const tell = () => {
      try {
        for (const message of this.#open) message.working()
      } catch {
        // The connection has gone.
      }
      timer = this.#context.clock.after(everyMs, tell)
    }
    timer = this.#context.clock.after(everyMs, tell)
    return { cancel: () => timer.cancel() }
  }

  /** What has been taken is waited for, but not for ever: it will come again. */
  async #settleAll(): Promise<void> {
    let late = false
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = this.#context.clock.after(STOP_WAIT_MS, () => {
      late = true
      resolve()
    })
    while (this.#open.size > 0 && !late) {
      await Promise.race([promise, this.#oneSettled()])
    }
    timer.cancel()
  }
}

function mustBeReadable(name: string | undefined): void {
  if (name === undefined) return
  try {
    readFileSync(name)
  } catch (cause) {
    throw new StreamgateError('SG_CONFIG_REFERENCE', `the file ${name} cannot be read`, { cause })
  }
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : 'the connection failed'
  return text.slice(0, MESSAGE_CHARACTERS_MAX)
}
