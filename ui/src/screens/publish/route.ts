import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { appRoute } from '#ui/routes.tsx'

export const publishRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/publish',
  component: lazyRouteComponent(() => import('#ui/screens/publish/publish.tsx'), 'Publish'),
})
