import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { asSearch, type RawSearch, textIn } from '#ui/kit/search.ts'
import { appRoute } from '#ui/routes.tsx'

export interface StudioSearch {
  pipeline?: string
  /** Only records of this group, such as `edited` or `dropped:drop_debug`. */
  group?: string
}

export const studioRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/studio',
  validateSearch: (search: RawSearch): StudioSearch =>
    asSearch({ pipeline: textIn(search, 'pipeline', 128), group: textIn(search, 'group', 200) }),
  component: lazyRouteComponent(() => import('#ui/screens/studio/studio.tsx'), 'Studio'),
})
