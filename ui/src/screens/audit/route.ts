import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { asSearch, numberIn, type RawSearch, textIn } from '#ui/kit/search.ts'
import { type RangeSearch, rangeIn } from '#ui/kit/time-range.tsx'
import { appRoute } from '#ui/routes.tsx'

export interface AuditSearch extends RangeSearch {
  actor?: string
  /** How the action begins. */
  action?: string
  /** How the object begins. */
  object?: string
  /** Number of the entry that is open. */
  entry?: number
}

export const auditRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/audit',
  validateSearch: (search: RawSearch): AuditSearch => ({
    ...rangeIn(search),
    ...asSearch({
      actor: textIn(search, 'actor', 256),
      action: textIn(search, 'action', 256),
      object: textIn(search, 'object', 1024),
      entry: numberIn(search, 'entry', 1, Number.MAX_SAFE_INTEGER),
    }),
  }),
  component: lazyRouteComponent(() => import('#ui/screens/audit/audit.tsx'), 'Audit'),
})
