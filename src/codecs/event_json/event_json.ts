/**
 * `event_json`: each record as the JSON object that a vendor calls a log. What it looks like is data (`EventJsonOptions`), so a
 * vendor's output declares its shape and writes no encoder; what stands in it is what `codecs/event` recognises.
 *
 *   before {  members…  the record  } after
 */
import { severityOf } from '#codecs/event/level.ts'
import { EventReader, Slot } from '#codecs/event/reader.ts'
import { UNIQUE_ID_BYTES, UniqueIds } from '#codecs/event/unique-id.ts'
import {
  type Bytes,
  copyBytes,
  fromText,
  isUtf8,
  NEWLINE,
  utf8,
  utf8Length,
  writeLatin1,
  writeUtf8,
} from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import { defineEncoder, type Encoder } from '#telemetry/encoder.ts'

/** What a member is filled with. A member whose value is not known is left out. */
export type EventMember = { key: string } & (
  | { value: 'literal'; literal: unknown }
  /** Unix seconds with milliseconds (`1.234`), Unix milliseconds, or RFC 3339 with nanoseconds. */
  | { value: 'seconds' | 'milliseconds' | 'rfc3339' }
  /** As text; `otherwise` where the record does not say, `prefix` before it. */
  | { value: 'service' | 'host' | 'level' | 'trace_id' | 'span_id'; otherwise?: string | undefined; prefix?: string }
  /** The level by OpenTelemetry's number, 0 (unknown) to 24; an empty name leaves it out. */
  | { value: 'severity'; names: readonly string[] }
  /** Text that the record has under this very name at its top; with `record.as` `value`, it stands only here then. */
  | { value: 'own'; otherwise?: string | undefined }
  /** Id of the source that took it in. */
  | { value: 'source' }
  /** Text that no other record has (`codecs/event/unique-id.ts`), so that the record is known when it comes again. */
  | { value: 'unique_id' }
)

export interface EventJsonOptions {
  before?: string
  /** At least one byte. */
  after: string
  /** Written first, in this order. With `record.as` `members`, one that the record has at its top already is left out. */
  members: readonly EventMember[]
  /**
   * `members`: a JSON record's own members follow; text becomes the member `message`. With `rename`, a message that
   * stands at the record's top under another name (`msg`, `log`) gets that one, unless the record has such a member.
   * `value`: it is the value of a member: an object under `objects`, text under `texts`.
   * `text`: it is always text, under `key`.
   */
  record:
    | { as: 'members'; message: string; rename?: boolean }
    | { as: 'value'; objects: string; texts: string }
    | { as: 'text'; key: string }
}

export const eventJson = defineEncoder<EventJsonOptions>('event_json', (options) => new EventJson(options))

/** A value that is copied into a member (a service's name, a trace id) is taken up to this many bytes; a longer one is left out. */
const COPIED_BYTES_MAX = 256
/** A time takes no more. */
const TIME_BYTES_MAX = 40

const COMMA = 0x2c
const QUOTE = 0x22
const BACKSLASH = 0x5c
const SPACE = 0x20
const CARRIAGE_RETURN = 0x0d

/** What an encoder that stands on this one writes before each record, such as the line of an action. */
export interface RecordHead {
  /** It never writes more. */
  readonly bytesMax: number
  /** The record has been read. Returns the position behind the last byte. */
  write(reader: EventReader, block: Block, target: Bytes, at: number): number
}

export class EventJson implements Encoder {
  readonly name: string = 'event_json'
  readonly verbatim = false
  readonly #open: Bytes
  readonly #close: Bytes
  readonly #members: Member[]
  readonly #record: EventJsonOptions['record']
  readonly #messageKey: Bytes
  readonly #objectKey: Bytes
  /** The message's key without the colon. */
  readonly #messageName: Bytes
  readonly #renames: boolean
  readonly #head: RecordHead | undefined
  readonly #reader: EventReader
  /** Bytes that every record may need beside itself. */
  readonly #fixedBytes: number
  readonly #copies: number
  /** Indices of members whose value is the record's own. */
  readonly #own: readonly number[]

