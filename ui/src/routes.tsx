/** The routes that all screens hang on: `root`, and `app` for what only somebody who has logged in sees. */
import type { QueryClient } from '@tanstack/react-query'
import { createRootRouteWithContext, createRoute, Outlet, redirect, retainSearchParams } from '@tanstack/react-router'
import { ApiError } from '#ui/api/client.ts'
import { meQuery } from '#ui/api/queries.ts'
import { asSearch, type RawSearch, textIn } from '#ui/kit/search.ts'
import { Failed } from '#ui/kit/states.tsx'
import { NotFound } from '#ui/shell/not-found.tsx'
import { Shell } from '#ui/shell/shell.tsx'

export interface RouterContext {
  client: QueryClient
}

export const rootRoute = createRootRouteWithContext<RouterContext>()({
  component: Outlet,
  notFoundComponent: NotFound,
  errorComponent: ({ error, reset }) => <Failed error={error} retry={reset} />,
})

/** Which configuration the screens look at: it goes along from screen to screen. */
export interface AppSearch {
  configuration?: string
}

export const appRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'app',
  component: Shell,
  notFoundComponent: NotFound,
  validateSearch: (search: RawSearch): AppSearch => asSearch({ configuration: textIn(search, 'configuration', 128) }),
  search: { middlewares: [retainSearchParams(['configuration'])] },
  beforeLoad: async ({ context: { client }, location }) => {
    const me = await client.ensureQueryData(meQuery).catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 401)
        throw redirect({ to: '/login', search: { next: location.href } })
      throw error
    })
    if (me.totp_required && location.pathname !== '/account') throw redirect({ to: '/account' })
  },
})

const DEFAULT_CONFIGURATION = 'default'

export function useConfiguration(): string {
  return appRoute.useSearch().configuration ?? DEFAULT_CONFIGURATION
}
