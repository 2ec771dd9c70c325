/**
 * Work that is not saved is never lost: it is kept in the tab's storage as it is typed, comes back after a reload, and leaving
 * asks first.
 */
import { useBlocker } from '@tanstack/react-router'
import { useCallback, useState } from 'react'

const PREFIX = 'streamgate.unsaved.'

/**
 * Like `useState`, but what was typed is there again after a reload. `undefined`: nothing has been typed. `forStorage`: what of
 * it may lie in the tab's storage; the rest is lost with the page.
 */
export function useUnsaved<Value>(
  key: string,
  forStorage?: (value: Value) => Value,
): [Value | undefined, (value: Value | undefined) => void] {
  const [value, setValue] = useState<Value | undefined>(() => read<Value>(key))
  const keep = useCallback(
    (next: Value | undefined) => {
      write(key, next === undefined ? undefined : (forStorage?.(next) ?? next))
      setValue(next)
    },
    [key, forStorage],
  )
  return [value, keep]
}

/** Asks before one leaves the screen or closes the tab while `isDirty`. */
export function useLeaveGuard(
  isDirty: boolean,
  words = 'You have changes that are not saved. Leave, and keep them in this tab?',
): void {
  useBlocker({
    shouldBlockFn: ({ current, next }) => isDirty && current.pathname !== next.pathname && !window.confirm(words),
    enableBeforeUnload: isDirty,
  })
}

function read<Value>(key: string): Value | undefined {
  try {
    const text = sessionStorage.getItem(PREFIX + key)
    return text === null ? undefined : (JSON.parse(text) as Value)
  } catch {
    return undefined
  }
}

function write(key: string, value: unknown): void {
  try {
    if (value === undefined) sessionStorage.removeItem(PREFIX + key)
    else sessionStorage.setItem(PREFIX + key, JSON.stringify(value))
  } catch {
    // Storage is off or full: it is kept in memory only.
  }
}
