/** Screens offer what can be done on them to the palette while they are open. */
import { useEffect, useSyncExternalStore } from 'react'
import type { Action } from '#ui/shell/actions.ts'

let offered: readonly Action[] = []
const listeners = new Set<() => void>()

export function useActions(): readonly Action[] {
  return useSyncExternalStore(subscribe, () => offered)
}

/** `actions` should be the same array as long as they are the same (`useMemo`). */
export function useOffer(actions: readonly Action[]): void {
  useEffect(() => {
    change([...offered, ...actions])
    return () => change(offered.filter((action) => !actions.includes(action)))
  }, [actions])
}

function change(next: readonly Action[]): void {
  offered = next
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
