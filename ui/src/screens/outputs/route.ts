import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { asSearch, oneOf, type RawSearch, textIn } from '#ui/kit/search.ts'
import { type RangeSearch, rangeIn } from '#ui/kit/time-range.tsx'
import { appRoute } from '#ui/routes.tsx'

export const outputsTabs = ['outputs', 'dropped'] as const

export interface OutputsSearch {
  tab?: (typeof outputsTabs)[number]
  /** Of dropped records: which gateway and rule are looked at. */
  gateway?: string
  pipeline?: string
  rule?: string
}

export const outputsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/outputs',
  validateSearch: (search: RawSearch): OutputsSearch =>
    asSearch({
      tab: oneOf(search, 'tab', outputsTabs),
      gateway: textIn(search, 'gateway', 64),
      pipeline: textIn(search, 'pipeline', 256),
      rule: textIn(search, 'rule', 256),
    }),
  component: lazyRouteComponent(() => import('#ui/screens/outputs/outputs.tsx'), 'Outputs'),
})

export const outputTabs = ['summary', 'letters'] as const

export interface OutputSearch extends RangeSearch {
  tab?: (typeof outputTabs)[number]
  /** Of dead letters: whose are listed, and for which reason. */
  gateway?: string
  code?: string
}

export const outputRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/outputs/$output',
  validateSearch: (search: RawSearch): OutputSearch =>
    asSearch({
      tab: oneOf(search, 'tab', outputTabs),
      gateway: textIn(search, 'gateway', 64),
      code: textIn(search, 'code', 256),
      ...rangeIn(search),
    }),
  component: lazyRouteComponent(() => import('#ui/screens/outputs/output.tsx'), 'OutputScreen'),
})
