/**
 * `syslog`: each record as one syslog message (RFC 5424, section 6), framed as its transport wants it.
 *
 *   <PRI>1 TIMESTAMP HOSTNAME APP-NAME - - STRUCTURED-DATA MSG
 *
 * MSG is UTF-8 without a byte order mark. What the header takes from the record is made fit for it: bytes that a header
 * may not hold become `_`, and what is too long is cut.
 *
 * Records that came as syslog: what is of RFC 5424 goes on byte for byte; anything else gets a header of RFC 5424 that
 * says the same, and its MSG and structured data go on as they are.
 */
import { severityOf, syslogSeverityOf } from '#codecs/event/level.ts'
import { EventReader, Slot } from '#codecs/event/reader.ts'
import type { Time } from '#codecs/event/time.ts'
import {
  allocate,
  type Bytes,
  copyBytes,
  fromText,
  isUtf8,
  NEWLINE,
  utf8,
  utf8Length,
  writeLatin1,
} from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import { defineEncoder, type Encoder } from '#telemetry/encoder.ts'
import { SyslogFormat, syslogFormat } from './format.ts'
import { APP_NAME_MAX, HOSTNAME_MAX, MSG_ID_MAX, PROC_ID_MAX, SyslogMessage } from './message.ts'
import { readTime } from './time.ts'

/** `datagram`: none, each message is a datagram. The others are RFC 6587, sections 3.4.1 and 3.4.2. */
export type SyslogFraming = 'octet_counting' | 'newline' | 'datagram'

export interface SyslogOptions {
  framing: SyslogFraming
  /** 0 to 23 (RFC 5424, table 1). */
  facility: number
  /** Where a record names none; `-` says that nobody knows. Printable ASCII. */
  hostname: string
  appName: string
  /** Puts trace and span id into structured data of this id. */
  structuredDataId?: string
  /** `record`: MSG is the record as it is. `message`: only its message, if it has one. */
  message: 'record' | 'message'
  /** A longer message is cut at the end of a character and ends in an ellipsis. At least `HEADER_BYTES_MAX`. */
  messageBytesMax?: number
}

/** What we take of an id. */
const TRACE_ID_MAX = 128
const SPAN_ID_MAX = 64
/** `<191>1 `, a timestamp, the spaces, `- - ` and `-`. */
const FIXED_BYTES = 7 + 27 + 3 + 4 + 2
/** ` trace_id=""`, ` span_id=""`, brackets. */
const STRUCTURE_BYTES = 12 + 11 + 2
/** No header is longer, whatever the record says. */
export const HEADER_BYTES_MAX = 1024
const ELLIPSIS = fromText('…')
/** Digits of a frame's length, and the space. */
const FRAME_BYTES_MAX = 11

/** What the header of a message that is written anew has beside its parts and the names that stand in for them. */
const REWRITTEN_BYTES = FIXED_BYTES + 8 + ELLIPSIS.length
const NIL = fromText('-')

const SPACE = 0x20
const DASH = 0x2d
const UNDERSCORE = 0x5f
const QUOTE = 0x22
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const NUL = 0

export const syslog = defineEncoder<SyslogOptions>('syslog', (options) => new Syslog(options))

class Syslog implements Encoder {
  readonly name = 'syslog'
  readonly verbatim = false
  readonly formats = ['syslog'] as const
  readonly #options: SyslogOptions
  readonly #hostname: Bytes
  readonly #appName: Bytes
  /** `[id` */
  readonly #structure: Bytes | undefined
  readonly #reader = new EventReader()
  readonly #message = new SyslogMessage()
  readonly #time: Time = { ms: 0, nanos: 0 }
  readonly #header = allocate(HEADER_BYTES_MAX)
  #timestampMs = -1
  #timestamp = ''

  constructor(options: SyslogOptions) {
    this.#options = options
    this.#hostname = fromText(options.hostname)
    this.#appName = fromText(options.appName)
    const { structuredDataId } = options
    this.#structure = structuredDataId === undefined ? undefined : fromText(`[${structuredDataId}`)
  }

