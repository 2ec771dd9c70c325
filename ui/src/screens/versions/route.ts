import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { appRoute } from '#ui/routes.tsx'

export const versionsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/versions',
  component: lazyRouteComponent(() => import('#ui/screens/versions/versions.tsx'), 'Versions'),
})
