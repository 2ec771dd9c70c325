/**
 * Short messages about what has just been done; they may offer to undo it. What went wrong is shown in place, not here. They
 * take neither the focus nor any key, and wait while the pointer moves over them or the focus is on them. They stand at the left,
 * for what can be pressed in tables and dialogs stands at the right.
 */
import { X } from 'lucide-react'
import { type ReactNode, useEffect, useState, useSyncExternalStore } from 'react'
import { Button } from '#ui/kit/button.tsx'

const SHOWN_MS = 6000
const TOASTS_MAX = 3

export interface Toast {
  text: ReactNode
  action?: { label: string; run: () => void }
}

interface Shown extends Toast {
  id: number
}

let toasts: readonly Shown[] = []
let lastId = 0
const listeners = new Set<() => void>()

export function toast(message: Toast | string): void {
  const entry = typeof message === 'string' ? { text: message } : message
  toasts = [...toasts.slice(1 - TOASTS_MAX), { ...entry, id: ++lastId }]
  tell()
}

export function Toasts() {
  const shown = useSyncExternalStore(subscribe, () => toasts)
  return (
    <section
      data-toasts
      aria-label="Notices"
      aria-live="polite"
      className="pointer-events-none fixed bottom-4 left-4 z-50 flex w-96 max-w-[calc(100vw-2rem)] flex-col gap-2"
    >
      {shown.map((one) => (
        <Message key={one.id} {...one} />
      ))}
    </section>
  )
}

function Message({ id, text, action }: Shown) {
  const [isHeld, setIsHeld] = useState(false)
  useEffect(() => {
    if (isHeld) return
    const timer = setTimeout(() => remove(id), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [id, isHeld])
  const run = () => {
    remove(id)
    action?.run()
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: what is inside can be pressed; this only waits
    <div
      // Not on entering: one that appears under a pointer at rest would stay there, and cover what it covers.
      onPointerMove={() => setIsHeld(true)}
      onPointerLeave={() => setIsHeld(false)}
      onFocus={() => setIsHeld(true)}
      onBlur={() => setIsHeld(false)}
      className="pointer-events-auto flex items-center gap-3 rounded-md border border-line bg-panel py-2 pr-2 pl-3 text-sm shadow-xl"
    >
      <p className="min-w-0 flex-1 break-words">{text}</p>
      {action !== undefined && <Button onClick={run}>{action.label}</Button>}
      <Button look="quiet" icon={X} aria-label="Dismiss" className="size-8 px-0" onClick={() => remove(id)} />
    </div>
  )
}

function remove(id: number): void {
  toasts = toasts.filter((entry) => entry.id !== id)
  tell()
}

function tell(): void {
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
