/** A part of a receipt, with a heading of its own. */
import type { ReactNode } from 'react'
import { cx } from '#ui/kit/cx.ts'

export function Section({
  title,
  hint,
  tone,
  children,
}: {
  title: string
  hint?: string
  tone?: 'bad'
  children: ReactNode
}) {
  return (
    <section className="flex min-w-0 flex-col gap-1.5">
      <h3 className={cx('text-sm font-semibold', tone === 'bad' && 'text-bad')}>{title}</h3>
      {hint !== undefined && <p className="text-xs text-muted">{hint}</p>}
      {children}
    </section>
  )
}
