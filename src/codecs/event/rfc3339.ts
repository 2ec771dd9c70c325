/** Times as RFC 3339 in UTC, such as `2026-01-31T08:15:30.5Z`, with as many digits as they have. */

const NANOS_PER_SECOND = 1_000_000_000
/** The end of the year 9999. */
const SECONDS_MAX = 253_402_300_799

export class Rfc3339Writer {
  /** Neighbours are of the same second, mostly. */
  #second = -1
  #text = ''

  /**
   * Undefined for what says nothing or cannot be written: times before 1970 or behind 9999, the very beginning of 1970,
   * and nanoseconds of a second or more.
   */
  write(seconds: number, nanos: number): string | undefined {
    if (!(seconds >= 0 && seconds <= SECONDS_MAX && nanos >= 0 && nanos < NANOS_PER_SECOND)) return undefined
    if (seconds === 0 && nanos === 0) return undefined
    if (seconds !== this.#second) {
      this.#second = seconds
      this.#text = new Date(seconds * 1000).toISOString().slice(0, -5)
    }
    return nanos === 0 ? `${this.#text}Z` : `${this.#text}.${String(nanos).padStart(9, '0').replace(/0+$/, '')}Z`
  }
}
