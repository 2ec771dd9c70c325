/** A piece of a screen with a heading of its own. */
import type { ReactNode } from 'react'
import { cx } from '#ui/kit/cx.ts'

export interface CardProps {
  title?: ReactNode
  /** One line below the title. */
  hint?: ReactNode
  actions?: ReactNode
  children: ReactNode
  /** Without room around the content: for tables. */
  flush?: boolean
  className?: string
}

export function Card({ title, hint, actions, children, flush = false, className }: CardProps) {
  return (
    <section className={cx('min-w-0 rounded-lg border border-line bg-panel', className)}>
      {(title !== undefined || actions !== undefined) && (
        <header className="flex flex-wrap items-center justify-between gap-2 px-4 pt-3 pb-2">
          <div className="min-w-0">
            <h2 className="text-sm font-semibold">{title}</h2>
            {hint !== undefined && <p className="text-xs text-muted">{hint}</p>}
          </div>
          {actions !== undefined && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
        </header>
      )}
      <div className={flush ? undefined : cx('px-4 pb-4', title === undefined && 'pt-4')}>{children}</div>
    </section>
  )
}