  sizeMax(block: Block): number {
    if (block.context.format.name === 'syslog') {
      // A part of a record goes to one place.
      return block.selectedBytes + block.selected * (FRAME_BYTES_MAX + REWRITTEN_BYTES + this.#names)
    }
    const { bytes, starts, ends, selection, count } = block
    const allUtf8 = isUtf8(bytes, block.from, block.to)
    const structure = this.#structure === undefined ? 0 : this.#structure.length + STRUCTURE_BYTES
    const fixed =
      FRAME_BYTES_MAX + FIXED_BYTES + this.#hostname.length + this.#appName.length + structure + ELLIPSIS.length
    const copied = HOSTNAME_MAX + APP_NAME_MAX + (structure === 0 ? 0 : TRACE_ID_MAX + SPAN_ID_MAX)
    let size = 0
    for (let i = 0; i < count; i++) {
      if (selection[i] === 0) continue
      const from = starts[i]!
      const to = ends[i]!
      // What is not UTF-8 becomes U+FFFD, which takes three bytes.
      const length = allUtf8 || isUtf8(bytes, from, to) ? to - from : utf8Length(utf8(bytes, from, to))
      // What a header copies stands in different places of the record.
      size += fixed + length + Math.min(length, copied)
    }
    return size
  }

  encode(block: Block, target: Bytes, at: number, ends: Int32Array, firstEnd: number): number {
    const { selection, count } = block
    if (block.context.format.name === 'syslog') return this.#encodeMessages(block, target, at, ends, firstEnd)
    const reader = this.#reader
    reader.begin(block)
    let write = at
    let e = firstEnd
    for (let i = 0; i < count; i++) {
      if (selection[i] === 0) continue
      reader.read(i)
      write = this.#writeRecord(target, write)
      ends[e++] = write - at
    }
    return write
  }

  get #names(): number {
    return this.#hostname.length + this.#appName.length
  }

