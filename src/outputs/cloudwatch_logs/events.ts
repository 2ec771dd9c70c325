/**
 * Batches as CloudWatch Logs wants them (API reference, PutLogEvents): sorted by time, within a day, without what it
 * would refuse. An event is encoded as
 *
 *   {"timestamp":1767225600000,"message":"…"},
 */
import type { Batch, Refusal } from '#component/output.ts'
import { type Bytes, concat, fromText } from '#std/bytes.ts'

/** What CloudWatch counts for an event beside its message in UTF-8. */
export const EVENT_OVERHEAD_BYTES = 26
const HOUR_MS = 3_600_000
const SPAN_MS_MAX = 24 * HOUR_MS
const AGE_MS_MAX = 14 * 24 * HOUR_MS
const AHEAD_MS_MAX = 2 * HOUR_MS

const TIME_AT = '{"timestamp":'.length
const BETWEEN_BYTES = ',"message":"'.length
const END_BYTES = '"},'.length

const BACKSLASH = 0x5c
const LOWER_U = 0x75
const ZERO = 0x30
const NINE = 0x39

/** Bytes of an encoded event as CloudWatch counts them: those of its message before it was escaped, and 26. */
export function weigh(bytes: Bytes, from: number, to: number): number {
  const start = messageAt(bytes, from)
  const end = to - END_BYTES
  let weight = end - start + EVENT_OVERHEAD_BYTES
  for (let at = start; at < end; at++) {
    if (bytes[at] !== BACKSLASH) continue
    const extra = bytes[at + 1] === LOWER_U ? 5 : 1
    weight -= extra
    at += extra
  }
  return weight
}

export interface Calls {
  /** For each call, its records in the order in which they are sent. */
  calls: number[][]
  /** What CloudWatch would refuse, known before it is asked. */
  refused: Refusal[]
}

export function callsOf(batch: Batch, nowMs: number): Calls {
  const { bytes, ends, records } = batch
  const refused: Refusal[] = []
  const times = new Float64Array(records)
  const order: number[] = []
  let sorted = true
  for (let record = 0, from = 0; record < records; from = ends[record++]!) {
    const time = timeOf(bytes, from)
    const problem = problemOf(time, nowMs, ends[record]! - END_BYTES === messageAt(bytes, from))
    if (problem !== undefined) {
      refused.push({ record, ...problem })
      continue
    }
    times[record] = time
    sorted &&= order.length === 0 || times[order.at(-1)!]! <= time
    order.push(record)
  }
  // Equal times keep their order: sorting is stable.
  if (!sorted) order.sort((a, b) => times[a]! - times[b]!)
  return { calls: cutByDay(order, times), refused }
}

function cutByDay(order: number[], times: Float64Array): number[][] {
  const calls: number[][] = []
  let first = Number.NEGATIVE_INFINITY
  for (const record of order) {
    const time = times[record]!
    if (time - first > SPAN_MS_MAX) {
      calls.push([])
      first = time
    }
    calls.at(-1)!.push(record)
  }
  return calls
}

const TOO_OLD = { code: 'too_old', message: 'older than the 14 days that CloudWatch Logs takes' }
const TOO_NEW = { code: 'too_new', message: 'more than 2 hours ahead, which CloudWatch Logs does not take' }
const EMPTY = { code: 'empty_message', message: 'empty, which CloudWatch Logs does not take' }

function problemOf(time: number, nowMs: number, empty: boolean): Omit<Refusal, 'record'> | undefined {
  if (time < nowMs - AGE_MS_MAX) return TOO_OLD
  if (time > nowMs + AHEAD_MS_MAX) return TOO_NEW
  return empty ? EMPTY : undefined
}

const CLOSE = fromText(']}')

/** The body of a call. `open` is what stands before the events. */
export function bodyOf(open: Bytes, { bytes, ends }: Batch, records: readonly number[]): Bytes {
  const parts = records.map((record) => bytes.subarray(record === 0 ? 0 : ends[record - 1]!, ends[record]!))
  const last = parts.length - 1
  parts[last] = parts[last]!.subarray(0, -1)
  return concat([open, ...parts, CLOSE])
}

/** What an answer says of events that it did not take, which are the first or the last of a call. */
export interface Rejected {
  tooOldLogEventEndIndex?: number
  expiredLogEventEndIndex?: number
  tooNewLogEventStartIndex?: number
}

const EXPIRED = { code: 'expired', message: "older than the log group's retention" }

/** `records` as they were sent. */
export function refusalsIn(rejected: Rejected, records: readonly number[]): Refusal[] {
  const { tooOldLogEventEndIndex: old = 0, expiredLogEventEndIndex: expired = 0 } = rejected
  const { tooNewLogEventStartIndex: ahead = records.length } = rejected
  return records.flatMap((record, i) => {
    const problem = i < old ? TOO_OLD : i < expired ? EXPIRED : i >= ahead ? TOO_NEW : undefined
    return problem === undefined ? [] : [{ record, ...problem }]
  })
}

function timeOf(bytes: Bytes, from: number): number {
  let time = 0
  for (let at = from + TIME_AT; isDigit(bytes[at]); at++) time = time * 10 + bytes[at]! - ZERO
  return time
}

function messageAt(bytes: Bytes, from: number): number {
  let at = from + TIME_AT
  while (isDigit(bytes[at])) at++
  return at + BETWEEN_BYTES
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE
}
