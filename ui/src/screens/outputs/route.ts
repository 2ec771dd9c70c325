import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { appRoute } from '#ui/routes.tsx'

export const outputsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/outputs',
  component: lazyRouteComponent(() => import('#ui/screens/outputs/outputs.tsx'), 'Outputs'),
})
