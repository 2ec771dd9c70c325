import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { appRoute } from '#ui/routes.tsx'

export const settingsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/settings',
  component: lazyRouteComponent(() => import('#ui/screens/settings/settings.tsx'), 'Settings'),
})
