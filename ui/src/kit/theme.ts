/** Light, dark, or as the system has it. `public/theme.js` applies the choice before the first paint. */
import { useSyncExternalStore } from 'react'

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const KEY = 'streamgate.theme'
const dark = matchMedia('(prefers-color-scheme: dark)')
const listeners = new Set<() => void>()
let theme: Theme = themes.find((name) => name === stored()) ?? 'system'

dark.addEventListener('change', apply)

export function useTheme(): { theme: Theme; isDark: boolean; setTheme: (theme: Theme) => void } {
  const chosen = useSyncExternalStore(subscribe, () => theme)
  const isDark = useSyncExternalStore(subscribe, () => document.documentElement.classList.contains('dark'))
  return { theme: chosen, isDark, setTheme }
}

export function setTheme(next: Theme): void {
  theme = next
  try {
    localStorage.setItem(KEY, next)
  } catch {
    // Storage is off: the choice lasts as long as the page.
  }
  apply()
}

function apply(): void {
  document.documentElement.classList.toggle('dark', theme === 'dark' || (theme === 'system' && dark.matches))
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function stored(): string | null {
  try {
    return localStorage.getItem(KEY)
  } catch {
    return null
  }
}
