/** What charts draw. */

export interface ChartSeries {
  key: string
  label: string
  /** `var(--name)` of the theme. */
  color: string
  /** One for each moment; null: no figure. */
  values: readonly (number | null)[]
}

/** Sums from the last series up to the first: the first is the highest, and is drawn first. */
export function stacked(series: readonly (readonly (number | null)[])[]): number[][] {
  const sums: number[][] = []
  let below: number[] = []
  for (const values of [...series].reverse()) {
    below = values.map((value, index) => (value ?? 0) + (below[index] ?? 0))
    sums.unshift(below)
  }
  return sums
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
