/** What holds for a configuration, for the organisation, and for this browser. */
import { Page } from '#ui/kit/page.tsx'
import { Tabs } from '#ui/kit/tabs.tsx'
import { useConfiguration } from '#ui/routes.tsx'
import { About } from '#ui/screens/settings/about.tsx'
import { Configurations } from '#ui/screens/settings/configurations.tsx'
import { Policy } from '#ui/screens/settings/policy.tsx'
import { Retention } from '#ui/screens/settings/retention.tsx'
import { type SettingsTab, settingsRoute } from '#ui/screens/settings/route.ts'
import { Secrets } from '#ui/screens/settings/secrets.tsx'
import { Security } from '#ui/screens/settings/security.tsx'

export function Settings() {
  const { tab } = settingsRoute.useSearch()
  const navigate = settingsRoute.useNavigate()
  const configuration = useConfiguration()
  const tabs = [
    { id: 'policy', label: 'Publishing policy', content: <Policy key={configuration} configuration={configuration} /> },
    { id: 'secrets', label: 'Secrets', content: <Secrets /> },
    { id: 'retention', label: 'Retention', content: <Retention /> },
    { id: 'security', label: 'Security', content: <Security /> },
    { id: 'configurations', label: 'Configurations', content: <Configurations /> },
    { id: 'about', label: 'About', content: <About /> },
  ]
  return (
    <Page title="Settings">
      <Tabs
        label="Settings"
        tabs={tabs}
        value={tab ?? 'policy'}
        onChange={(id) => void navigate({ search: (search) => ({ ...search, tab: id as SettingsTab }) })}
      />
    </Page>
  )
}
