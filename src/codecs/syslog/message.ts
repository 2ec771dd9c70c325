/**
 * Reads one syslog message, as RFC 5424 has it or as RFC 3164 describes what came before, and notes where its parts
 * stand. Makes no text and no objects: one instance reads many messages.
 *
 *   <PRI>1 SP TIMESTAMP SP HOSTNAME SP APP-NAME SP PROCID SP MSGID SP STRUCTURED-DATA [SP MSG]     RFC 5424, section 6
 *   <PRI>TIMESTAMP SP HOSTNAME SP TAG[PID]: CONTENT                                                RFC 3164, section 4.1
 *
 * Of RFC 3164 any part may be missing, since anything behind a priority is a valid message of it (section 4.3), and
 * devices have dialects: a year, a fraction or a zone in the time, RFC 3339 times, Cisco's sequence number and its
 * asterisk. Of RFC 5424 structured data may be missing, names may be longer than allowed, and times finer.
 */
import { type Bytes, fromText } from '#std/bytes.ts'
import { PRIORITY_MAX } from './names.ts'
import { structuredDataEnd } from './structured-data.ts'
import { bsdTimeEnd, isoTimeEnd, isStrictTime } from './time.ts'

export type SyslogForm = 'rfc5424' | 'rfc3164' | 'none'

/** Longest parts of a header (RFC 5424, section 6). */
export const HOSTNAME_MAX = 255
export const APP_NAME_MAX = 48
export const PROC_ID_MAX = 128
export const MSG_ID_MAX = 32
/** A longer tag, or process id behind one, is none (RFC 3164 allows 32 bytes; programs write more). */
const TAG_BYTES_MAX = 64
const PID_BYTES_MAX = 128
/** Digits of a sequence number. */
const SEQUENCE_DIGITS_MAX = 10

const SPACE = 0x20
const ASTERISK = 0x2a
const DASH = 0x2d
const DOT = 0x2e
const COLON = 0x3a
const LESS = 0x3c
const GREATER = 0x3e
const AT = 0x40
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
/** What old daemons write in place of a host: AIX before one, and others for what they have left out. */
const FORWARDED = 'Message forwarded from '
const REPEATED = 'last message repeated '
const BOM = [0xef, 0xbb, 0xbf] as const

export class SyslogMessage {
  /** `none`: it has no priority, or says that it is RFC 5424 and is not. Then it is a message and nothing else. */
  form: SyslogForm = 'none'
  /** Of RFC 5424 in each part of its header, so that it can go on as it is. */
  isStrict = false
  /** 0 to 191; -1 where there is none. Also of a message that could not be read otherwise. */
  priority = -1
  /** [from, to) of each part; `from` is -1 where it is missing or nil. */
  timeFrom = -1
  timeTo = -1
  hostFrom = -1
  hostTo = -1
  appFrom = -1
  appTo = -1
  procFrom = -1
  procTo = -1
  idFrom = -1
  idTo = -1
  dataFrom = -1
  dataTo = -1
  /** Position behind the `-` that stands for structured data; -1 where there is some, or nothing. */
  nilTo = -1
  /**
   * Where MSG begins in the record, and behind its byte order mark, if it has one. Without MSG both are the record's
   * end.
   */
  bodyFrom = 0
  messageFrom = 0
  bytes: Bytes = fromText('')
  from = 0
  to = 0

  /**
   * Reads [from, end) of `bytes`, without the NULs that some senders end a message with. What it notes holds until the
   * next call.
   */
  read(bytes: Bytes, from: number, end: number): void {
    let to = end
    while (to > from && bytes[to - 1] === 0) to--
    this.bytes = bytes
    this.from = from
    this.to = to
    this.priority = priorityOf(bytes, from, to)
    this.#forget()
    if (this.priority === -1) return
    const at = behindPriority(bytes, from)
    if (at + 1 < to && bytes[at] === 0x31 && bytes[at + 1] === SPACE) {
      if (this.#readHeader(at + 2)) this.form = 'rfc5424'
      else this.#forget()
    } else {
      this.form = 'rfc3164'
      this.#readOldHeader(at)
    }
  }

  #forget(): void {
    this.form = 'none'
    this.isStrict = false
    this.timeFrom = -1
    this.hostFrom = -1
    this.appFrom = -1
    this.procFrom = -1
    this.idFrom = -1
    this.dataFrom = -1
    this.nilTo = -1
    this.bodyFrom = this.from
    this.messageFrom = this.from
  }

