/** What charts draw. */

export interface ChartSeries {
  key: string
  label: string
  /** `var(--name)` of the theme. */
  color: string
  /** One for each moment; null: no figure. */
  values: readonly (number | null)[]
}

/** Sums from the last series up to the first: the first is the highest, and is drawn first. Null where all are null. */
export function stacked(series: readonly (readonly (number | null)[])[]): (number | null)[][] {
  const sums: (number | null)[][] = []
  let below: (number | null)[] = []
  for (const values of [...series].reverse()) {
    below = values.map((value, index) => {
      const under = below[index] ?? null
      return value === null && under === null ? null : (value ?? 0) + (under ?? 0)
    })
    sums.unshift(below)
  }
  return sums
}

/**
 * The first step of which anything is known: the first with a figure other than zero, or that in which those that report were first
 * seen. A line at zero before it would say more than is known. `stepMs` apart; as many as there are steps where nothing is known.
 */
export function firstKnown(
  times: readonly number[],
  stepMs: number,
  figures: readonly (readonly number[])[],
  firstSeen = Number.POSITIVE_INFINITY,
): number {
  const index = times.findIndex(
    (at, step) => at + stepMs > firstSeen || figures.some((values) => (values[step] ?? 0) !== 0),
  )
  return index === -1 ? times.length : index
}

/** The figures, with nothing in place of those before the first that is known. */
export function knownFrom(values: readonly number[], first: number): (number | null)[] {
  return values.map((value, index) => (index < first ? null : value))
}

/** Figures with none before and none after, which no line would show. */
export function lonely(values: ArrayLike<number | null | undefined>): number[] {
  const isThere = (index: number) => values[index] !== null && values[index] !== undefined
  return Array.from(values, (_, index) => index).filter(
    (index) => isThere(index) && !isThere(index - 1) && !isThere(index + 1),
  )
}

const DAY_S = 86_400

/** Ticks of an axis of time as the viewer writes them; a second line has the day where it begins. In seconds. */
export function timeTicks(ticks: readonly number[], step: number, timeZone?: string): string[] {
  const zone = timeZone === undefined ? {} : { timeZone }
  const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', ...zone })
  if (step >= DAY_S) return ticks.map((tick) => day.format(tick * 1000))
  const seconds = step < 60 ? ({ second: '2-digit' } as const) : {}
  const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', ...seconds, ...zone })
  let before = ''
  return ticks.map((tick) => {
    const date = day.format(tick * 1000)
    const text = clock.format(tick * 1000)
    const isNew = date !== before
    before = date
    return isNew ? `${text}\n${date}` : text
  })
}

/** Labels from left to right; those that would cover each other become one, from the first to the last. */
export function joinedLabels(
  labels: readonly { x: number; label: string }[],
  width: number,
): { x: number; label: string }[] {
  const groups: { x: number; end: number; first: string; last: string }[] = []
  for (const { x, label } of [...labels].sort((a, b) => a.x - b.x)) {
    const group = groups.at(-1)
    if (group === undefined || x - group.end >= width) groups.push({ x, end: x, first: label, last: label })
    else {
      group.end = x
      group.last = label
    }
  }
  return groups.map(({ x, first, last }) => ({ x, label: first === last ? first : `${first} – ${last}` }))
}
