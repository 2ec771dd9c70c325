/** What became of the samples, counted and sorted into groups. */

import type { TriedRecord } from '#ui/engine/messages.ts'
import { type Outcome, outcomeOf } from '#ui/kit/outcomes.ts'

export interface Group {
  /** `kept`, `edited`, or how it ended and by which rule: `dropped:drop_debug`. */
  key: string
  outcome: Outcome
  rule: string | null
  count: number
}

export interface Totals {
  groups: Group[]
  bytesIn: number
  bytesOut: number
}

export function groupKey(record: TriedRecord): string {
  const outcome = triedOutcome(record)
  return record.rule === null ? outcome : `${outcome}:${record.rule}`
}

export function triedOutcome(record: TriedRecord): Outcome {
  const outcome = outcomeOf(record)
  return outcome === 'forwarded' ? 'kept' : outcome
}

export function totalsOf(records: readonly TriedRecord[]): Totals {
  const groups = new Map<string, Group>()
  let bytesIn = 0
  let bytesOut = 0
  for (const record of records) {
    bytesIn += record.bytes_in
    bytesOut += record.bytes_out
    const key = groupKey(record)
    const group = groups.get(key) ?? { key, outcome: triedOutcome(record), rule: record.rule, count: 0 }
    group.count++
    groups.set(key, group)
  }
  const rank = ({ outcome }: Group) => (outcome === 'kept' ? 0 : outcome === 'edited' ? 1 : 2)
  const sorted = [...groups.values()].sort((a, b) => rank(a) - rank(b) || b.count - a.count)
  return { groups: sorted, bytesIn, bytesOut }
}

/** Where the next record that rules changed is, from `at` in direction `by`, in a list of their groups; or where it is now. */
export function nextChanged(keys: readonly string[], at: number, by: 1 | -1): number {
  for (let place = at + by; place >= 0 && place < keys.length; place += by) if (keys[place] !== 'kept') return place
  return at
}
