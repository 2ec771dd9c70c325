import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { type RawSearch, textIn } from '#ui/kit/search.ts'
import { rootRoute } from '#ui/routes.tsx'

export const loginRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/login',
  validateSearch: (search: RawSearch): { next?: string } => {
    const next = textIn(search, 'next', 2048)
    return next === undefined ? {} : { next }
  },
  component: lazyRouteComponent(() => import('#ui/screens/login/login.tsx'), 'Login'),
})

/** `/setup#token=…`: the one-time link of a first owner, or of somebody invited. */
export const setupRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/setup',
  component: lazyRouteComponent(() => import('#ui/screens/login/setup.tsx'), 'Setup'),
})
