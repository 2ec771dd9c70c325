import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import type { GatewayStateName } from '#contract/fleet.ts'
import { asSearch, oneOf, type RawSearch, textIn } from '#ui/kit/search.ts'
import { type RangeSearch, rangeIn } from '#ui/kit/time-range.tsx'
import { appRoute } from '#ui/routes.tsx'

export const gatewayStateNames = [
  'online',
  'offline',
  'in_sync',
  'drift',
  'failed',
  'unhealthy',
] as const satisfies readonly GatewayStateName[]

export interface FleetSearch {
  state?: GatewayStateName
  /** The configuration that gateways follow; that of the top bar is another matter. */
  follows?: string
  /** `name` or `name=value`. */
  label?: string
  text?: string
  /** The dialog by which a gateway comes in. */
  add?: 'gateway'
}

export const fleetRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/fleet',
  validateSearch: (search: RawSearch): FleetSearch =>
    asSearch({
      state: oneOf(search, 'state', gatewayStateNames),
      follows: textIn(search, 'follows', 256),
      label: textIn(search, 'label', 256),
      text: textIn(search, 'text', 256),
      add: oneOf(search, 'add', ['gateway']),
    }),
  component: lazyRouteComponent(() => import('#ui/screens/fleet/fleet.tsx'), 'Fleet'),
})

export const gatewayTabs = ['summary', 'metrics', 'config', 'attempts', 'connection'] as const
export type GatewayTab = (typeof gatewayTabs)[number]

export interface GatewaySearch extends RangeSearch {
  tab?: GatewayTab
}

export const gatewayRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/fleet/$gateway',
  validateSearch: (search: RawSearch): GatewaySearch =>
    asSearch({ tab: oneOf(search, 'tab', gatewayTabs), ...rangeIn(search) }),
  component: lazyRouteComponent(() => import('#ui/screens/fleet/gateway.tsx'), 'GatewayScreen'),
})
