/**
 * What outputs remember of sums: cumulative ones become deltas, and deltas totals. On the wire thread, so that it is
 * one memory whatever the number of engines, and they may be replaced.
 *
 * A batch may be sent again, so what was told of a point is told again until the point is settled: `settle` says that
 * it has gone through, or never will.
 */
import { z } from 'zod'
import type { Envelope } from '#codecs/metric/envelope.ts'
import { latin1 } from '#std/bytes.ts'

/** To be spread into an output's schema. */
export const seriesMaxOption = {
  series_max: z
    .int()
    .min(1)
    .max(4_000_000)
    .default(100_000)
    .describe('Series whose sums are remembered, to convert them; the one that has not come for longest is forgotten.'),
}

/** What is to be sent for a point. `first`: nothing, it is what the next is compared with. */
export type Told =
  | { kind: 'value'; value: number; startMs: number }
  | { kind: 'first' }
  | { kind: 'refused'; code: string; message: string }

interface Known {
  /** Cumulative sums: as it came last. Deltas: the total. */
  value: number
  timeMs: number
  startMs: number
}

/**
 * Points that were told and are not settled: more than are in batches at once. Beyond it the oldest count as settled.
 */
const OPEN_MAX = 200_000
const OUT_OF_ORDER: Told = {
  kind: 'refused',
  code: 'out_of_order',
  message: 'a later point of the series came before it',
}
const FIRST: Told = { kind: 'first' }

export class RunningSums {
  readonly #seriesMax: number
  readonly #known = new Map<string, Known>()
  readonly #open = new Map<string, Told>()

  constructor(seriesMax: number) {
    this.#seriesMax = seriesMax
  }

  /** How much a cumulative sum has grown. It begins anew when it falls, or says that it has. */
  deltaOf(point: Envelope): Told {
    const { value, timeMs, startMs } = point
    const opened = this.#open.get(openKey(point))
    if (opened !== undefined) return opened
    const known = this.#known.get(keyOf(point))
    // The same point once more, after it was settled: its sender was not sure.
    if (known !== undefined && timeMs <= known.timeMs) return value === known.value ? FIRST : OUT_OF_ORDER
    this.#remember(point, { value, timeMs, startMs })
    if (known === undefined) return this.#opened(point, FIRST)
    const isAnew = value < known.value || (startMs > known.startMs && startMs >= known.timeMs)
    const delta = isAnew ? value : value - known.value
    return this.#opened(point, { kind: 'value', value: delta, startMs: known.timeMs })
  }

  /** The sum of all deltas so far, and since when. `delta` and its start may be those that `deltaOf` has told. */
  totalOf(point: Envelope, delta = point.value, deltaStartMs = point.startMs): Told {
    const opened = this.#open.get(openKey(point))
    if (opened !== undefined) return opened
    const known = this.#known.get(keyOf(point))
    if (known !== undefined && point.timeMs <= known.timeMs) return OUT_OF_ORDER
    const startMs = known?.startMs ?? (deltaStartMs || point.timeMs - Math.max(1, point.intervalMs))
    const value = (known?.value ?? 0) + delta
    this.#remember(point, { value, timeMs: point.timeMs, startMs })
    return this.#opened(point, { kind: 'value', value, startMs })
  }

  /** The point has gone through, or never will. */
  settle(point: Envelope): void {
    this.#open.delete(openKey(point))
  }

  #remember(point: Envelope, known: Known): void {
    const key = keyOf(point)
    // The first of the map is the one that has not come for longest.
    this.#known.delete(key)
    this.#known.set(key, known)
    if (this.#known.size > this.#seriesMax) this.#known.delete(this.#known.keys().next().value!)
  }

  #opened(point: Envelope, told: Told): Told {
    this.#open.set(openKey(point), told)
    if (this.#open.size > OPEN_MAX) this.#open.delete(this.#open.keys().next().value!)
    return told
  }
}

function keyOf({ bytes, keyFrom, bodyFrom, bodyTo }: Envelope): string {
  return bodyFrom > keyFrom ? latin1(bytes, keyFrom, bodyFrom) : latin1(bytes, bodyFrom, bodyTo)
}

function openKey(point: Envelope): string {
  return `${point.timeMs} ${keyOf(point)}`
}