  #encodeMessages(block: Block, target: Bytes, at: number, ends: Int32Array, firstEnd: number): number {
    const { bytes, starts, ends: stops, selection, count } = block
    const message = this.#message
    let write = at
    let e = firstEnd
    for (let i = 0; i < count; i++) {
      if (selection[i] === 0) continue
      message.read(bytes, starts[i]!, stops[i]!)
      const isAsItIs = message.isStrict && this.#fits(message.bodyFrom - message.from)
      write = isAsItIs ? this.#passOn(target, write) : this.#rewrite(block, target, write)
      ends[e++] = write - at
    }
    return write
  }

  /** Whether a header of this length leaves room for a message. */
  #fits(header: number): boolean {
    return header + ELLIPSIS.length <= this.#messageBytesMax
  }

  get #messageBytesMax(): number {
    return this.#options.messageBytesMax ?? Number.MAX_SAFE_INTEGER
  }

  #passOn(target: Bytes, at: number): number {
    const { bytes, from, bodyFrom, to } = this.#message
    return this.#writeFrame(bytes, from, bodyFrom, bodyFrom, to, target, at)
  }

  /** A header of its own, and the message's structured data where there is room for it. */
  #rewrite(block: Block, target: Bytes, at: number): number {
    const { bytes, dataFrom, dataTo, messageFrom, to } = this.#message
    const written = this.#writeMessageHeader(block)
    const hasData = dataFrom !== -1 && this.#fits(written + dataTo - dataFrom + 1)
    const length = written + (hasData ? dataTo - dataFrom : 1)
    const header = length + 1 <= HEADER_BYTES_MAX ? this.#header : allocate(length + 1)
    if (header !== this.#header) copyBytes(this.#header, 0, written, header, 0)
    if (hasData) copyBytes(bytes, dataFrom, dataTo, header, written)
    else header[written] = DASH
    header[length] = SPACE
    const hasMessage = to > messageFrom
    return this.#writeFrame(header, 0, hasMessage ? length + 1 : length, messageFrom, to, target, at)
  }

  /** `<PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID ` of what the message says. */
  #writeMessageHeader(block: Block): number {
    const message = this.#message
    const header = this.#header
    const { arrivalMs, format } = block.context
    const time = this.#time
    const { zone } = format instanceof SyslogFormat ? format : syslogFormat
    const { bytes, timeFrom, timeTo } = message
    if (timeFrom === -1 || !readTime(bytes, timeFrom, timeTo, arrivalMs, zone, time)) {
      time.ms = arrivalMs
      time.nanos = 0
    }
    const priority = message.priority === -1 ? 8 * this.#options.facility + 6 : message.priority
    let write = writeLatin1(header, `<${priority}>1 ${this.#timestampOf(time.ms, time.nanos)} `, 0)
    write = this.#writeFit(bytes, message.hostFrom, message.hostTo, HOSTNAME_MAX, this.#hostname, write)
    header[write++] = SPACE
    write = this.#writeFit(bytes, message.appFrom, message.appTo, APP_NAME_MAX, this.#appName, write)
    header[write++] = SPACE
    write = this.#writeFit(bytes, message.procFrom, message.procTo, PROC_ID_MAX, NIL, write)
    header[write++] = SPACE
    write = this.#writeFit(bytes, message.idFrom, message.idTo, MSG_ID_MAX, NIL, write)
    header[write++] = SPACE
    return write
  }

  /** The header [0, headerTo) or so of one buffer, and [from, to) of the message's, cut where both are too long. */
  #writeFrame(
    header: Bytes,
    headerFrom: number,
    headerTo: number,
    from: number,
    to: number,
    target: Bytes,
    at: number,
  ): number {
    const { framing } = this.#options
    const { bytes } = this.#message
    const headed = headerTo - headerFrom
    const isCut = headed + to - from > this.#messageBytesMax
    const stop = isCut ? characterEnd(bytes, from, from + this.#messageBytesMax - headed - ELLIPSIS.length) : to
    const length = headed + stop - from + (isCut ? ELLIPSIS.length : 0)
    let write = framing === 'octet_counting' ? at + writeLatin1(target, `${length} `, at) : at
    const begin = write
    copyBytes(header, headerFrom, headerTo, target, write)
    write += headed
    copyBytes(bytes, from, stop, target, write)
    write += stop - from
    if (isCut) write += ELLIPSIS.copy(target, write)
    if (framing !== 'newline') return write
    flatten(target, begin, write)
    target[write++] = NEWLINE
    return write
  }

  #writeRecord(target: Bytes, at: number): number {
    const { framing, message } = this.#options
    const reader = this.#reader
    const isPart = message === 'message' && reader.isObject && reader.starts[Slot.message] !== -1
    const from = isPart ? reader.starts[Slot.message]! : reader.from
    const to = isPart ? reader.ends[Slot.message]! : reader.to
    const escaped = isPart && reader.quoted[Slot.message] === 1 && contains(reader.bytes, BACKSLASH, from, to)
    // The message with its escapes resolved: rare enough to make a text of.
    const text = escaped ? reader.string(Slot.message)! : undefined
    const bytes = text === undefined ? reader.bytes : fromText(text)
    const begin = text === undefined ? from : 0
    const end = text === undefined ? to : bytes.length
    const header = this.#writeHeader(end > begin)
    const most = this.#options.messageBytesMax ?? Number.MAX_SAFE_INTEGER
    const isCut = header + end - begin > most
    const stop = isCut ? characterEnd(bytes, begin, begin + most - header - ELLIPSIS.length) : end
    const length = header + stop - begin + (isCut ? ELLIPSIS.length : 0)
    let write = framing === 'octet_counting' ? at + writeLatin1(target, `${length} `, at) : at
    copyBytes(this.#header, 0, header, target, write)
    write += header
    copyBytes(bytes, begin, stop, target, write)
    if (framing === 'newline') flatten(target, write, write + stop - begin)
    write += stop - begin
    if (isCut) write += ELLIPSIS.copy(target, write)
    if (framing === 'newline') target[write++] = NEWLINE
    return write
  }

  /** Writes all that stands before MSG. Returns its length. */
  #writeHeader(hasMessage: boolean): number {
    const reader = this.#reader
    const header = this.#header
    const level = reader.string(Slot.level)
    const severity = syslogSeverityOf(level === undefined ? 0 : severityOf(level))
    const { ms, nanos } = reader.time
    const start = `<${8 * this.#options.facility + severity}>1 ${this.#timestampOf(ms, nanos)} `
    let write = writeLatin1(header, start, 0)
    write = this.#writeName(Slot.host, HOSTNAME_MAX, this.#hostname, write)
    header[write++] = SPACE
    write = this.#writeName(Slot.service, APP_NAME_MAX, this.#appName, write)
    write += writeLatin1(header, ' - - ', write)
    write = this.#writeStructure(write)
    if (hasMessage) header[write++] = SPACE
    return write
  }

  /** At most six digits of a second's fraction (section 6.2.3). */
  #timestampOf(ms: number, nanos: number): string {
    if (ms !== this.#timestampMs) {
      this.#timestampMs = ms
      this.#timestamp = new Date(ms).toISOString()
    }
    if (nanos < 1000) return this.#timestamp
    const micros = String(Math.floor(nanos / 1000)).padStart(3, '0')
    return `${this.#timestamp.slice(0, -1)}${micros}Z`
  }

  #writeName(slot: number, lengthMax: number, otherwise: Bytes, at: number): number {
    const { bytes, starts, ends } = this.#reader
    return this.#writeFit(bytes, starts[slot]!, ends[slot]!, lengthMax, otherwise, at)
  }

  /** [from, to) of `bytes`, made fit for a header; `otherwise` where there is nothing. */
  #writeFit(bytes: Bytes, from: number, end: number, lengthMax: number, otherwise: Bytes, at: number): number {
    const header = this.#header
    const to = Math.min(end, from + lengthMax)
    if (from === -1 || from >= to) return at + otherwise.copy(header, at)
    let write = at
    for (let read = from; read < to; read++) {
      const byte = bytes[read]!
      header[write++] = isPrintable(byte) && byte !== BACKSLASH ? byte : UNDERSCORE
    }
    return write
  }

  /** Structured data with the ids that the record has, or `-`. */
  #writeStructure(at: number): number {
    const header = this.#header
    let write = at
    if (this.#structure !== undefined) {
      write += this.#structure.copy(header, write)
      const before = write
      write = this.#writeParameter(' trace_id="', Slot.trace_id, TRACE_ID_MAX, write)
      write = this.#writeParameter(' span_id="', Slot.span_id, SPAN_ID_MAX, write)
      if (write > before) {
        header[write++] = CLOSE_BRACKET
        return write
      }
    }
    header[at] = DASH
    return at + 1
  }

  /** An id that is longer, or would need escapes, is none. */
  #writeParameter(open: string, slot: number, lengthMax: number, at: number): number {
    const { bytes, starts, ends } = this.#reader
    const from = starts[slot]!
    const to = ends[slot]!
    if (from === -1 || from >= to || to - from > lengthMax) return at
    for (let i = from; i < to; i++) {
      const byte = bytes[i]!
      if (!isPrintable(byte) || byte === QUOTE || byte === BACKSLASH || byte === CLOSE_BRACKET) return at
    }
    let write = at + writeLatin1(this.#header, open, at)
    copyBytes(bytes, from, to, this.#header, write)
    write += to - from
    this.#header[write++] = QUOTE
    return write
  }
}

/** PRINTUSASCII */
function isPrintable(byte: number): boolean {
  return byte > SPACE && byte < 0x7f
}

function contains(bytes: Bytes, byte: number, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] === byte) return true
  return false
}

/** The last end of a character at or before `at`, in UTF-8 that begins at `from`. */
function characterEnd(bytes: Bytes, from: number, at: number): number {
  let end = at
  while (end > from && (bytes[end]! & 0xc0) === 0x80) end--
  return end
}

/** What would end a frame becomes a space (RFC 6587, section 3.4.2). */
function flatten(bytes: Bytes, from: number, to: number): void {
  for (let i = from; i < to; i++) if (bytes[i] === NEWLINE || bytes[i] === NUL) bytes[i] = SPACE
}
