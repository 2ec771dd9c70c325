import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { asSearch, oneOf, type RawSearch, textIn } from '#ui/kit/search.ts'
import { appRoute } from '#ui/routes.tsx'

const alertTabs = ['events', 'rules', 'webhooks'] as const
export type AlertTab = (typeof alertTabs)[number]

export interface AlertsSearch {
  tab?: AlertTab
  /** Only events of this rule. */
  rule?: string
  /** The event, rule or delivery that is open. */
  open?: string
  /** Only deliveries to this webhook. */
  webhook?: string
}

export const alertsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/alerts',
  validateSearch: (search: RawSearch): AlertsSearch =>
    asSearch({
      tab: oneOf(search, 'tab', alertTabs),
      rule: textIn(search, 'rule', 128),
      open: textIn(search, 'open', 128),
      webhook: textIn(search, 'webhook', 128),
    }),
  component: lazyRouteComponent(() => import('#ui/screens/alerts/alerts.tsx'), 'Alerts'),
})
