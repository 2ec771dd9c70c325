import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { appRoute } from '#ui/routes.tsx'

export const accessRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/access',
  component: lazyRouteComponent(() => import('#ui/screens/access/access.tsx'), 'Access'),
})
