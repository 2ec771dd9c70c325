import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { appRoute } from '#ui/routes.tsx'

export const tapRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/tap',
  component: lazyRouteComponent(() => import('#ui/screens/tap/tap.tsx'), 'Tap'),
})
