/**
 * `syslog` takes messages of RFC 5424 and RFC 3164 over TCP (RFC 6587), TLS (RFC 5425) and UDP (RFC 5426).
 *
 * They go on byte for byte; what stands in them is found by rules and encoders, in engine threads (`codecs/syslog`).
 */
import { z } from 'zod'
import { zoneNamed } from '#codecs/syslog/zone.ts'
import { defineSource, type Source, type SourceContext } from '#component/source.ts'
import { ByteBudget } from '#listeners/byte-budget.ts'
import { TcpListener, tcpListenerOptions } from '#listeners/tcp-listener.ts'
import { allocate } from '#std/bytes.ts'
import { DatagramSource, receiveBufferOption } from '../datagram-source.ts'
import { lineTooLongPolicies } from '../line-framing.ts'
import { SyslogEntries } from './entries.ts'
import { framings, type MessageLimits, SyslogFraming } from './framing.ts'

/** What every receiver must take (RFC 5424, section 6.1). */
const MESSAGE_BYTES_MIN = 480
const ZONE_NAME_MAX = 64

const config = z
  .strictObject({
    ...tcpListenerOptions('0.0.0.0:8514'),
    protocol: z.enum(['tcp', 'udp']).default('tcp').describe('What carries the messages; with tls, tcp.'),
    framing: z
      .enum(framings)
      .default('auto')
      .describe('How messages are told apart over TCP: by their length in front, by line ends, or as each one begins.'),
    message_bytes_max: z
      .number()
      .int()
      .min(MESSAGE_BYTES_MIN)
      .default(64 * 1024)
      .describe('Longest message in bytes.'),
    line_too_long: z
      .enum(lineTooLongPolicies)
      .default('cut')
      .describe(
        'What becomes of longer lines: cut, or dropped and counted. Longer messages with a length are dropped.',
      ),
    time_zone: z
      .string()
      .max(ZONE_NAME_MAX)
      .refine((name) => zoneNamed(name) !== undefined, { error: 'must be a time zone such as Europe/Berlin or +02:00' })
      .default('UTC')
      .describe('Zone of times that name none, as those of RFC 3164 do.'),
    unfinished_bytes_max: z
      .number()
      .int()
      .min(1024)
      .default(64 * 1024 * 1024)
      .describe('Memory for the unfinished messages of all connections together; beyond it, they count as too long.'),
    receive_buffer_bytes: receiveBufferOption,
  })
  .refine(({ protocol, tls }) => protocol === 'tcp' || tls === undefined, {
    error: 'goes with protocol tcp only',
    path: ['tls'],
  })
  .refine(({ protocol, framing }) => protocol === 'tcp' || framing === 'auto', {
    error: 'is for streams; a datagram is a message',
    path: ['framing'],
  })
type Options = z.output<typeof config>

/** Messages with a length are gathered in memory of this size, which all connections share. */
const GATHERED_BYTES = 256 * 1024

export const syslog = defineSource({
  name: 'syslog',
  summary: 'Syslog messages over TCP, TLS or UDP (RFC 5424, RFC 3164).',
  config,
  create: (options, context) => (options.protocol === 'udp' ? overDatagrams : overStreams)(options, context),
})

function overDatagrams(options: Options, context: SourceContext): Source {
  return new DatagramSource(options, context, new SyslogEntries(context.intake, 0, options.time_zone))
}

function overStreams(options: Options, context: SourceContext): Source {
  const { intake } = context
  const limits = limitsOf(options, context)
  return new TcpListener(context, options, (peer) => {
    const entries = new SyslogEntries(intake, peer.origin, options.time_zone)
    return new SyslogFraming(entries, limits, () => peer.close())
  })
}

function limitsOf(options: Options, context: SourceContext): MessageLimits {
  const { entryBytesMax } = new SyslogEntries(context.intake, 0, options.time_zone)
  const messageBytesMax = Math.min(options.message_bytes_max, entryBytesMax - 1)
  if (messageBytesMax < options.message_bytes_max) {
    context.log.warn({ source: context.id, message_bytes_max: messageBytesMax }, 'messages are limited by the intake')
  }
  return {
    framing: options.framing,
    messageBytesMax,
    tooLong: options.line_too_long,
    budget: new ByteBudget(options.unfinished_bytes_max),
    gathered: allocate(Math.min(GATHERED_BYTES, entryBytesMax)),
    dropped: (bytes) => context.reject('line_too_long', 1, bytes),
    malformed: (bytes) => context.reject('malformed', 1, bytes),
  }
}
