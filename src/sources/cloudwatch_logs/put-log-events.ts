/**
 * Looks a `PutLogEvents` request through, by the limits of its API reference (docs.aws.amazon.com/AmazonCloudWatchLogs,
 * API_PutLogEvents): what AWS would refuse is refused in its words, and events that are too old or too new are left out
 * and told.
 *
 * Events are in the order of time, so that those that are taken are one stretch of the request.
 */
import { CLOUDWATCH_SHARED } from '#codecs/cloudwatch_put/cloudwatch_put.ts'
import { Members, skipSpace } from '#codecs/json/members.ts'
import { isJsonObject } from '#codecs/json/validate.ts'
import { type Bytes, fromText, indexOfByte, isUtf8, latin1, utf8, utf8Length } from '#std/bytes.ts'
import type { AwsError } from './answers.ts'

const EVENTS_MAX = 10_000
const BATCH_BYTES_MAX = 1_048_576
/** What each event counts beside its message. */
const EVENT_OVERHEAD_BYTES = 26
const HOUR_MS = 3_600_000
const SPAN_MS_MAX = 24 * HOUR_MS
const AGE_MS_MAX = 14 * 24 * HOUR_MS
const AHEAD_MS_MAX = 2 * HOUR_MS
const GROUP = /^[.\-_/#A-Za-z0-9]{1,512}$/
const STREAM = /^[^:*]{1,512}$/

const REQUEST = ['logGroupName', 'logStreamName', 'logEvents'] as const
const EVENT = ['timestamp', 'message'] as const
const BACKSLASH = 0x5c
const QUOTE = 0x22
const OPEN_BRACKET = 0x5b
const OPEN_BRACE = 0x7b
const COMMA = 0x2c

export interface Range {
  from: number
  to: number
}

export type PutLogEvents =
  | {
      ok: true
      /** What stands before the events of each entry. */
      head: Bytes
      /** Of the request; each fits into an entry behind the head. */
      pieces: Range[]
      records: number
      /**
       * `rejectedLogEventsInfo` of the answer, if there is anything to tell, and how many events that are, and their
       * bytes.
       */
      rejected: { info: RejectedInfo; records: number; bytes: number } | undefined
    }
  | { ok: false; error: AwsError; isLarge: boolean }

export interface RejectedInfo {
  /** Exclusive. */
  tooOldLogEventEndIndex?: number
  /** Inclusive. */
  tooNewLogEventStartIndex?: number
}

export function readPutLogEvents(bytes: Bytes, nowMs: number, entryBytesMax: number): PutLogEvents {
  const { length } = bytes
  if (!isUtf8(bytes, 0, length) || !isJsonObject(bytes, 0, length)) {
    return refused({ type: 'SerializationException', message: 'The body is not a JSON object.' })
  }
  const request = new Members(REQUEST)
  request.read(bytes, skipSpace(bytes, 0, length), length)
  const group = stringOf(bytes, request, 0)
  const stream = stringOf(bytes, request, 1)
  if (group === undefined || !GROUP.test(group)) return unsatisfied(group ?? 'null', 'logGroupName', PATTERN_OF.group)
  if (stream === undefined || !STREAM.test(stream))
    return unsatisfied(stream ?? 'null', 'logStreamName', PATTERN_OF.stream)
  const list = request.from[2]!
  if (!request.has(2) || bytes[list] !== OPEN_BRACKET) {
    return invalid("Value null at 'logEvents' failed to satisfy constraint: Member must not be null")
  }
  const head = fromText(`${JSON.stringify({ [CLOUDWATCH_SHARED[0]]: group, [CLOUDWATCH_SHARED[1]]: stream })}\n`)
  return readEvents(bytes, list + 1, request.to[2]! - 1, nowMs, head, entryBytesMax - head.length)
}

/** [from, to) is what the array holds. */
function readEvents(
  bytes: Bytes,
  from: number,
  to: number,
  nowMs: number,
  head: Bytes,
  pieceBytesMax: number,
): PutLogEvents {
  const event = new Members(EVENT)
  const pieces: Range[] = []
  const info: RejectedInfo = {}
  const times = { first: 0, last: 0 }
  let [index, records, weight, rejectedBytes] = [0, 0, 0, 0]
  for (let at = skipSpace(bytes, from, to); at < to; index++) {
    if (index === EVENTS_MAX)
      return invalid(
        "Value at 'logEvents' failed to satisfy constraint: Member must have length less than or equal to 10000",
      )
    const end = bytes[at] === OPEN_BRACE ? event.read(bytes, at, to) : -1
    const time = end === -1 ? undefined : timeOf(bytes, event)
    const message = end === -1 ? undefined : messageBytes(bytes, event)
    if (time === undefined)
      return unsatisfied('', `logEvents.${index + 1}.member.timestamp`, 'Member must be a whole number, 0 or more')
    if (message === undefined) return unsatisfied('', `logEvents.${index + 1}.member.message`, NOT_EMPTY)
    weight += message + EVENT_OVERHEAD_BYTES
    if (weight > BATCH_BYTES_MAX) return large(`Upload too large: bytes exceeds limit of ${BATCH_BYTES_MAX}`)
    if (index > 0 && time < times.last)
      return invalid('Log events in a single PutLogEvents request must be in chronological order.')
    times.last = time
    if (time < nowMs - AGE_MS_MAX) info.tooOldLogEventEndIndex = index + 1
    else if (time > nowMs + AHEAD_MS_MAX) info.tooNewLogEventStartIndex ??= index
    else {
      if (records === 0) times.first = time
      if (time - times.first > SPAN_MS_MAX)
        return invalid('The batch of log events in a single PutLogEvents request cannot span more than 24 hours.')
      const piece = pieces.at(-1)
      if (end - at > pieceBytesMax) return large('A single event is larger than the intake allows.')
      if (piece !== undefined && end - piece.from <= pieceBytesMax) piece.to = end
      else pieces.push({ from: at, to: end })
      records++
    }
    if (info.tooNewLogEventStartIndex !== undefined || records === 0) rejectedBytes += end - at
    at = skipSpace(bytes, end, to)
    if (at < to && bytes[at] === COMMA) at = skipSpace(bytes, at + 1, to)
  }
  if (index === 0)
    return invalid(
      "Value '[]' at 'logEvents' failed to satisfy constraint: Member must have length greater than or equal to 1",
    )
  const rejected = records === index ? undefined : { info, records: index - records, bytes: rejectedBytes }
  return { ok: true, head, pieces, records, rejected }
}

function stringOf(bytes: Bytes, members: Members, name: number): string | undefined {
  if (!members.has(name) || bytes[members.from[name]!] !== QUOTE) return undefined
  return JSON.parse(utf8(bytes, members.from[name]!, members.to[name]!)) as string
}

function timeOf(bytes: Bytes, event: Members): number | undefined {
  if (!event.has(0) || event.to[0]! - event.from[0]! > 16) return undefined
  const text = latin1(bytes, event.from[0]!, event.to[0]!)
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

/** Bytes of the message in UTF-8; undefined when there is none. */
function messageBytes(bytes: Bytes, event: Members): number | undefined {
  const [from, to] = [event.from[1]!, event.to[1]!]
  if (!event.has(1) || bytes[from] !== QUOTE || to - from === 2) return undefined
  if (indexOfByte(bytes, BACKSLASH, from, to) === -1) return to - from - 2
  return utf8Length(JSON.parse(utf8(bytes, from, to)) as string)
}

function invalid(message: string): PutLogEvents {
  return refused({ type: 'InvalidParameterException', message })
}

/** In the words of AWS. */
function unsatisfied(value: string, place: string, constraint: string): PutLogEvents {
  const shown = value.slice(0, VALUE_CHARACTERS_MAX)
  return invalid(`Value '${shown}' at '${place}' failed to satisfy constraint: ${constraint}`)
}

const VALUE_CHARACTERS_MAX = 512
const NOT_EMPTY = 'Member must have length greater than or equal to 1'
const PATTERN_OF = {
  group: 'Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+',
  stream: 'Member must satisfy regular expression pattern: [^:*]*',
}

function large(message: string): PutLogEvents {
  return { ok: false, error: { type: 'InvalidParameterException', message }, isLarge: true }
}

function refused(error: AwsError): PutLogEvents {
  return { ok: false, error, isLarge: false }
}
