import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { appRoute } from '#ui/routes.tsx'

export const accountRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/account',
  component: lazyRouteComponent(() => import('#ui/screens/account/account.tsx'), 'Account'),
})
