import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { appRoute } from '#ui/routes.tsx'

export const studioRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/studio',
  component: lazyRouteComponent(() => import('#ui/screens/studio/studio.tsx'), 'Studio'),
})
