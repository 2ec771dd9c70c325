/** The last records of a tap, newest first, and how many there were. */
import type { ObservedRecord } from '#contract/observation.ts'

/** So many are kept in the page; older ones give way. */
export const RECORDS_KEPT = 2000
/** The rate is shown of so many seconds. */
export const RATE_SECONDS = 60

export interface TapEntry {
  /** Counts up; never twice in one page. */
  id: number
  gateway: string
  record: ObservedRecord
}

let lastId = 0

export class TapRing {
  #entries: TapEntry[] = []
  /** Records that were shown, also those that have given way. */
  shown = 0
  /** Records that fitted and were not sent. */
  skipped = 0
  /** Records that fitted, by second: [second, count], oldest first. */
  #seconds: [number, number][] = []

  add(gateway: string, records: readonly ObservedRecord[], skipped: number, now: number): void {
    for (const record of records.slice(-RECORDS_KEPT)) this.#entries.push({ id: ++lastId, gateway, record })
    if (this.#entries.length > RECORDS_KEPT) this.#entries = this.#entries.slice(-RECORDS_KEPT)
    this.shown += records.length
    this.skipped += skipped
    const second = Math.floor(now / 1000)
    const last = this.#seconds.at(-1)
    if (last?.[0] === second) last[1] += records.length + skipped
    else this.#seconds.push([second, records.length + skipped])
    this.#seconds = this.#seconds.filter(([at]) => at > second - RATE_SECONDS)
  }

  newestFirst(): TapEntry[] {
    return this.#entries.toReversed()
  }

  /** Records that fitted, for each of the last `RATE_SECONDS` seconds that are over. */
  rates(now: number): number[] {
    const current = Math.floor(now / 1000)
    const counts = new Map(this.#seconds)
    return Array.from({ length: RATE_SECONDS }, (_, index) => counts.get(current - RATE_SECONDS + index) ?? 0)
  }

  clear(): void {
    this.#entries = []
    this.#seconds = []
    this.shown = 0
    this.skipped = 0
  }
}
