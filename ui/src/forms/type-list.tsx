/** Chooses a type of component from a list with what each does: by typing, with the arrow keys, or by clicking. */
import { useId, useRef, useState } from 'react'
import type { ComponentType } from '#contract/component.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { cx } from '#ui/kit/cx.ts'
import { inputLook } from '#ui/kit/field.tsx'

export interface TypeListProps {
  types: readonly ComponentType[]
  onChoose: (type: ComponentType) => void
  /** Types that carry another signal come last, and say so. */
  signal?: 'logs' | 'metrics' | 'traces'
  label: string
}

export function TypeList({ types, onChoose, signal, label }: TypeListProps) {
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const listId = useId()
  const list = useRef<HTMLDivElement>(null)
  const isFitting = (type: ComponentType) => signal === undefined || type.signals.includes(signal)
  const words = text.toLowerCase().split(/\s+/)
  const found = types
    .filter((one) => words.every((word) => `${one.type} ${one.summary}`.toLowerCase().includes(word)))
    .sort((a, b) => Number(isFitting(b)) - Number(isFitting(a)))
  const active = Math.min(at, found.length - 1)
  const go = (next: number) => {
    setAt(next)
    list.current?.children[next]?.scrollIntoView({ block: 'nearest' })
  }
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === 'ArrowDown') go(Math.min(active + 1, found.length - 1))
    else if (event.key === 'ArrowUp') go(Math.max(active - 1, 0))
    else if (event.key === 'Enter' && found[active] !== undefined) onChoose(found[active])
    else return
    event.preventDefault()
  }
  return (
    <div className="flex flex-col gap-2">
      <input
        // The list is what one came for.
        // biome-ignore lint/a11y/noAutofocus: the dialog has just been opened to choose.
        autoFocus
        role="combobox"
        aria-label={label}
        aria-expanded="true"
        aria-controls={listId}
        aria-activedescendant={found[active] && `${listId}-${active}`}
        value={text}
        placeholder="Search"
        autoComplete="off"
        onChange={(event) => {
          setText(event.target.value)
          setAt(0)
        }}
        onKeyDown={onKeyDown}
        className={inputLook}
      />
      <div ref={list} id={listId} role="listbox" aria-label={label} className="flex flex-col gap-1">
        {found.map((one, index) => (
          <div
            key={`${one.kind} ${one.type}`}
            id={`${listId}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === active}
            onClick={() => onChoose(one)}
            onKeyDown={onKeyDown}
            onPointerMove={() => setAt(index)}
            className={cx(
              'flex cursor-pointer flex-wrap items-baseline gap-x-3 rounded-md border px-3 py-2 text-sm',
              index === active ? 'border-edge bg-raised' : 'border-line',
            )}
          >
            <span className="font-mono font-medium">{one.type}</span>
            {!isFitting(one) && <Badge icon={null}>{`for ${one.signals.join(', ')}`}</Badge>}
            <span className="basis-full text-muted">{one.summary}</span>
          </div>
        ))}
      </div>
      {found.length === 0 && <p className="text-sm text-muted">No type has these words.</p>}
    </div>
  )
}
