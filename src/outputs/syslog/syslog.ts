/**
 * `syslog` sends records as messages of RFC 5424 over TCP, TLS (RFC 5425) or UDP (RFC 5426).
 *
 * Nothing in syslog is answered: a batch counts as delivered when the kernel has taken it.
 */
import { z } from 'zod'
import { facilities } from '#codecs/syslog/names.ts'
import { HEADER_BYTES_MAX, type SyslogFraming } from '#codecs/syslog/syslog.ts'
import { type Batch, defineOutput, type Output, type SendResult } from '#component/output.ts'
import { tlsOptions } from '#upstreams/plan.ts'
import { readTls } from '#upstreams/tls.ts'
import { addressOption, splitAddress } from '../address.ts'
import { DatagramSender } from '../datagram-sender.ts'
import { connectionOptions, SocketConnection } from '../socket-connection.ts'
import { notRunning } from '../socket-writer.ts'

/** What receivers take as a rule: RFC 5424, section 6.1, for datagrams; syslog-ng's default for streams. */
const DATAGRAM_BYTES = 2_048
const STREAM_MESSAGE_BYTES = 65_536
/** What fits into a datagram of IPv4, and into a frame that we would send. */
const DATAGRAM_BYTES_MAX = 65_507
const STREAM_MESSAGE_BYTES_MAX = 16 * 1024 * 1024

/** PRINTUSASCII */
const printable = (lengthMax: number) =>
  z
    .string()
    .max(lengthMax)
    .regex(/^[!-~]+$/, 'must be printable ASCII without spaces')

const config = z
  .strictObject({
    address: addressOption('Where to send, as HOST:PORT.'),
    transport: z.enum(['tcp', 'tls', 'udp']).default('tcp').describe('What carries the messages.'),
    framing: z
      .enum(['octet_counting', 'newline'])
      .optional()
      .describe('How messages are told apart over TCP: by their length (the default), or by line ends.'),
    facility: z.enum(facilities).default('user').describe('Facility of all messages.'),
    app_name: printable(48).optional().describe('APP-NAME where a record names no service.'),
    hostname: printable(255).optional().describe('HOSTNAME where a record names no host.'),
    message: z
      .enum(['record', 'message'])
      .default('record')
      .describe('What MSG is: the whole record, or its message alone where it has one.'),
    structured_data_id: z
      .string()
      .max(32)
      .regex(/^[!#-<>?A-\\^-~]+@\d+(\.\d+)*$/, 'must be NAME@NUMBER, such as trace@32473')
      .optional()
      .describe('Puts trace and span id into structured data of this id; its number is your enterprise number.'),
    max_message_bytes: z
      .int()
      .min(HEADER_BYTES_MAX)
      .max(STREAM_MESSAGE_BYTES_MAX)
      .optional()
      .describe('How long a message may be, header included; 2048 over UDP and 65536 otherwise.'),
    too_long: z
      .enum(['cut', 'refuse'])
      .default('cut')
      .describe('What becomes of a longer one: it is cut and ends in an ellipsis, or it is kept as a dead letter.'),
    tls: tlsOptions.optional().describe('Authorities, client certificate and server name for transport tls.'),
    ...connectionOptions,
  })
  .refine(({ transport, framing }) => transport === 'tcp' || framing !== 'newline', {
    error: 'newline goes with transport tcp only',
    path: ['framing'],
  })
  .refine(({ transport, framing }) => transport !== 'udp' || framing === undefined, {
    error: 'is for streams; a datagram is a message',
    path: ['framing'],
  })
  .refine(({ transport, tls }) => transport === 'tls' || tls === undefined, {
    error: 'goes with transport tls only',
    path: ['tls'],
  })
  .refine((options) => options.transport !== 'udp' || (options.max_message_bytes ?? 0) <= DATAGRAM_BYTES_MAX, {
    error: `must be at most ${DATAGRAM_BYTES_MAX} over UDP`,
    path: ['max_message_bytes'],
  })

type Options = z.output<typeof config>

export const syslog = defineOutput({
  name: 'syslog',
  summary: 'Sends messages to a syslog server (RFC 5424).',
  // Not a stream: a datagram needs to know where a record ends, and one that fails must not send the others again.
  shape: 'request',
  config,
  encoder: (options) => ({
    name: 'syslog',
    options: {
      framing: framingOf(options),
      facility: facilities.indexOf(options.facility),
      hostname: options.hostname ?? '-',
      appName: options.app_name ?? '-',
      message: options.message,
      ...(options.structured_data_id === undefined ? {} : { structuredDataId: options.structured_data_id }),
      ...(options.too_long === 'cut' ? { messageBytesMax: messageBytesMax(options) } : {}),
    },
  }),
  batch: { maxRecords: 1_000, maxBytes: 256 * 1024, maxWaitMs: 200 },
  limits: (options) =>
    options.too_long === 'cut' ? {} : { recordBytes: messageBytesMax(options) + frameBytes(options) },
  create: (options) => new SyslogOutput(options),
})

function framingOf({ transport, framing }: Options): SyslogFraming {
  return transport === 'udp' ? 'datagram' : (framing ?? 'octet_counting')
}

function messageBytesMax({ transport, max_message_bytes }: Options): number {
  return max_message_bytes ?? (transport === 'udp' ? DATAGRAM_BYTES : STREAM_MESSAGE_BYTES)
}

/** What the frame of the longest message adds to it. */
function frameBytes(options: Options): number {
  const framing = framingOf(options)
  if (framing === 'octet_counting') return `${messageBytesMax(options)} `.length
  return framing === 'newline' ? 1 : 0
}

class SyslogOutput implements Output {
  readonly #options: Options
  #way: SocketConnection | DatagramSender | undefined

  constructor(options: Options) {
    this.#options = options
  }

  /** Rejects when a file of the TLS options cannot be read, or holds no certificate or key. */
  async start(): Promise<void> {
    const { address, transport, tls } = this.#options
    const { host, port } = splitAddress(address)
    if (transport === 'udp') {
      this.#way = new DatagramSender(host, port, this.#options.connect_timeout_ms)
      return
    }
    const secure = transport === 'tls' ? readTls(tls ?? { verify: true }) : undefined
    this.#way = new SocketConnection({
      host,
      port,
      connectTimeoutMs: this.#options.connect_timeout_ms,
      writeTimeoutMs: this.#options.write_timeout_ms,
      keepAliveMs: this.#options.keep_alive_ms,
      ...(secure === undefined ? {} : { tls: secure }),
    })
  }

  async stop(): Promise<void> {
    const way = this.#way
    this.#way = undefined
    await way?.stop()
  }

  async send(batch: Batch, signal: AbortSignal): Promise<SendResult> {
    if (this.#way === undefined) return notRunning
    return await (this.#way instanceof SocketConnection
      ? this.#way.send(batch.bytes, signal)
      : this.#way.send(batch, signal))
  }
}
