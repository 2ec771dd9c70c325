/**
 * DogStatsD's events and service checks (docs.datadoghq.com/extend/dogstatsd/datagram_shell), which are logs:
 *
 *   event = "_e{" title-bytes "," text-bytes "}:" title "|" text *( "|" field )
 *   field = "d:" seconds / "h:" host / "k:" key / "p:" priority / "s:" source / "t:" alert-type / "#" tags
 *   check = "_sc|" name "|" status *( "|" field )        status 0 ok, 1 warning, 2 critical, 3 unknown
 *   field = "d:" seconds / "h:" host / "#" tags / "m:" message, which is the last and may hold anything
 *
 * In texts a newline stands as `\n`, and in messages a pipe may stand after an escaped `m\:`.
 *
 * Each becomes a JSON object with the names that `codecs/event` knows: message, timestamp, level, service (of a tag of
 * that name), host; beside them `kind` ("event", "service_check"), and what else the line says under DogStatsD's own
 * names.
 */
import type { JsonLinesWriter } from '#codecs/json/lines-writer.ts'
import { type Bytes, fromLatin1, indexOfByte, latin1 } from '#std/bytes.ts'
import { NumberReader } from './number.ts'

const PIPE = 0x7c
const COMMA = 0x2c
const CLOSE_BRACE = 0x7d
const COLON = 0x3a
/** `_e{` and `_sc|`. */
const EVENT_HEAD_BYTES = 3
const CHECK_HEAD_BYTES = 4
const LENGTH_DIGITS_MAX = 8
const SECONDS_MAX = 253_402_300_799

const STATUSES = ['ok', 'warning', 'critical', 'unknown'] as const
/** An unknown status is no level. */
const LEVELS = ['info', 'warning', 'critical'] as const
const EVENT_FIELDS = new Map([
  ['h', 'host'],
  ['k', 'aggregation_key'],
  ['p', 'priority'],
  ['s', 'source_type_name'],
  ['t', 'level'],
])

const number = new NumberReader()

/** Writes the event in [from, to) as a record. False: it is none, and nothing is written. */
export function writeEvent(bytes: Bytes, from: number, to: number, writer: JsonLinesWriter): boolean {
  const comma = indexOfByte(bytes, COMMA, from, Math.min(to, from + EVENT_HEAD_BYTES + LENGTH_DIGITS_MAX + 1))
  if (comma === -1) return false
  const close = indexOfByte(bytes, CLOSE_BRACE, comma, Math.min(to, comma + LENGTH_DIGITS_MAX + 2))
  if (close === -1 || bytes[close + 1] !== COLON) return false
  const titleBytes = lengthIn(bytes, from + EVENT_HEAD_BYTES, comma)
  const textBytes = lengthIn(bytes, comma + 1, close)
  const title = close + 2
  const text = title + titleBytes + 1
  const end = text + textBytes
  if (titleBytes <= 0 || textBytes < 0 || end > to || bytes[text - 1] !== PIPE) return false
  if (end < to && bytes[end] !== PIPE) return false
  const fields = fieldsIn(bytes, end, to, EVENT_FIELDS)
  if (fields === undefined) return false
  writer.raw('{"kind":"event","title":')
  writer.text(textIn(bytes, title, title + titleBytes))
  writer.raw(',"message":')
  writer.text(textIn(bytes, text, end))
  writeFields(fields, writer)
  return true
}

/** Writes the service check in [from, to) as a record. False: it is none, and nothing is written. */
export function writeCheck(bytes: Bytes, from: number, to: number, writer: JsonLinesWriter): boolean {
  const name = from + CHECK_HEAD_BYTES
  const nameEnd = indexOfByte(bytes, PIPE, name, to)
  if (nameEnd === -1 || nameEnd === name) return false
  const statusEnd = nameEnd + 2
  const status = bytes[nameEnd + 1]! - 0x30
  if (statusEnd > to || status < 0 || status >= STATUSES.length) return false
  if (statusEnd < to && bytes[statusEnd] !== PIPE) return false
  const message = indexOfMessage(bytes, statusEnd, to)
  const fields = fieldsIn(bytes, statusEnd, message === -1 ? to : message, new Map([['h', 'host']]))
  if (fields === undefined) return false
  writer.raw('{"kind":"service_check","check":')
  writer.text(textIn(bytes, name, nameEnd))
  writer.raw(`,"status":"${STATUSES[status]}"`)
  if (status < LEVELS.length) writer.raw(`,"level":"${LEVELS[status]}"`)
  writer.raw(',"message":')
  writer.text(message === -1 ? '' : textIn(bytes, message + 3, to).replaceAll('m\\:', 'm:'))
  writeFields(fields, writer)
  return true
}

interface Fields {
  seconds: number
  named: [name: string, value: string][]
  tags: string[]
}

/** What stands in [from, to): each field behind a pipe. Undefined: its time is none. */
function fieldsIn(bytes: Bytes, from: number, to: number, names: ReadonlyMap<string, string>): Fields | undefined {
  const fields: Fields = { seconds: 0, named: [], tags: [] }
  for (const field of latin1(bytes, from, to).split('|').slice(1)) {
    if (field.startsWith('#')) fields.tags = field.slice(1).split(',').filter(Boolean).map(fromLatin1)
    else if (field.startsWith('d:')) {
      const seconds = /^d:\d{1,12}$/.test(field) ? Number(field.slice(2)) : -1
      if (seconds < 0 || seconds > SECONDS_MAX) return undefined
      fields.seconds = seconds
    } else if (field[1] === ':') {
      const name = names.get(field[0]!)
      if (name !== undefined) fields.named.push([name, fromLatin1(field.slice(2))])
    }
  }
  return fields
}

function writeFields({ seconds, named, tags }: Fields, writer: JsonLinesWriter): void {
  if (seconds > 0) writer.raw(`,"timestamp":"${new Date(1000 * seconds).toISOString()}"`)
  const written = new Set<string>()
  for (const [name, value] of named) {
    if (written.has(name)) continue
    written.add(name)
    writer.raw(`,"${name}":`)
    writer.text(value)
  }
  const service = tags.find((tag) => tag.startsWith('service:'))
  if (service !== undefined) {
    writer.raw(',"service":')
    writer.text(service.slice('service:'.length))
  }
  for (const [i, tag] of tags.entries()) {
    writer.raw(i === 0 ? ',"tags":[' : ',')
    writer.text(tag)
  }
  writer.raw(tags.length === 0 ? '}' : ']}')
  writer.endRecord()
}

function indexOfMessage(bytes: Bytes, from: number, to: number): number {
  for (let at = from; at + 2 < to; at++) {
    if (bytes[at] === PIPE && bytes[at + 1] === 0x6d && bytes[at + 2] === COLON) return at
  }
  return -1
}

function lengthIn(bytes: Bytes, from: number, to: number): number {
  return number.read(bytes, from, to) && Number.isInteger(number.value) ? number.value : -1
}

function textIn(bytes: Bytes, from: number, to: number): string {
  return fromLatin1(latin1(bytes, from, to)).replaceAll('\\n', '\n')
}
