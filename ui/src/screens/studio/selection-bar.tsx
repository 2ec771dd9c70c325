/** What can be made of selected text: beside the samples for the keyboard, and at the pointer after a selection with it. */
import { Filter, FilterX, type LucideIcon, ShieldCheck } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { Button } from '#ui/kit/button.tsx'
import type { LikeKind } from '#ui/screens/studio/like-dialog.tsx'

const uses: readonly { kind: LikeKind; label: string; icon: LucideIcon }[] = [
  { kind: 'drop', label: 'Drop lines like this…', icon: FilterX },
  { kind: 'redact', label: 'Redact this…', icon: ShieldCheck },
  { kind: 'keep', label: 'Keep only…', icon: Filter },
]

export function SelectionBar({ selection, onLike }: { selection: string; onLike: (kind: LikeKind) => void }) {
  const isEmpty = selection.trim() === ''
  return (
    <div
      role="group"
      aria-label="Make a rule of the selected text"
      className="flex min-h-8 flex-wrap items-center gap-1.5"
    >
      {isEmpty ? (
        <p className="text-xs text-muted">
          Select text to drop lines like it, to redact it, or to keep only such lines.
        </p>
      ) : (
        uses.map(({ kind, label }) => (
          <Button key={kind} className="text-xs" onClick={() => onLike(kind)}>
            {label}
          </Button>
        ))
      )}
    </div>
  )
}

export interface Place {
  x: number
  y: number
}

/** Below the pointer, within the window; gone at the next click elsewhere, at Escape, and when something scrolls. */
export function SelectionPopup({
  at,
  onLike,
  onClose,
}: {
  at: Place
  onLike: (kind: LikeKind) => void
  onClose: () => void
}) {
  const box = useRef<HTMLDivElement>(null)
  const latest = useRef(onClose)
  latest.current = onClose
  useEffect(() => {
    const close = (event: Event) => {
      if (event.target instanceof Node && box.current?.contains(event.target)) return
      if (event instanceof KeyboardEvent && event.key !== 'Escape') return
      latest.current()
    }
    const events = ['pointerdown', 'keydown', 'scroll'] as const
    for (const name of events) addEventListener(name, close, true)
    return () => {
      for (const name of events) removeEventListener(name, close, true)
    }
  }, [])
  const left = Math.max(8, Math.min(at.x - 20, innerWidth - WIDTH - 8))
  const top = at.y + HEIGHT + 20 > innerHeight ? at.y - HEIGHT - 12 : at.y + 14
  return (
    <div
      ref={box}
      role="group"
      aria-label="Make a rule of the selected text, here"
      className="fixed z-30 flex flex-col rounded-md border border-line bg-panel p-1 shadow-xl"
      style={{ left, top, width: WIDTH }}
    >
      {uses.map(({ kind, label, icon }) => (
        <Button key={kind} look="quiet" icon={icon} className="justify-start" onClick={() => onLike(kind)}>
          {label}
        </Button>
      ))}
    </div>
  )
}

const WIDTH = 208
const HEIGHT = 106
