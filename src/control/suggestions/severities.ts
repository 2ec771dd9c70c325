import { severityName } from '#codecs/event/level.ts'
import type { Outgoing } from './outgoing.ts'

/** How many of the records, by their numbers, are of each severity. */
export function severitiesOf({ records }: Outgoing, members: readonly number[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const number of members) {
    const name = severityName(records[number]!.facts.severity)
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}
