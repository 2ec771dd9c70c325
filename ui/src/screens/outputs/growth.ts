/** How fast something grows, from what was seen of it in the last half minute. */

const OVER_MS = 30_000
const OVER_MS_MIN = 1500

export class Growth {
  readonly #seen = new Map<string, { at: number; value: number }[]>()

  /** `at`: when the figure was true; one that was seen already changes nothing. */
  see(key: string, at: number, value: number): void {
    const seen = this.#seen.get(key) ?? []
    const last = seen.at(-1)
    if (last !== undefined && at <= last.at) return
    this.#seen.set(key, [...seen.filter((one) => at - one.at <= OVER_MS), { at, value }])
  }

  /** Null until there is enough to tell. */
  perSecond(key: string): number | null {
    const seen = this.#seen.get(key) ?? []
    const [first, last] = [seen[0], seen.at(-1)]
    if (first === undefined || last === undefined || last.at - first.at < OVER_MS_MIN) return null
    return ((last.value - first.value) / (last.at - first.at)) * 1000
  }
}

/** When the rest is used up, at this pace; null: never. */
export function fullIn(bytes: number, max: number, perSecond: number | null): number | null {
  if (perSecond === null || perSecond <= 0 || max <= bytes) return null
  return ((max - bytes) / perSecond) * 1000
}
