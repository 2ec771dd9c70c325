/** What is in sight on every screen: the configuration, whether rules are bypassed, what is not published, who one is. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import {
  CircleUser,
  GitCommitHorizontal,
  Keyboard,
  LogOut,
  Menu as MenuIcon,
  Monitor,
  Moon,
  Search,
  Sun,
} from 'lucide-react'
import { send } from '#ui/api/client.ts'
import { configurationsQuery, useMe } from '#ui/api/queries.ts'
import { Button, ButtonLink, IconButton } from '#ui/kit/button.tsx'
import { SelectField } from '#ui/kit/field.tsx'
import { Menu, type MenuItem } from '#ui/kit/menu.tsx'
import { wordsOf } from '#ui/kit/states.tsx'
import { type Theme, themes, useTheme } from '#ui/kit/theme.ts'
import { toast } from '#ui/kit/toast.tsx'
import { useConfiguration } from '#ui/routes.tsx'
import { BypassState } from '#ui/shell/bypass-state.tsx'

const themeIcons = { system: Monitor, light: Sun, dark: Moon } as const

export function TopBar({
  onMenu,
  onPalette,
  onKeys,
}: {
  onMenu: () => void
  onPalette: () => void
  onKeys: () => void
}) {
  return (
    <header className="sticky top-0 z-30 flex flex-wrap items-center gap-2 border-b border-line bg-panel px-3 py-2 md:px-6">
      <IconButton label="Screens" icon={MenuIcon} onClick={onMenu} className="md:hidden" />
      <ConfigurationPicker />
      <BypassState />
      <Unpublished />
      <div className="ml-auto flex items-center gap-1 md:gap-2">
        <Button icon={Search} onClick={onPalette} className="text-muted max-md:hidden">
          Go to or do <kbd className="rounded border border-line bg-raised px-1 font-mono text-xs">Ctrl K</kbd>
        </Button>
        <IconButton label="Go to or do" icon={Search} onClick={onPalette} className="md:hidden" />
        <IconButton label="Keyboard shortcuts" icon={Keyboard} onClick={onKeys} className="max-md:hidden" />
        <ThemeMenu />
        <AccountMenu />
      </div>
    </header>
  )
}

function ConfigurationPicker() {
  const configuration = useConfiguration()
  const navigate = useNavigate()
  const { data } = useQuery(configurationsQuery)
  const names = data?.items.map(({ name }) => name) ?? []
  const options = [...new Set([...names, configuration])].map((name) => ({ value: name, label: name }))
  return (
    <SelectField
      label="Configuration"
      hiddenLabel
      value={configuration}
      options={options}
      className="max-w-48 min-w-28"
      onChange={(event) =>
        void navigate({ to: '.', search: (search) => ({ ...search, configuration: event.target.value }) })
      }
    />
  )
}

/** The draft differs from what runs. */
function Unpublished() {
  const configuration = useConfiguration()
  const { data } = useQuery(configurationsQuery)
  if (data?.items.find(({ name }) => name === configuration)?.has_changes !== true) return null
  return (
    <ButtonLink to="/publish" icon={GitCommitHorizontal} look="primary" className="max-sm:px-2">
      <span className="max-sm:sr-only">Unpublished changes</span>
    </ButtonLink>
  )
}

function ThemeMenu() {
  const { theme, setTheme } = useTheme()
  const labels: Record<Theme, string> = { system: 'As the system', light: 'Light', dark: 'Dark' }
  const items = themes.map((name) => ({ label: labels[name], icon: themeIcons[name], run: () => setTheme(name) }))
  return <Menu trigger={<IconButton label={`Theme: ${labels[theme]}`} icon={themeIcons[theme]} />} items={items} />
}

function AccountMenu() {
  const me = useMe()
  const navigate = useNavigate()
  const client = useQueryClient()
  const logOut = async () => {
    try {
      await send('POST', '/logout')
    } catch (error) {
      toast(wordsOf(error).detail)
      return
    }
    client.clear()
    await navigate({ to: '/login' })
  }
  const items: MenuItem[] = [
    {
      label: 'Your account',
      icon: CircleUser,
      note: `${me.name} · ${me.role} · ${me.org}`,
      run: () => void navigate({ to: '/account' }),
    },
    ...(me.csrf_token === null ? [] : [{ label: 'Log out', icon: LogOut, run: () => void logOut() }]),
  ]
  return <Menu trigger={<IconButton label={`Account of ${me.name}`} icon={CircleUser} />} items={items} />
}