  #readHeader(start: number): boolean {
    const { bytes, to } = this
    const timeTo = tokenEnd(bytes, start, to)
    const hostTo = tokenEnd(bytes, timeTo + 1, to)
    const appTo = tokenEnd(bytes, hostTo + 1, to)
    const procTo = tokenEnd(bytes, appTo + 1, to)
    const idTo = tokenEnd(bytes, procTo + 1, to)
    // Each part has at least one byte, and a space behind it; of the last one the record's end will do.
    if (idTo === procTo + 1 || idTo > to || procTo === appTo + 1 || procTo >= to) return false
    if (appTo === hostTo + 1 || hostTo === timeTo + 1 || timeTo === start) return false
    const isNilTime = isNil(bytes, start, timeTo)
    if (!isNilTime && isoTimeEnd(bytes, start, timeTo) !== timeTo) return false
    this.isStrict =
      isStrictPriority(bytes, this.from) &&
      (isNilTime || isStrictTime(bytes, start, timeTo)) &&
      isName(bytes, timeTo + 1, hostTo, HOSTNAME_MAX) &&
      isName(bytes, hostTo + 1, appTo, APP_NAME_MAX) &&
      isName(bytes, appTo + 1, procTo, PROC_ID_MAX) &&
      isName(bytes, procTo + 1, idTo, MSG_ID_MAX)
    this.timeFrom = isNilTime ? -1 : start
    this.timeTo = timeTo
    this.hostFrom = isNil(bytes, timeTo + 1, hostTo) ? -1 : timeTo + 1
    this.hostTo = hostTo
    this.appFrom = isNil(bytes, hostTo + 1, appTo) ? -1 : hostTo + 1
    this.appTo = appTo
    this.procFrom = isNil(bytes, appTo + 1, procTo) ? -1 : appTo + 1
    this.procTo = procTo
    this.idFrom = isNil(bytes, procTo + 1, idTo) ? -1 : procTo + 1
    this.idTo = idTo
    this.#readBody(Math.min(idTo + 1, to))
    return true
  }

  /**
   * Structured data and MSG. What should be structured data and is not begins MSG: so do some senders that have none.
   */
  #readBody(at: number): void {
    const { bytes, to } = this
    let end = -1
    if (at < to && bytes[at] === DASH) end = at + 1
    else if (at < to && bytes[at] === OPEN_BRACKET) end = structuredDataEnd(bytes, at, to)
    if (end === -1 || (end < to && bytes[end] !== SPACE)) {
      this.isStrict = false
      this.#setBody(at)
      return
    }
    if (end > at + 1) {
      this.dataFrom = at
      this.dataTo = end
    } else {
      this.nilTo = end
    }
    this.#setBody(Math.min(end + 1, to))
  }

  #setBody(at: number): void {
    const { bytes, to } = this
    this.bodyFrom = at
    const isMarked = at + 3 <= to && bytes[at] === BOM[0] && bytes[at + 1] === BOM[1] && bytes[at + 2] === BOM[2]
    this.messageFrom = isMarked ? at + 3 : at
  }

  #readOldHeader(start: number): void {
    const { bytes, to } = this
    let at = this.#readOldTime(start)
    if (at === -1) {
      this.#readTag(start)
      return
    }
    // Cisco ends the time with a colon, and names a host before it, if any.
    if (at < to && bytes[at] === COLON) at++
    else if (this.hostFrom === -1) at = this.#readOldHost(skipSpaces(bytes, at, to))
    this.#readTag(skipSpaces(bytes, at, to))
  }

  /** Position behind the time, or -1. */
  #readOldTime(start: number): number {
    const { bytes, to } = this
    const behind = behindSequence(bytes, start, to)
    const end = this.#readClock(behind)
    if (end !== -1 || behind === start) return end
    // A host may stand between the number and the time, where Cisco is told to name itself.
    let at = behind
    while (at < to && isHostByte(bytes[at]!) && at - behind <= HOSTNAME_MAX) at++
    if (at - behind < 2 || at >= to || bytes[at] !== SPACE || bytes[at - 1] !== COLON) return -1
    const later = this.#readClock(at + 1)
    if (later !== -1) this.#setHost(behind, at - 1)
    return later
  }

  #readClock(start: number): number {
    const { bytes, to } = this
    const isUnsure = start < to && (bytes[start] === ASTERISK || bytes[start] === DOT)
    const at = isUnsure ? start + 1 : start
    let end = isoTimeEnd(bytes, at, to)
    if (end === -1) end = bsdTimeEnd(bytes, at, to)
    if (end === -1 || (end < to && bytes[end] !== SPACE && bytes[end] !== COLON)) return -1
    this.timeFrom = at
    this.timeTo = end
    return behindZone(bytes, end, to)
  }

  /** Position behind the host, or `start` where what stands there is none. */
  #readOldHost(start: number): number {
    const { bytes, to } = this
    if (startsWith(bytes, start, to, REPEATED)) return start
    if (startsWith(bytes, start, to, FORWARDED)) return this.#readForwarded(start + FORWARDED.length)
    let at = start
    while (at < to && isHostByte(bytes[at]!) && at - start < HOSTNAME_MAX) at++
    // Behind the last part there is nothing for it to be the host of, and what ends with a colon is a tag.
    if (at === start || at >= to || bytes[at] !== SPACE || bytes[at - 1] === COLON) return start
    this.#setHost(start, at)
    const isSpaced = at + 2 < to && bytes[at + 1] === COLON && bytes[at + 2] === SPACE
    return isSpaced ? at + 2 : at
  }

  /** Position behind `HOST:`. */
  #readForwarded(start: number): number {
    const { bytes, to } = this
    let at = start
    while (at < to && isHostByte(bytes[at]!) && bytes[at] !== COLON && at - start < HOSTNAME_MAX) at++
    if (at === start || at >= to || bytes[at] !== COLON) return start
    this.#setHost(start, at)
    return at + 1
  }

  #setHost(from: number, to: number): void {
    this.hostFrom = from
    this.hostTo = to
  }

  /** `TAG: `, `TAG[PID]: ` or `TAG[PID] `, and what follows. */
  #readTag(start: number): void {
    const { bytes, to } = this
    this.#setBody(start)
    // `@cee:` says that JSON follows, and is nobody's name.
    if (start < to && bytes[start] === AT) return
    let at = start
    while (at < to && isTagByte(bytes[at]!)) if (++at - start > TAG_BYTES_MAX) return
    if (at === start || at >= to) return
    const tagTo = at
    let procTo = -1
    if (bytes[at] === OPEN_BRACKET) {
      procTo = at + 1
      while (procTo < to && isPidByte(bytes[procTo]!)) if (++procTo - at > PID_BYTES_MAX) return
      if (procTo >= to || bytes[procTo] !== CLOSE_BRACKET) return
      at = procTo + 1
    }
    const hasColon = at < to && bytes[at] === COLON
    if (hasColon) at++
    else if (procTo === -1) return
    if (at < to && bytes[at] !== SPACE) return
    this.appFrom = start
    this.appTo = tagTo
    if (procTo > tagTo + 1) {
      this.procFrom = tagTo + 1
      this.procTo = procTo
    }
    this.#setBody(Math.min(at + 1, to))
  }
}

