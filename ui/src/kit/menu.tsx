/** A menu behind a button. */

import type { LucideIcon } from 'lucide-react'
import { DropdownMenu as Radix } from 'radix-ui'
import type { ReactNode } from 'react'
import { cx } from '#ui/kit/cx.ts'

export interface MenuItem {
  label: string
  icon?: LucideIcon
  danger?: boolean
  disabled?: boolean
  /** Why it is disabled, or what it does. */
  note?: string
  run: () => void
}

export function Menu({
  trigger,
  items,
  align = 'end',
}: {
  trigger: ReactNode
  items: readonly MenuItem[]
  align?: 'start' | 'end'
}) {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align={align}
          sideOffset={4}
          className="z-50 min-w-44 rounded-md border border-line bg-panel p-1 text-sm shadow-xl"
        >
          {items.map(({ label, icon: Icon, danger = false, disabled = false, note, run }) => (
            <Radix.Item
              key={label}
              disabled={disabled}
              onSelect={run}
              className={cx(
                'flex cursor-pointer items-center gap-2 rounded px-2 py-1.5 outline-none data-disabled:cursor-not-allowed data-disabled:opacity-55 data-highlighted:bg-raised',
                danger && 'text-bad',
              )}
            >
              {Icon !== undefined && <Icon aria-hidden className="size-4" />}
              <span>
                {label}
                {note !== undefined && <span className="block text-xs text-muted">{note}</span>}
              </span>
            </Radix.Item>
          ))}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
