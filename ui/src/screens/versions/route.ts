import { createRoute, lazyRouteComponent, notFound } from '@tanstack/react-router'
import type { Content } from '#ui/api/configuration-queries.ts'
import { asSearch, type RawSearch } from '#ui/kit/search.ts'
import { appRoute } from '#ui/routes.tsx'
import { contentIn, versionNumberFrom } from '#ui/screens/versions/content-ref.ts'

/** What is compared; undefined: nothing. */
export interface VersionsSearch {
  from?: Content
  to?: Content
}

export const versionsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/versions',
  validateSearch: (search: RawSearch): VersionsSearch =>
    asSearch({ from: contentIn(search, 'from'), to: contentIn(search, 'to') }),
  component: lazyRouteComponent(() => import('#ui/screens/versions/versions.tsx'), 'Versions'),
})

export const versionRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/versions/$number',
  params: {
    parse: ({ number }) => {
      const parsed = versionNumberFrom(number)
      if (parsed === undefined) throw notFound()
      return { number: parsed }
    },
    stringify: ({ number }) => ({ number: String(number) }),
  },
  component: lazyRouteComponent(() => import('#ui/screens/versions/version.tsx'), 'VersionDetail'),
})
