/** One figure that matters: what it is, how much, and a word on it. The whole is a link where there is more to see. */
import { Link, type LinkProps } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { cx } from '#ui/kit/cx.ts'

export interface StatProps {
  label: string
  value: ReactNode
  note?: ReactNode
  tone?: 'ok' | 'warn' | 'bad'
  link?: LinkProps
}

const tones = { ok: 'text-ok', warn: 'text-warn', bad: 'text-bad' } as const

export function Stat({ label, value, note, tone, link }: StatProps) {
  const look = 'flex min-w-0 flex-col gap-0.5 rounded-lg border border-line bg-panel px-4 py-3'
  const content = (
    <>
      <span className="text-xs text-muted">{label}</span>
      <span className={cx('text-2xl leading-tight font-semibold tracking-tight', tone !== undefined && tones[tone])}>
        {value}
      </span>
      {note !== undefined && <span className="text-xs text-muted">{note}</span>}
    </>
  )
  if (link === undefined) return <div className={look}>{content}</div>
  return (
    <Link {...link} className={cx(look, 'hover:border-edge')}>
      {content}
    </Link>
  )
}

/** Figures side by side. */
export function Stats({ children }: { children: ReactNode }) {
  return <div className="grid grid-cols-2 gap-3 md:grid-cols-3 xl:grid-cols-6">{children}</div>
}