  constructor(options: EventJsonOptions, head?: RecordHead) {
    const { record } = options
    this.#open = fromText(`${options.before ?? ''}{`)
    this.#close = fromText(`}${options.after}`)
    this.#members = options.members.map((member) => compile(member))
    this.#record = record
    this.#messageKey = keyOf(
      record.as === 'members' ? record.message : record.as === 'value' ? record.texts : record.key,
    )
    this.#objectKey = keyOf(record.as === 'value' ? record.objects : '')
    const renamed = record.as === 'members' && record.rename === true ? [record.message] : []
    this.#messageName = this.#messageKey.subarray(0, -1)
    this.#renames = renamed.length > 0
    this.#reader = new EventReader([...options.members.map(({ key }) => key), ...renamed])
    this.#head = head
    this.#copies = this.#members.filter(({ slot, value }) => slot !== -1 || value === 'own').length
    this.#own = this.#members.flatMap(({ value }, m) => (value === 'own' ? [m] : []))
    const members = this.#members.reduce((sum, member) => sum + member.bytesMax, 0)
    this.#fixedBytes =
      (head?.bytesMax ?? 0) +
      this.#open.length +
      this.#close.length +
      members +
      // Once as a key of its own, and once instead of a shorter one.
      2 * this.#messageKey.length +
      this.#objectKey.length +
      TRUNCATED.length +
      8
  }

  sizeMax(block: Block): number {
    const { starts, ends, selection, count } = block
    let size = 0
    for (let i = 0; i < count; i++) {
      if (selection[i] === 0) continue
      const length = ends[i]! - starts[i]!
      size += this.#fixedBytes + this.#copies * Math.min(length, COPIED_BYTES_MAX)
    }
    return size + jsonStringsBytesMax(block)
  }

  encode(block: Block, target: Bytes, at: number, ends: Int32Array, firstEnd: number): number {
    const { selection, count } = block
    const reader = this.#reader
    reader.begin(block)
    let write = at
    let e = firstEnd
    for (let i = 0; i < count; i++) {
      if (selection[i] === 0) continue
      reader.read(i)
      if (this.#head !== undefined) write = this.#head.write(reader, block, target, write)
      write = put(this.#open, target, write)
      const empty = write
      write = this.#writeMembers(block, target, write)
      write = this.#writeRecord(block, target, write, write > empty)
      write = put(this.#close, target, write)
      ends[e++] = write - at
    }
    return write
  }

  #writeMembers(block: Block, target: Bytes, at: number): number {
    const reader = this.#reader
    const spread = this.#record.as === 'members' && reader.isObject
    const first = at
    let write = at
    for (let m = 0; m < this.#members.length; m++) {
      if (spread && reader.has[m] === 1) continue
      const before = write
      if (write > first) target[write++] = COMMA
      const end = writeMember(this.#members[m]!, m, reader, block, target, write)
      write = end === -1 ? before : end
    }
    return write
  }

  #writeRecord(block: Block, target: Bytes, at: number, hasMembers: boolean): number {
    const { bytes, from, to, isObject } = this.#reader
    const as = this.#record.as
    let write = at
    if (isObject && as === 'members') {
      const open = bytes.indexOf(OPEN_BRACE, from)
      const close = bytes.lastIndexOf(CLOSE_BRACE, to - 1)
      if (isBlank(bytes, open + 1, close)) return write
      if (hasMembers) target[write++] = COMMA
      const end = this.#copyMembers(open + 1, close, target, write)
      return flatten(block, target, write, end)
    }
    if (hasMembers) target[write++] = COMMA
    if (isObject && as === 'value') {
      write = put(this.#objectKey, target, write)
      if (this.#own.length > 0) return flatten(block, target, write, this.#copyWithoutOwn(target, write))
      copyBytes(bytes, from, to, target, write)
      return flatten(block, target, write, write + to - from)
    }
    write = put(this.#messageKey, target, write)
    write = writeString(bytes, from, to, target, write)
    if (as === 'members' && block.context.truncated) write = put(TRUNCATED, target, write)
    return write
  }

  /** Copies the record, an object, without the members that stand outside of it already. */
  #copyWithoutOwn(target: Bytes, at: number): number {
    const { bytes, from, to, ownKeys, ownEnds } = this.#reader
    const taken = this.#own.filter((m) => hasOwnText(this.#reader, m)).sort((a, b) => ownKeys[a]! - ownKeys[b]!)
    let read = from
    let write = at
    for (const m of taken) {
      write = putRange(bytes, read, ownKeys[m]!, target, write)
      read = skipSpace(bytes, ownEnds[m]!)
      if (bytes[read] === COMMA) read++
    }
    // The last member may be gone: then a comma stands before the brace.
    if (taken.length > 0 && bytes[skipSpace(bytes, read)] === CLOSE_BRACE) {
      let last = write - 1
      while (target[last]! <= SPACE) last--
      if (target[last] === COMMA) write = last
    }
    return putRange(bytes, read, to, target, write)
  }

  /** Copies [from, to) of the record, which are members, and renames the one that is its message. */
  #copyMembers(from: number, to: number, target: Bytes, at: number): number {
    const { bytes, messageKeyFrom, messageKeyTo, has } = this.#reader
    if (!this.#renames || messageKeyFrom === -1 || has[this.#members.length] === 1) {
      copyBytes(bytes, from, to, target, at)
      return at + to - from
    }
    copyBytes(bytes, from, messageKeyFrom, target, at)
    let write = at + messageKeyFrom - from
    write = put(this.#messageName, target, write)
    copyBytes(bytes, messageKeyTo, to, target, write)
    return write + to - messageKeyTo
  }
}

const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const TRUNCATED = fromText(',"truncated":true')

interface Member {
  /** `"key":` */
  key: Bytes
  value: EventMember['value']
  /** For values that are copied from the record; -1 for others. */
  slot: number
  /** JSON that stands for the value where there is none of the record's own; undefined: leave the member out. */
  otherwise: Bytes | undefined
  prefix: Bytes
  names: readonly (Bytes | undefined)[]
  ids: UniqueIds | undefined
  bytesMax: number
}

const SLOTS: Readonly<Record<string, number>> = {
  service: Slot.service,
  host: Slot.host,
  level: Slot.level,
  trace_id: Slot.trace_id,
  span_id: Slot.span_id,
}

function compile(member: EventMember): Member {
  const key = keyOf(member.key)
  const slot = SLOTS[member.value] ?? -1
  const json = (value: unknown) => fromText(JSON.stringify(value))
  const otherwise =
    member.value === 'literal'
      ? json(member.literal)
      : 'otherwise' in member && member.otherwise !== undefined
        ? json(`${('prefix' in member && member.prefix) || ''}${member.otherwise}`)
        : undefined
  const prefix = fromText('prefix' in member ? JSON.stringify(member.prefix ?? '').slice(1, -1) : '')
  const names = member.value === 'severity' ? member.names.map((name) => (name === '' ? undefined : json(name))) : []
  const longest = Math.max(0, ...names.map((name) => name?.length ?? 0))
  const value = Math.max(otherwise?.length ?? 0, longest, TIME_BYTES_MAX, UNIQUE_ID_BYTES + 2, prefix.length + 2)
  // A source's id has at most 128 characters, all ASCII.
  const bytesMax = 1 + key.length + value + (member.value === 'source' ? 130 : 0)
  const ids = member.value === 'unique_id' ? new UniqueIds() : undefined
  return { key, value: member.value, slot, otherwise, prefix, names, ids, bytesMax }
}

function keyOf(name: string): Bytes {
  return fromText(`${JSON.stringify(name)}:`)
}

/** Writes one member. Returns the position behind it, or -1 when there is nothing to say. */
function writeMember(
  member: Member,
  index: number,
  reader: EventReader,
  block: Block,
  target: Bytes,
  at: number,
): number {
  let write = put(member.key, target, at)
  if (member.value === 'own') {
    if (hasOwnText(reader, index)) {
      return putRange(reader.bytes, reader.ownStarts[index]!, reader.ownEnds[index]!, target, write)
    }
    return member.otherwise === undefined ? -1 : put(member.otherwise, target, write)
  }
  if (member.slot !== -1) {
    const from = reader.starts[member.slot]!
    const length = reader.ends[member.slot]! - from
    if (from !== -1 && length > 0 && length <= COPIED_BYTES_MAX) {
      target[write++] = QUOTE
      write = put(member.prefix, target, write)
      write = putRange(reader.bytes, from, from + length, target, write)
      target[write++] = QUOTE
      return write
    }
    return member.otherwise === undefined ? -1 : put(member.otherwise, target, write)
  }
  switch (member.value) {
    case 'literal':
      return put(member.otherwise!, target, write)
    case 'milliseconds':
      return write + writeLatin1(target, String(reader.time.ms), write)
    case 'seconds':
      return write + writeLatin1(target, (reader.time.ms / 1000).toFixed(3), write)
    case 'rfc3339':
      return write + writeLatin1(target, `"${rfc3339(reader.time.ms, reader.time.nanos)}"`, write)
    case 'unique_id':
      target[write++] = QUOTE
      write = member.ids!.write(target, write)
      target[write++] = QUOTE
      return write
    case 'source':
      return write + writeUtf8(target, JSON.stringify(block.context.source), write)
    default: {
      const level = reader.string(Slot.level)
      const name = member.names[level === undefined ? 0 : severityOf(level)]
      return name === undefined ? -1 : put(name, target, write)
    }
  }
}

/** Whether the record has text under the name of this member at its top, and not too long. */
function hasOwnText(reader: EventReader, index: number): boolean {
  if (!reader.isObject || reader.has[index] === 0) return false
  const from = reader.ownStarts[index]!
  const length = reader.ownEnds[index]! - from - 2
  return reader.bytes[from] === QUOTE && length > 0 && length <= COPIED_BYTES_MAX
}

function skipSpace(bytes: Bytes, from: number): number {
  let at = from
  while (bytes[at]! <= SPACE) at++
  return at
}

/** Up to here a loop is faster than the call that copies. */
const LOOP_BYTES_MAX = 48

/** Copies all of `source`. Returns the position behind it. */
function put(source: Bytes, target: Bytes, at: number): number {
  return putRange(source, 0, source.length, target, at)
}

function putRange(source: Bytes, from: number, to: number, target: Bytes, at: number): number {
  const length = to - from
  if (length > LOOP_BYTES_MAX) copyBytes(source, from, to, target, at)
  else for (let i = 0; i < length; i++) target[at + i] = source[from + i]!
  return at + length
}

/** The last second that was written: the next record has mostly the same. */
let cachedSecond = -1
let cachedText = ''

/** RFC 3339 in UTC: with milliseconds, or with nanoseconds where there are any. */
export function rfc3339(ms: number, nanos: number): string {
  const second = Math.floor(ms / 1000)
  if (second !== cachedSecond) {
    cachedSecond = second
    cachedText = new Date(second * 1000).toISOString().slice(0, 20)
  }
  const millis = ms - second * 1000
  const fraction = millis >= 100 ? `${millis}` : millis >= 10 ? `0${millis}` : `00${millis}`
  return nanos === 0 ? `${cachedText}${fraction}Z` : `${cachedText}${fraction}${String(nanos).padStart(6, '0')}Z`
}

function isBlank(bytes: Bytes, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at]! > SPACE) return false
  return true
}

/** Line ends in valid JSON stand only between tokens, where a space means the same. Returns `to`. */
function flatten(block: Block, target: Bytes, from: number, to: number): number {
  if (!block.multiline) return to
  for (let i = from; i < to; i++) if (target[i] === NEWLINE || target[i] === CARRIAGE_RETURN) target[i] = SPACE
  return to
}

const ESCAPES: readonly Bytes[] = Array.from({ length: 0x80 }, (_, code) =>
  fromText(JSON.stringify(String.fromCharCode(code)).slice(1, -1)),
)

/** The letter of an escape that is a backslash and one letter; 0 for others. */
const LETTERS = Uint8Array.from(ESCAPES, ({ length, 1: letter }) => (length === 2 ? letter! : 0))

/** Writes UTF-8 as a JSON string; `jsonStringsBytesMax` bounds it. Returns the position behind it. */
export function writeString(bytes: Bytes, from: number, to: number, target: Bytes, at: number): number {
  let write = at
  target[write++] = QUOTE
  for (let read = from; read < to; read++) {
    const byte = bytes[read]!
    if (byte >= SPACE && byte !== QUOTE && byte !== BACKSLASH) target[write++] = byte
    else if (LETTERS[byte] !== 0) {
      target[write++] = BACKSLASH
      target[write++] = LETTERS[byte]!
    } else write = put(ESCAPES[byte]!, target, write)
  }
  target[write++] = QUOTE
  return write
}

/** Up to here the bound may be as coarse as it likes. */
const COARSE_BYTES_MAX = 1024 * 1024

/** Bytes of the selected records if each were written as a string, without quotes. A bound, and for much text a close one. */
export function jsonStringsBytesMax(block: Block): number {
  return 6 * block.selectedBytes <= COARSE_BYTES_MAX ? 6 * block.selectedBytes : grown(block)
}

/** A large record must not ask for six times its room. */
function grown(block: Block): number {
  const { bytes, starts, ends, selection, count } = block
  let size = 0
  for (let i = 0; i < count; i++) {
    if (selection[i] === 0) continue
    const from = starts[i]!
    const to = ends[i]!
    // What is not UTF-8 becomes U+FFFD, which takes three bytes.
    const repaired = isUtf8(bytes, from, to) ? to - from : utf8Length(utf8(bytes, from, to))
    size += repaired
    for (let at = from; at < to; at++) if (bytes[at]! < 0x80) size += ESCAPES[bytes[at]!]!.length - 1
  }
  return size
}
