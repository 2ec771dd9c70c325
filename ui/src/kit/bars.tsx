/** Names with horizontal bars: who has the most. A list, so that it reads without being seen. */
import type { ReactNode } from 'react'

export interface Bar {
  key: string
  label: ReactNode
  value: number
  /** How the value is written. */
  text: string
  color?: string
}

export function Bars({ bars, label }: { bars: readonly Bar[]; label: string }) {
  const most = Math.max(...bars.map(({ value }) => value), 1e-9)
  return (
    <ol aria-label={label} className="flex flex-col gap-2">
      {bars.map(({ key, label: name, value, text, color = 'var(--delivered)' }) => (
        <li key={key} className="flex flex-col gap-1">
          <div className="flex items-baseline justify-between gap-3 text-sm">
            <span className="min-w-0 truncate">{name}</span>
            <span className="shrink-0 text-muted">{text}</span>
          </div>
          <div aria-hidden className="h-1.5 overflow-hidden rounded-full bg-raised">
            <div
              className="h-full rounded-full"
              style={{ width: `${Math.max(0, (value / most) * 100)}%`, background: color }}
            />
          </div>
        </li>
      ))}
    </ol>
  )
}
