/**
 * `fluent_forward` takes events of Fluent Bit, Fluentd and their loggers: the Forward protocol v1 over TCP, plain or
 * with TLS, with a shared key if one is set. What a sender wants acknowledged is acknowledged when it has been taken,
 * and by a durable source when it is safe.
 */
import { z } from 'zod'
import { TAG_FIELD_PATTERN } from '#codecs/fluent/fluent.ts'
import { Secret } from '#component/secret.ts'
import { defineSource, type Source, type SourceContext } from '#component/source.ts'
import { ByteBudget } from '#listeners/byte-budget.ts'
import { Refusals } from '#listeners/refusals.ts'
import { TcpListener, tcpListenerOptions } from '#listeners/tcp-listener.ts'
import { ForwardConnection, type ForwardSettings } from './connection.ts'

const MIB = 1024 * 1024
const USERS_MAX = 1000
/** Messages are told apart in the log, up to this many. */
const DETAILS_MAX = 32

const bytes = (standard: number) => z.int().min(1024).max(Number.MAX_SAFE_INTEGER).default(standard)
const secret = z
  .string()
  .min(1)
  .max(1024)
  .transform((text) => new Secret(text))

const config = z
  .strictObject({
    ...tcpListenerOptions('0.0.0.0:24224'),
    shared_key: secret
      .optional()
      .describe('Key that senders must know (shared_key of Fluentd, Shared_Key of Fluent Bit).'),
    self_hostname: z
      .string()
      .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 characters of ASCII, without spaces')
      .default('streamgate')
      .describe('What we call ourselves when keys are shown; not what the sender calls itself.'),
    users: z
      .array(z.strictObject({ name: z.string().min(1).max(255), password: secret }))
      .max(USERS_MAX)
      .default([])
      .describe('Users of whom senders must be one, beside knowing the key.'),
    handshake_timeout_ms: z
      .int()
      .min(1)
      .max(0x7fff_ffff)
      .default(10_000)
      .describe('With a shared key: how long a sender may take to show that it knows it.'),
    tag_field: z
      .string()
      .regex(TAG_FIELD_PATTERN, 'must be a name of letters, digits, and . _ @ -')
      .default('fluent_tag')
      .describe('Field that the tag becomes, in records that do not have it.'),
    message_bytes_max: bytes(64 * MIB).describe('Largest message as sent.'),
    decompressed_bytes_max: bytes(64 * MIB).describe('Most that the events of one compressed message may become.'),
    buffered_bytes_max: bytes(256 * MIB).describe('Memory for all messages that are being received or decompressed.'),
  })
  .refine(({ users, shared_key: key }) => users.length === 0 || key !== undefined, {
    error: 'users need a shared_key too',
    path: ['shared_key'],
  })
type Options = z.output<typeof config>

export const fluentForward = defineSource({
  name: 'fluent_forward',
  summary: 'Events of Fluent Bit, Fluentd and their loggers.',
  config,
  promising: true,
  create: (options, context) => new FluentForwardSource(options, context),
})

class FluentForwardSource implements Source {
  readonly #listener: TcpListener
  readonly #connections = new Set<ForwardConnection>()

  constructor(options: Options, context: SourceContext) {
    const settings = settingsOf(options, context)
    this.#listener = new TcpListener(context, options, (peer) => {
      const connection = new ForwardConnection(settings, peer, (gone) => this.#connections.delete(gone))
      this.#connections.add(connection)
      return connection
    })
  }

  start(): Promise<void> {
    return this.#listener.start()
  }

  async stop(): Promise<void> {
    await this.#listener.stop()
    // A connection that went away may still have something to hand over.
    await Promise.all([...this.#connections].map((connection) => connection.idle()))
  }

  address(): string {
    return this.#listener.address()
  }
}

function settingsOf(options: Options, context: SourceContext): ForwardSettings {
  const { shared_key: key, users, self_hostname: hostname } = options
  const refusals = new Map<string, Refusals>()
  return {
    context,
    messageBytesMax: options.message_bytes_max,
    decompressedBytesMax: options.decompressed_bytes_max,
    budget: new ByteBudget(options.buffered_bytes_max),
    tagField: options.tag_field,
    handshake:
      key === undefined
        ? undefined
        : { key, hostname, users: new Map(users.map(({ name, password }) => [name, password])) },
    handshakeTimeoutMs: options.handshake_timeout_ms,
    refused(detail) {
      let refusal = refusals.get(detail)
      if (refusal === undefined && refusals.size < DETAILS_MAX) {
        refusal = new Refusals(context, { source: context.id, detail }, 'refused what a sender of events has sent')
        refusals.set(detail, refusal)
      }
      refusal?.add()
    },
  }
}
