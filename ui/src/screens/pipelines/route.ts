import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { appRoute } from '#ui/routes.tsx'

export const pipelinesRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/pipelines',
  component: lazyRouteComponent(() => import('#ui/screens/pipelines/pipelines.tsx'), 'Pipelines'),
})
