/** The frame around all screens: navigation, top bar, keys, palette. */
import { Outlet, useNavigate } from '@tanstack/react-router'
import { useEffect, useMemo, useState } from 'react'
import { useMe } from '#ui/api/queries.ts'
import { Dialog } from '#ui/kit/dialog.tsx'
import { type Shortcuts, useShortcuts } from '#ui/kit/shortcuts.ts'
import { Arrival } from '#ui/shell/arrival.tsx'
import { KeysHelp } from '#ui/shell/keys-help.tsx'
import { Navigation } from '#ui/shell/navigation.tsx'
import { OfflineBanner } from '#ui/shell/offline-banner.tsx'
import { Palette } from '#ui/shell/palette.tsx'
import { places } from '#ui/shell/places.ts'
import { TopBar } from '#ui/shell/top-bar.tsx'

export function Shell() {
  const navigate = useNavigate()
  const [open, setOpen] = useState<'palette' | 'keys' | 'navigation'>()
  const close = () => setOpen(undefined)
  const shortcuts = useMemo(() => {
    const keys: Shortcuts = {
      'mod+k': () => setOpen('palette'),
      '?': () => setOpen('keys'),
      '/': () => document.querySelector<HTMLElement>('[data-search]')?.focus(),
      'mod+shift+enter': () => void navigate({ to: '/publish' }),
    }
    for (const { to, key } of places) if (key !== undefined) keys[`g ${key}`] = () => void navigate({ to })
    return keys
  }, [navigate])
  useShortcuts(shortcuts)
  const { totp_required: needsTotp } = useMe()
  useEffect(() => {
    if (needsTotp) void navigate({ to: '/account' })
  }, [needsTotp, navigate])
  return (
    <div className="flex min-h-dvh">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-md focus:bg-panel focus:px-3 focus:py-2"
      >
        Skip to the content
      </a>
      <aside className="sticky top-0 hidden h-dvh w-52 shrink-0 overflow-y-auto border-r border-line bg-panel md:block">
        <Navigation />
      </aside>
      <div className="flex min-w-0 flex-1 flex-col">
        <TopBar
          onMenu={() => setOpen('navigation')}
          onPalette={() => setOpen('palette')}
          onKeys={() => setOpen('keys')}
        />
        <OfflineBanner />
        <main id="main" tabIndex={-1} className="min-w-0 flex-1 focus:outline-none">
          <Outlet />
        </main>
      </div>
      <Arrival />
      <Palette open={open === 'palette'} onClose={close} />
      <KeysHelp open={open === 'keys'} onClose={close} />
      <Dialog open={open === 'navigation'} onClose={close} title="StreamGate" place="side">
        <Navigation onGo={close} />
      </Dialog>
    </div>
  )
}
