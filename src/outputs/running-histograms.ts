/** As `running-sums.ts`, for histograms: cumulative ones become those of the intervals between their points. */
import type { Histogram } from '#codecs/metric/distribution.ts'
import type { Envelope } from '#codecs/metric/envelope.ts'
import { latin1 } from '#std/bytes.ts'

/** `first`: nothing is to be sent, it is what the next is compared with. */
export type ToldHistogram =
  | { kind: 'value'; histogram: Histogram }
  | { kind: 'first' }
  | { kind: 'refused'; code: string; message: string }

interface Known {
  histogram: Histogram
  timeMs: number
  startMs: number
}

/** Points that were told and are not settled: more than are in batches at once. Beyond it the oldest count as settled. */
const OPEN_MAX = 50_000
const FIRST: ToldHistogram = { kind: 'first' }
const OUT_OF_ORDER: ToldHistogram = {
  kind: 'refused',
  code: 'out_of_order',
  message: 'a later point of the series came before it',
}

export class RunningHistograms {
  readonly #seriesMax: number
  readonly #known = new Map<string, Known>()
  readonly #open = new Map<string, ToldHistogram>()

  constructor(seriesMax: number) {
    this.#seriesMax = seriesMax
  }

  /** What has come since the point before. It begins anew when a count falls, its bounds change, or it says that it has. */
  deltaOf(point: Envelope, histogram: Histogram): ToldHistogram {
    const opened = this.#open.get(openKey(point))
    if (opened !== undefined) return opened
    const { timeMs, startMs } = point
    const key = keyOf(point)
    const known = this.#known.get(key)
    if (known !== undefined && timeMs <= known.timeMs) {
      return histogram.count === known.histogram.count ? FIRST : OUT_OF_ORDER
    }
    // The first of the map is the one that has not come for longest.
    this.#known.delete(key)
    this.#known.set(key, { histogram, timeMs, startMs })
    if (this.#known.size > this.#seriesMax) this.#known.delete(this.#known.keys().next().value!)
    const told: ToldHistogram =
      known === undefined ? FIRST : { kind: 'value', histogram: since(histogram, startMs, known) }
    this.#open.set(openKey(point), told)
    if (this.#open.size > OPEN_MAX) this.#open.delete(this.#open.keys().next().value!)
    return told
  }

  /** The point has gone through, or never will. */
  settle(point: Envelope): void {
    this.#open.delete(openKey(point))
  }
}

function since(histogram: Histogram, startMs: number, { histogram: before, ...known }: Known): Histogram {
  const { counts, bounds, count, sum } = histogram
  const isLike =
    counts.length === before.counts.length &&
    bounds.length === before.bounds.length &&
    bounds.every((bound, i) => bound === before.bounds[i]) &&
    counts.every((each, i) => each >= before.counts[i]!)
  const isAnew = startMs > known.startMs && startMs >= known.timeMs
  if (!isLike || isAnew) return histogram
  return {
    count: count - before.count,
    sum: sum === undefined || before.sum === undefined ? undefined : sum - before.sum,
    // Those that are told are of all the time since the start.
    min: undefined,
    max: undefined,
    counts: counts.map((each, i) => each - before.counts[i]!),
    bounds,
  }
}

function keyOf({ bytes, keyFrom, bodyFrom }: Envelope): string {
  return latin1(bytes, keyFrom, bodyFrom)
}

function openKey(point: Envelope): string {
  return `${point.timeMs} ${keyOf(point)}`
}
