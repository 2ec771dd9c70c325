/** What stands still while somebody looks at it closely. */
import { useRef } from 'react'

/** The value, or, while held, the last one before that; `key` says that it is about something else, and lets it go. */
export function useHeld<Value>(value: Value, isHeld: boolean, key: string): Value {
  const kept = useRef({ value, key })
  if (!isHeld || kept.current.key !== key) kept.current = { value, key }
  return kept.current.value
}
