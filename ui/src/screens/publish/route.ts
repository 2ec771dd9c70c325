import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { asSearch, numberIn, type RawSearch, textIn } from '#ui/kit/search.ts'
import { appRoute } from '#ui/routes.tsx'

export interface PublishSearch {
  /** Id of the receipt that is looked at. */
  receipt?: string
  /** What has just been published: shows what becomes of it. */
  published?: number
}

const NUMBER_MAX = 999_999_999

export const publishRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/publish',
  validateSearch: (search: RawSearch): PublishSearch =>
    asSearch({ receipt: textIn(search, 'receipt', 64), published: numberIn(search, 'published', 1, NUMBER_MAX) }),
  component: lazyRouteComponent(() => import('#ui/screens/publish/publish.tsx'), 'Publish'),
})
