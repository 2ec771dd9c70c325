/** Parts of a whole as one bar, with words and figures below it: a list, so that it reads without being seen. */
import type { ReactNode } from 'react'

export interface Part {
  key: string
  label: ReactNode
  value: number
  color: string
}

export function StackedBar({ parts, label }: { parts: readonly Part[]; label: string }) {
  const shown = parts.filter(({ value }) => value > 0)
  return (
    <div className="flex flex-col gap-2">
      <div aria-hidden className="flex h-2.5 gap-0.5 overflow-hidden rounded-full bg-raised">
        {shown.map(({ key, value, color }) => (
          <span key={key} className="h-full min-w-1" style={{ flexGrow: value, background: color }} />
        ))}
      </div>
      <ul aria-label={label} className="flex flex-wrap gap-x-4 gap-y-1 text-sm">
        {shown.map(({ key, label: name, value, color }) => (
          <li key={key} className="inline-flex min-h-6 items-center gap-1.5">
            <span aria-hidden className="size-2.5 shrink-0 rounded-sm" style={{ background: color }} />
            <span className="font-medium">{value}</span>
            {name}
          </li>
        ))}
      </ul>
    </div>
  )
}
