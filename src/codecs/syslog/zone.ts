/** The zone of times that name none: an IANA name such as `Europe/Berlin`, or an offset such as `+02:00`. */

const HOUR_MS = 3_600_000
/** Names come with entries; more than these at once are no configuration. */
const ZONES_MAX = 64
/** Hours whose offset is remembered, for each zone. */
const HOURS_MAX = 256

export class Zone {
  readonly name: string
  readonly #format: Intl.DateTimeFormat | undefined
  readonly #offsets = new Map<number, number>()

  /** Throws `RangeError` when there is no such zone. */
  constructor(name: string) {
    this.name = name
    this.#format =
      name === 'UTC'
        ? undefined
        : new Intl.DateTimeFormat('en-US', {
            ...{ timeZone: name, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' },
            ...{ hour: 'numeric', minute: 'numeric' },
          })
  }

  /**
   * Unix time of what a clock on the wall shows, which is given as if it were UTC. Of an hour that is there twice, one
   * of the two.
   */
  utcOf(wallMs: number): number {
    if (this.#format === undefined) return wallMs
    return wallMs - this.#offsetAt(wallMs - this.#offsetAt(wallMs))
  }

  /** Asked once for each hour: zones change their offset at full hours, nearly all of them. */
  #offsetAt(utc: number): number {
    const hour = Math.floor(utc / HOUR_MS)
    const known = this.#offsets.get(hour)
    if (known !== undefined) return known
    if (this.#offsets.size >= HOURS_MAX) this.#offsets.clear()
    const at = hour * HOUR_MS
    const parts: Record<string, number> = {}
    for (const { type, value } of this.#format!.formatToParts(at)) parts[type] = Number(value)
    const date = Date.UTC(parts['year']!, parts['month']! - 1, parts['day']!, parts['hour']!, parts['minute']!)
    const offset = date - at
    this.#offsets.set(hour, offset)
    return offset
  }
}

export const UTC = new Zone('UTC')

const known = new Map<string, Zone>([['UTC', UTC]])

/** Undefined: there is no such zone. */
export function zoneNamed(name: string): Zone | undefined {
  const zone = known.get(name)
  if (zone !== undefined) return zone
  try {
    const made = new Zone(name)
    if (known.size < ZONES_MAX) known.set(name, made)
    return made
  } catch {
    return undefined
  }
}
