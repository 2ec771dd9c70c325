import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { asSearch, oneOf, type RawSearch } from '#ui/kit/search.ts'
import { type RangeSearch, rangeIn } from '#ui/kit/time-range.tsx'
import { appRoute } from '#ui/routes.tsx'

export interface OverviewSearch extends RangeSearch {
  /** What the chart shows; bytes where it is not given. */
  measure?: 'records'
  /** Figures stand still. */
  refresh?: 'off'
}

export const overviewRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/',
  validateSearch: (search: RawSearch): OverviewSearch => ({
    ...rangeIn(search),
    ...asSearch({ measure: oneOf(search, 'measure', ['records']), refresh: oneOf(search, 'refresh', ['off']) }),
  }),
  component: lazyRouteComponent(() => import('#ui/screens/overview/overview.tsx'), 'Overview'),
})
