/** A state in one word, with an icon: never by colour alone. */
import { CircleAlert, CircleCheck, CircleDashed, CircleHelp, CircleX, Info, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { cx } from '#ui/kit/cx.ts'

const tones = {
  ok: { look: 'bg-ok-soft text-ok', icon: CircleCheck },
  warn: { look: 'bg-warn-soft text-warn', icon: CircleAlert },
  bad: { look: 'bg-bad-soft text-bad', icon: CircleX },
  info: { look: 'bg-info-soft text-info', icon: Info },
  busy: { look: 'bg-info-soft text-info', icon: CircleDashed },
  neutral: { look: 'bg-raised text-muted', icon: CircleHelp },
} as const satisfies Record<string, { look: string; icon: LucideIcon }>
export type Tone = keyof typeof tones

export function Badge({
  tone = 'neutral',
  icon,
  children,
  title,
}: {
  tone?: Tone
  icon?: LucideIcon | null
  children: ReactNode
  title?: string
}) {
  const Icon = icon === undefined ? tones[tone].icon : icon
  return (
    <span
      title={title}
      className={cx(
        'inline-flex items-center gap-1 rounded-full px-2 py-0.5 text-xs font-medium whitespace-nowrap',
        tones[tone].look,
      )}
    >
      {Icon !== null && <Icon aria-hidden className="size-3.5 shrink-0" />}
      {children}
    </span>
  )
}
