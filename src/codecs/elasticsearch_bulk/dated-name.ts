/** Names of indices that carry a date, in UTC: `logs-%Y.%m.%d`. */

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/**
 * A record that says it is older, or this far ahead of its arrival, goes to the index of its arrival: a wrong clock,
 * or somebody
 * who writes any date into a record, would otherwise make an index for each, which is what Elasticsearch clusters
 * die of.
 */
const BEHIND_MAX_MS = 30 * DAY_MS
const AHEAD_MAX_MS = DAY_MS

const FIELD = /%([YmdH])/g

export class DatedName {
  /** As UTF-8. */
  readonly bytesMax: number
  readonly #pattern: string
  /** The last hour that was asked for, and its name: most records have the same. */
  #hour = -1
  #name = ''

  constructor(pattern: string) {
    this.#pattern = pattern
    // `%Y` becomes four digits, any other two.
    this.bytesMax = 2 * pattern.length + 4
  }

  /** For a record of `timeMs` that came at `arrivalMs`. */
  at(timeMs: number, arrivalMs: number): string {
    const isLikely = timeMs >= arrivalMs - BEHIND_MAX_MS && timeMs <= arrivalMs + AHEAD_MAX_MS
    const hour = Math.floor((isLikely ? timeMs : arrivalMs) / HOUR_MS)
    if (hour === this.#hour) return this.#name
    this.#hour = hour
    const text = new Date(hour * HOUR_MS).toISOString()
    const fields: Record<string, string> = {
      Y: text.slice(0, 4),
      m: text.slice(5, 7),
      d: text.slice(8, 10),
      H: text.slice(11, 13),
    }
    this.#name = this.#pattern.replace(FIELD, (_, field: string) => fields[field]!)
    return this.#name
  }
}
