/** Short messages about what has just been done; they may offer to undo it. What went wrong is shown in place, not here. */
import { Toast as Radix } from 'radix-ui'
import { type ReactNode, useSyncExternalStore } from 'react'
import { Button } from '#ui/kit/button.tsx'

const SHOWN_MS = 6000
const TOASTS_MAX = 3

export interface Toast {
  text: ReactNode
  action?: { label: string; run: () => void }
}

let toasts: readonly (Toast & { id: number })[] = []
let lastId = 0
const listeners = new Set<() => void>()

export function toast(message: Toast | string): void {
  const entry = typeof message === 'string' ? { text: message } : message
  toasts = [...toasts.slice(-(TOASTS_MAX - 1)), { ...entry, id: ++lastId }]
  for (const listener of listeners) listener()
}

export function Toasts() {
  const shown = useSyncExternalStore(subscribe, () => toasts)
  return (
    <Radix.Provider duration={SHOWN_MS} label="Message">
      {shown.map(({ id, text, action }) => (
        <Radix.Root
          key={id}
          onOpenChange={(open) => !open && remove(id)}
          className="flex items-center gap-3 rounded-md border border-line bg-panel px-3 py-2 text-sm shadow-xl"
        >
          <Radix.Description className="min-w-0 flex-1 break-words">{text}</Radix.Description>
          {action !== undefined && (
            <Radix.Action asChild altText={action.label}>
              <Button onClick={action.run}>{action.label}</Button>
            </Radix.Action>
          )}
        </Radix.Root>
      ))}
      <Radix.Viewport className="fixed right-4 bottom-4 z-50 flex w-96 max-w-[calc(100vw-2rem)] flex-col gap-2" />
    </Radix.Provider>
  )
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function remove(id: number): void {
  toasts = toasts.filter((entry) => entry.id !== id)
  for (const listener of listeners) listener()
}
