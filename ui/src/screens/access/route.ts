import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { asSearch, oneOf, type RawSearch, textIn } from '#ui/kit/search.ts'
import { appRoute } from '#ui/routes.tsx'

const accessTabs = ['users', 'keys', 'organisations', 'roles'] as const
export type AccessTab = (typeof accessTabs)[number]

export interface AccessSearch {
  /** Without it: what one may see first. */
  tab?: AccessTab
  /** Whose details are open. */
  user?: string
}

export const accessRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/access',
  validateSearch: (search: RawSearch): AccessSearch =>
    asSearch({ tab: oneOf(search, 'tab', accessTabs), user: textIn(search, 'user', 64) }),
  component: lazyRouteComponent(() => import('#ui/screens/access/access.tsx'), 'Access'),
})
