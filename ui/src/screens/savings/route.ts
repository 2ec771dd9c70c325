import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { appRoute } from '#ui/routes.tsx'

export const savingsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/savings',
  component: lazyRouteComponent(() => import('#ui/screens/savings/savings.tsx'), 'Savings'),
})
