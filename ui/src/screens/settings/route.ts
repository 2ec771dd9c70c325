import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { asSearch, oneOf, type RawSearch } from '#ui/kit/search.ts'
import { appRoute } from '#ui/routes.tsx'

const settingsTabs = ['policy', 'secrets', 'retention', 'security', 'configurations', 'about'] as const
export type SettingsTab = (typeof settingsTabs)[number]

export const settingsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/settings',
  validateSearch: (search: RawSearch): { tab?: SettingsTab } => asSearch({ tab: oneOf(search, 'tab', settingsTabs) }),
  component: lazyRouteComponent(() => import('#ui/screens/settings/settings.tsx'), 'Settings'),
})
