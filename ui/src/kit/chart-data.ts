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
