/** The decoders of entries that are syslog messages: lines, and one message that may hold newlines. */
import { linesDecoder, recordDecoder } from '#codecs/framing/decoders.ts'
import { type Bytes, fromText, latin1 } from '#std/bytes.ts'
import type { Decoder, DecoderDefinition } from '#telemetry/decoder.ts'
import { SyslogFormat, syslogFormat } from './format.ts'
import { zoneNamed } from './zone.ts'

/** Complete lines, each a message. */
export const syslogLines: DecoderDefinition = {
  name: 'syslog_lines',
  format: syslogFormat,
  linewise: true,
  create: () => linesDecoder,
}

/** One message. */
export const syslogRecord: DecoderDefinition = {
  name: 'syslog_record',
  format: syslogFormat,
  create: () => recordDecoder,
}

/**
 * Lines or one message, with the zone of times that name none in front:
 *
 *   kind: 0 lines, 1 one message │ length of the name │ name of the zone, ASCII │ the messages …
 */
export const syslogZoned: DecoderDefinition = {
  name: 'syslog_zoned',
  format: syslogFormat,
  create: () => zonedDecoder,
}

export type ZonedKind = 0 | 1

/** What stands in front of the messages. `zone` has at most 255 characters. */
export function zonedHead(kind: ZonedKind, zone: string): Bytes {
  const name = fromText(zone)
  const head = fromText(`  ${zone}`)
  head[0] = kind
  head[1] = name.length
  return head
}

const zonedDecoder: Decoder = {
  decode(entry, at, block, recordsMax) {
    const { bytes, from, to } = entry
    const body = bodyOf(bytes, from, to)
    const decoder = bytes[from] === 1 ? recordDecoder : linesDecoder
    const decoded = decoder.decode({ bytes, from: body, to }, Math.max(at, body), block, recordsMax)
    block.context = { ...block.context, format: formatOf(bytes, from, body) }
    return decoded
  },
  count({ bytes, from, to }, at) {
    const body = bodyOf(bytes, from, to)
    const decoder = bytes[from] === 1 ? recordDecoder : linesDecoder
    return decoder.count({ bytes, from: body, to }, Math.max(at, body))
  },
}

function bodyOf(bytes: Bytes, from: number, to: number): number {
  return to - from < 2 ? to : Math.min(to, from + 2 + bytes[from + 1]!)
}

/** One for each zone, so that rules keep what they know of it. Zones that nobody knows are UTC. */
const formats = new Map<string, SyslogFormat>()
const FORMATS_MAX = 64

function formatOf(bytes: Bytes, from: number, body: number): SyslogFormat {
  const name = latin1(bytes, Math.min(from + 2, body), body)
  let format = formats.get(name)
  if (format === undefined) {
    const zone = zoneNamed(name)
    format = zone === undefined ? syslogFormat : new SyslogFormat(zone)
    if (formats.size < FORMATS_MAX) formats.set(name, format)
  }
  return format
}
