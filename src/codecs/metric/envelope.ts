/**
 * A point for an output that knows what became of the points before it: what the output needs to know, and behind it
 * what the vendor gets, all but the value. So the engine makes labels and names, and only numbers are left for the
 * wire. Little-endian:
 *
 *    0  u8   what to do, see `Task`
 *    1  u8   of a refusal: its index in `refusals`; otherwise the vendor's own
 *    2  u16  0
 *    4  u32  milliseconds that the point covers; 0: unknown
 *    8  f64  value
 *   16  f64  time, Unix milliseconds
 *   24  f64  start of what a cumulative value covers; 0: unknown
 *   32  u32  length of the key
 *   36  u32  length of the body
 *   40  key: the same bytes, the same series; empty where the body says it
 *   ..  body: the vendor's
 */
import { type Bytes, copyBytes } from '#std/bytes.ts'
import type { MetricReader } from './record.ts'

export const ENVELOPE_BYTES = 40

/**
 * `SEND`: the value is what is to be sent, or stands in the body. `TO_DELTA`: it is the sum since `start`, and what is
 * to be sent is how much it has grown; `TO_TOTAL` the other way round. `NOTHING`: the series has ended, there is
 * nothing to be sent.
 */
export const Task = { SEND: 0, TO_DELTA: 1, TO_TOTAL: 2, NOTHING: 3, REFUSE: 4 } as const

export const refusals = [
  { code: 'not_finite', message: 'the value is infinite or not a number, which the other side does not take' },
  {
    code: 'cumulative_distribution',
    message: 'the distribution is cumulative, which the other side does not take, or not of this kind',
  },
  { code: 'unsupported_kind', message: 'the other side has nothing for points of this kind' },
  { code: 'no_name', message: 'the point has no name' },
] as const

/**
 * Writes everything but the lengths, which `closeEnvelope` writes. A point without a time is of when it arrived.
 * Returns where the key begins.
 */
export function openEnvelope(
  target: Bytes,
  at: number,
  task: number,
  detail: number,
  point: MetricReader,
  arrivalMs: number,
): number {
  target[at] = task
  target[at + 1] = detail
  target[at + 2] = 0
  target[at + 3] = 0
  target.writeUInt32LE(point.intervalMs, at + 4)
  target.writeDoubleLE(point.value, at + 8)
  target.writeDoubleLE(point.timeMs || arrivalMs, at + 16)
  target.writeDoubleLE(point.startMs, at + 24)
  return at + ENVELOPE_BYTES
}

/** The key ends at `bodyFrom`, the body at `to`. */
export function closeEnvelope(target: Bytes, at: number, bodyFrom: number, to: number): void {
  target.writeUInt32LE(bodyFrom - at - ENVELOPE_BYTES, at + 32)
  target.writeUInt32LE(to - bodyFrom, at + 36)
}

export function refusalOf(code: (typeof refusals)[number]['code']): number {
  return refusals.findIndex((refusal) => refusal.code === code)
}

/** One envelope, as it stands in a batch. */
export class Envelope {
  bytes!: Bytes
  task = 0
  detail = 0
  intervalMs = 0
  value = 0
  timeMs = 0
  startMs = 0
  keyFrom = 0
  bodyFrom = 0
  bodyTo = 0

  /** False: [from, to) is none. */
  read(bytes: Bytes, from: number, to: number): boolean {
    if (to - from < ENVELOPE_BYTES) return false
    this.bytes = bytes
    this.task = bytes[from]!
    this.detail = bytes[from + 1]!
    this.intervalMs = bytes.readUInt32LE(from + 4)
    this.value = bytes.readDoubleLE(from + 8)
    this.timeMs = bytes.readDoubleLE(from + 16)
    this.startMs = bytes.readDoubleLE(from + 24)
    this.keyFrom = from + ENVELOPE_BYTES
    this.bodyFrom = this.keyFrom + bytes.readUInt32LE(from + 32)
    this.bodyTo = this.bodyFrom + bytes.readUInt32LE(from + 36)
    return this.bodyTo === to
  }
}

/** Copies [from, to) to `at`. Returns the position behind it. */
export function append(source: Bytes, from: number, to: number, target: Bytes, at: number): number {
  copyBytes(source, from, to, target, at)
  return at + to - from
}
