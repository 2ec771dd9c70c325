/** Buttons, and links that look like them. */
import { Link, type LinkProps } from '@tanstack/react-router'
import type { LucideIcon } from 'lucide-react'
import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react'
import { cx } from '#ui/kit/cx.ts'
import { Tooltip } from '#ui/kit/tooltip.tsx'

const looks = {
  primary: 'bg-accent text-on-accent border-transparent hover:brightness-110',
  plain: 'bg-panel text-ink border-edge hover:bg-raised',
  quiet: 'bg-transparent text-ink border-transparent hover:bg-raised',
  danger: 'bg-panel text-bad border-bad hover:bg-bad-soft',
} as const
export type ButtonLook = keyof typeof looks

const shape =
  'inline-flex min-h-8 items-center justify-center gap-1.5 rounded-md border px-3 py-1 text-sm font-medium whitespace-nowrap ' +
  'disabled:cursor-not-allowed disabled:opacity-55'

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: ButtonLook
  icon?: LucideIcon
  /** Something is under way: it cannot be pressed again. */
  busy?: boolean
  ref?: Ref<HTMLButtonElement>
}

export function Button({ look = 'plain', icon: Icon, busy = false, className, children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      disabled={rest.disabled === true || busy}
      aria-busy={busy || undefined}
      className={cx(shape, looks[look], className)}
    >
      {Icon !== undefined && <Icon aria-hidden className={cx('size-4 shrink-0', busy && 'animate-pulse')} />}
      {children}
    </button>
  )
}

/** An icon alone; its name is there for those who do not see it, and as a tooltip. */
export function IconButton({
  label,
  icon: Icon,
  look = 'quiet',
  className,
  ...rest
}: ButtonProps & { label: string; icon: LucideIcon }) {
  return (
    <Tooltip text={label}>
      <button type="button" aria-label={label} {...rest} className={cx(shape, looks[look], 'size-8 px-0', className)}>
        <Icon aria-hidden className="size-4 shrink-0" />
      </button>
    </Tooltip>
  )
}

export function ButtonLink({
  look = 'plain',
  icon: Icon,
  className,
  children,
  ...rest
}: LinkProps & { look?: ButtonLook; icon?: LucideIcon; className?: string; children: ReactNode }) {
  return (
    <Link {...rest} className={cx(shape, looks[look], className)}>
      {Icon !== undefined && <Icon aria-hidden className="size-4 shrink-0" />}
      {children}
    </Link>
  )
}

/** A link in running text. */
export const textLink = 'text-accent underline decoration-accent/40 underline-offset-2 hover:decoration-accent'
