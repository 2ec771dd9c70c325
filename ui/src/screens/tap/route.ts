import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import type { Fate } from '#contract/observation.ts'
import { asSearch, numberIn, oneOf, type RawSearch, textIn } from '#ui/kit/search.ts'
import { appRoute } from '#ui/routes.tsx'

/** What is watched. Whether it is unredacted stands not here: that takes a reason each time. */
export interface TapSearch {
  gateway?: string
  pipeline?: string
  rule?: string
  fate?: Fate
  /** A condition as rules have it, as JSON. */
  when?: string
  /** Records of each gateway in a second, at most. */
  rate?: number
}

export const RATE_DEFAULT = 20
export const RATE_MAX = 1000
export const WHEN_CHARACTERS_MAX = 4096

export const fateNames = {
  forwarded: 'Forwarded',
  dropped: 'Dropped',
  sampled: 'Sampled',
  deduplicated: 'Deduplicated',
  aggregated: 'Aggregated',
  quarantined: 'Quarantined',
} as const satisfies Record<Fate, string>

export const tapRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/tap',
  validateSearch: (search: RawSearch): TapSearch => {
    const when = typeof search['when'] === 'object' ? JSON.stringify(search['when']) : undefined
    return asSearch({
      gateway: textIn(search, 'gateway', 64),
      pipeline: textIn(search, 'pipeline', 128),
      rule: textIn(search, 'rule', 128),
      fate: oneOf(search, 'fate', Object.keys(fateNames) as Fate[]),
      when: when ?? textIn(search, 'when', WHEN_CHARACTERS_MAX),
      rate: numberIn(search, 'rate', 1, RATE_MAX),
    })
  },
  component: lazyRouteComponent(() => import('#ui/screens/tap/tap.tsx'), 'Tap'),
})
