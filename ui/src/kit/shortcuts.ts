/**
 * Keys that do something wherever one is. Single letters do nothing while one types, and can be switched off (WCAG 2.2,
 * 2.1.4).
 */
import { useEffect, useRef } from 'react'

const KEY = 'streamgate.single-keys'
/** `g` waits this long for its second letter. */
const SEQUENCE_MS = 1200

/** `mod+k`: Control, or Command on a Mac. `g o`: one after the other. */
export type Shortcuts = Record<string, (event: KeyboardEvent) => void>

export function useShortcuts(shortcuts: Shortcuts): void {
  const latest = useRef(shortcuts)
  latest.current = shortcuts
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return
      const name = nameOf(event)
      const isSingle = !name.includes('+')
      if (isSingle && (isTyping(event.target) || !singleKeysOn())) return
      const first = isSingle ? firstBefore(event) : ''
      const run = latest.current[first === '' ? name : `${first} ${name}`]
      if (run !== undefined) {
        event.preventDefault()
        run(event)
      } else if (isSingle && Object.keys(latest.current).some((key) => key.startsWith(`${name} `))) {
        begun = { name, by: event, ended: undefined }
      }
    }
    addEventListener('keydown', onKeyDown)
    return () => removeEventListener('keydown', onKeyDown)
  }, [])
}

/** A sequence that has begun, whoever knows it: its second letter is no key of its own for anybody else. */
let begun: { name: string; by: KeyboardEvent; ended: KeyboardEvent | undefined } | undefined

/** The first letter of the sequence that this event ends; nothing when it ends none. */
function firstBefore(event: KeyboardEvent): string {
  if (begun === undefined || begun.by === event || event.timeStamp - begun.by.timeStamp >= SEQUENCE_MS) return ''
  begun.ended ??= event
  return begun.ended === event ? begun.name : ''
}

export function singleKeysOn(): boolean {
  try {
    return localStorage.getItem(KEY) !== 'off'
  } catch {
    return true
  }
}

export function setSingleKeys(on: boolean): void {
  try {
    localStorage.setItem(KEY, on ? 'on' : 'off')
  } catch {
    // Storage is off: they stay on.
  }
}

function nameOf({ key, ctrlKey, metaKey, shiftKey, altKey }: KeyboardEvent): string {
  const parts = [
    ctrlKey || metaKey ? 'mod' : '',
    altKey ? 'alt' : '',
    shiftKey && key.length > 1 ? 'shift' : '',
    key.toLowerCase(),
  ]
  if ((ctrlKey || metaKey) && shiftKey && key.length === 1) parts[2] = 'shift'
  return parts.filter((part) => part !== '').join('+')
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}