/** PRI: `<`, one to three digits up to 191, `>`. -1: there is none. */
export function priorityOf(bytes: Bytes, from: number, to: number): number {
  if (to - from < 3 || bytes[from] !== LESS) return -1
  let value = 0
  let at = from + 1
  for (; at < to && at < from + 4; at++) {
    const digit = bytes[at]! - 0x30
    if (digit < 0 || digit > 9) break
    value = value * 10 + digit
  }
  return at > from + 1 && at < to && bytes[at] === GREATER && value <= PRIORITY_MAX ? value : -1
}

function behindPriority(bytes: Bytes, from: number): number {
  if (bytes[from + 2] === GREATER) return from + 3
  return bytes[from + 3] === GREATER ? from + 4 : from + 5
}

/** No zero in front of another digit. */
function isStrictPriority(bytes: Bytes, from: number): boolean {
  return bytes[from + 1] !== 0x30 || bytes[from + 2] === GREATER
}

/** Behind `123: `, which some devices put before the time. */
function behindSequence(bytes: Bytes, from: number, to: number): number {
  let at = from
  while (at < to && at - from < SEQUENCE_DIGITS_MAX && bytes[at]! >= 0x30 && bytes[at]! <= 0x39) at++
  return at > from && at + 1 < to && bytes[at] === COLON && bytes[at + 1] === SPACE ? at + 2 : from
}

/**
 * Behind ` UTC` where a colon follows: otherwise it would be a host. What zone it is nobody can tell from such letters.
 */
function behindZone(bytes: Bytes, from: number, to: number): number {
  let at = from + 1
  while (at < to && at - from <= 5 && bytes[at]! >= 0x41 && bytes[at]! <= 0x5a) at++
  return from < to && bytes[from] === SPACE && at > from + 1 && at < to && bytes[at] === COLON ? at : from
}

/** Position of the first space at or behind `from`, or `to`; above `to` when there is nothing left. */
function tokenEnd(bytes: Bytes, from: number, to: number): number {
  let at = from
  while (at < to && bytes[at] !== SPACE) at++
  return at
}

function isNil(bytes: Bytes, from: number, to: number): boolean {
  return to - from === 1 && bytes[from] === DASH
}

/** Printable ASCII of at most `lengthMax` bytes. */
function isName(bytes: Bytes, from: number, to: number, lengthMax: number): boolean {
  if (to - from > lengthMax) return false
  for (let at = from; at < to; at++) if (bytes[at]! <= SPACE || bytes[at]! >= 0x7f) return false
  return true
}

function skipSpaces(bytes: Bytes, from: number, to: number): number {
  let at = from
  while (at < to && bytes[at] === SPACE) at++
  return at
}

function startsWith(bytes: Bytes, from: number, to: number, text: string): boolean {
  if (to - from < text.length) return false
  for (let i = 0; i < text.length; i++) if (bytes[from + i] !== text.charCodeAt(i)) return false
  return true
}

/** Names and addresses of hosts, and what relays chain them with. */
function isHostByte(byte: number): boolean {
  if ((byte >= 0x61 && byte <= 0x7a) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x2d && byte <= 0x3a)) return true
  return byte === 0x5f || byte === AT || byte === 0x25 || byte >= 0x80
}

function isTagByte(byte: number): boolean {
  return byte > SPACE && byte !== COLON && byte !== OPEN_BRACKET && byte !== 0x7f
}

function isPidByte(byte: number): boolean {
  return byte > SPACE && byte !== CLOSE_BRACKET && byte !== 0x7f
}
