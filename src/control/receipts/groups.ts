/** Records by service and by severity. */
import { severityNames } from '#codecs/event/level.ts'
import type { GroupEffect } from '#contract/receipt.ts'
import { amountOf, Comparison, type Side } from './comparison.ts'
import { Quantity } from './scale.ts'
import type { Stratum } from './stratum.ts'

/** Services with a row of their own; all others are `OTHER`. */
export const SERVICES_MAX = 50
export const OTHER = 'other'
/** Records that name no service. */
export const NONE = '(none)'
const NAME_CHARACTERS_MAX = 128

/** From here on a record tells of an error. */
export const ERROR_FROM = 17

/** The names that get rows: those with the most bytes in the sample. */
export function largest(bytesByName: ReadonlyMap<string, number>): Set<string> {
  const names = [...bytesByName].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
  return new Set(names.slice(0, SERVICES_MAX).map(([name]) => name))
}

export function serviceName(service: string | undefined): string {
  return service === undefined || service === '' ? NONE : service.slice(0, NAME_CHARACTERS_MAX)
}

export class Groups {
  readonly #strata: readonly Stratum[]
  readonly #rows = new Map<string, { in: Quantity; out: Comparison }>()

  constructor(strata: readonly Stratum[]) {
    this.#strata = strata
  }

  add(name: string, stratum: number, live: Side, candidate: Side, bytesIn: number): void {
    let row = this.#rows.get(name)
    if (row === undefined) {
      row = { in: new Quantity(this.#strata), out: new Comparison(this.#strata) }
      this.#rows.set(name, row)
    }
    row.in.add(stratum, 1, bytesIn, bytesIn)
    row.out.add(stratum, live, candidate, bytesIn)
  }

  /** Those with the most bytes in first. */
  rows(): GroupEffect[] {
    return [...this.#rows]
      .map(([name, row]) => ({ name, in: amountOf(row.in), out: row.out.compared() }))
      .sort((a, b) => b.in.bytes.value - a.in.bytes.value || (a.name < b.name ? -1 : 1))
  }
}

/** The worst first. */
export function bySeverity(rows: readonly GroupEffect[]): GroupEffect[] {
  return severityNames.flatMap((name) => rows.filter((row) => row.name === name))
}
