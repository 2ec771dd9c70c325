/** How far somebody has come on the way to the first saving. */
import { useQuery } from '@tanstack/react-query'
import type { LiveEntry } from '#contract/series.ts'
import type { Amount, NodeStats } from '#contract/stats.ts'
import { aboutQuery, configurationsQuery, draftQuery } from '#ui/api/queries.ts'
import { savingsSummaryQuery } from '#ui/api/savings-queries.ts'
import { everSeenQuery, ownStatsQuery } from '#ui/screens/first-run/queries.ts'
import { hasRules, isPublished, ownOf, type Progress, runRules, takenIn, tookOff } from '#ui/screens/first-run/steps.ts'

const DRAFT_MS = 10_000

export interface FirstRunState {
  progress: Progress
  /** Since the nodes started. */
  taken: Amount
  /** Undefined: there is none beside this controller, or it follows another configuration. */
  own: NodeStats | undefined
  isKnown: boolean
  /** Whether there is a node beside this controller is known, and what it says. */
  isPlaceKnown: boolean
}

/** `isWaiting`: somebody looks at the page until the first line comes, and should not have to wait for the next report. */
export function useProgress(configuration: string, entries: readonly LiveEntry[], isWaiting: boolean): FirstRunState {
  const about = useQuery({ ...aboutQuery, enabled: isWaiting })
  const hasOwn = isWaiting && (about.data?.node ?? null) !== null
  const ownStats = useQuery({ ...ownStatsQuery, enabled: hasOwn })
  const configurations = useQuery(configurationsQuery)
  const one = configurations.data?.items.find(({ name }) => name === configuration)
  const draft = useQuery({
    ...draftQuery(configuration),
    refetchInterval: DRAFT_MS,
    enabled: one?.kind === 'streamgate',
  })
  const savings = useQuery(savingsSummaryQuery(configuration))
  const seen = useQuery(everSeenQuery(configuration))
  const own = ownOf(ownStats.data, entries)
  const others = entries.map(({ stats }) => stats).filter(({ id }) => id !== own?.id)
  const nodes = own === undefined ? others : [own, ...others]
  const taken = takenIn(nodes)
  const saved = savings.data?.saved
  const hasSaved = tookOff(nodes) || (saved !== undefined && (saved.records > 0 || saved.bytes > 0))
  const draftHasRules = hasRules(draft.data?.body)
  return {
    progress: {
      hasRecords: taken.records > 0 || seen.data === true,
      hasRules: draftHasRules,
      isPublished: isPublished(one, { hasRules: draftHasRules, runsRules: runRules(nodes), hasSaved }),
      hasSaved,
    },
    taken,
    own,
    isPlaceKnown: !about.isPending && (!hasOwn || !ownStats.isPending),
    isKnown: draft.data !== undefined && savings.data !== undefined,
  }
}
