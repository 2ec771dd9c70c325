import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { asSearch, flagIn, type RawSearch, textIn } from '#ui/kit/search.ts'
import { type RangeSearch, rangeIn } from '#ui/kit/time-range.tsx'
import { appRoute } from '#ui/routes.tsx'

export interface RulesSearch extends RangeSearch {
  /** By default the one that the original routes know. */
  pipeline?: string
  /** The rule that is open. */
  rule?: string
  /** A new rule is being made. */
  add?: true
}

export const rulesRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/rules',
  validateSearch: (search: RawSearch): RulesSearch => ({
    ...asSearch({
      pipeline: textIn(search, 'pipeline', 128),
      rule: textIn(search, 'rule', 128),
      add: flagIn(search, 'add'),
    }),
    ...rangeIn(search),
  }),
  component: lazyRouteComponent(() => import('#ui/screens/rules/rules.tsx'), 'Rules'),
})
