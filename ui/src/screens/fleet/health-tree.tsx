/** Health part by part, as a tree: arrows move, Right opens, Left closes, a letter finds. */
import { ChevronDown, ChevronRight } from 'lucide-react'
import { type KeyboardEvent, useRef, useState } from 'react'
import type { HealthTree as Tree } from '#contract/fleet.ts'
import { Ago } from '#ui/kit/time.tsx'
import { StateIcon } from '#ui/screens/fleet/five-states.tsx'
import { moved, rowsOf, type TreeRow } from '#ui/screens/fleet/tree.ts'

export function HealthTree({ tree, name }: { tree: Tree; name: string }) {
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set())
  const [active, setActive] = useState('')
  const holder = useRef<HTMLDivElement>(null)
  const rows = rowsOf(name, tree, closed)
  const at = Math.max(
    0,
    rows.findIndex(({ path }) => path === active),
  )
  const toggle = ({ path }: TreeRow) => {
    const next = new Set(closed)
    if (!next.delete(path)) next.add(path)
    setClosed(next)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const row = rows[at]
    if (row === undefined) return
    const opens = event.key === 'ArrowRight' && row.hasParts && !row.isOpen
    const closes = event.key === 'ArrowLeft' && row.hasParts && row.isOpen
    if (opens || closes || (event.key === 'Enter' && row.hasParts)) toggle(row)
    else {
      const next = moved(rows, at, event.key)
      if (next === at) return
      setActive(rows[next]!.path)
      holder.current?.querySelectorAll<HTMLElement>('[role=treeitem]')[next]?.focus()
    }
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <div ref={holder} role="tree" aria-label={`Health of ${name}`} onKeyDown={onKeyDown} className="flex flex-col">
      {rows.map((row, index) => (
        <Item key={row.path} row={row} isActive={index === at} onFocus={() => setActive(row.path)} onToggle={toggle} />
      ))}
    </div>
  )
}

function Item({
  row,
  isActive,
  onFocus,
  onToggle,
}: {
  row: TreeRow
  isActive: boolean
  onFocus: () => void
  onToggle: (row: TreeRow) => void
}) {
  const { name, health, level, position, siblings, hasParts, isOpen } = row
  const Mark = isOpen ? ChevronDown : ChevronRight
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree has the keys
    <div
      role="treeitem"
      aria-level={level}
      aria-posinset={position}
      aria-setsize={siblings}
      aria-selected={isActive}
      {...(hasParts && { 'aria-expanded': isOpen })}
      tabIndex={isActive ? 0 : -1}
      onFocus={onFocus}
      onClick={() => hasParts && onToggle(row)}
      className="flex min-h-8 items-start gap-1.5 rounded px-1 py-1 focus-visible:-outline-offset-2"
      style={{ paddingLeft: `${(level - 1) * 1.25 + 0.25}rem` }}
    >
      {hasParts ? (
        <Mark aria-hidden className="mt-0.5 size-4 shrink-0 text-muted" />
      ) : (
        <span className="w-4 shrink-0" />
      )}
      <StateIcon tone={health.healthy ? 'ok' : 'bad'} className="mt-0.5 size-4" />
      <span className="min-w-0 flex-1 break-words">
        <span className="font-mono text-sm">{name}</span> <span className="text-sm text-muted">{health.status}</span>
        {health.last_error !== '' && <span className="block text-xs break-words text-bad">{health.last_error}</span>}
      </span>
      {health.at !== null && (
        <span className="shrink-0 text-xs leading-5 text-muted">
          <Ago at={health.at} />
        </span>
      )}
    </div>
  )
}
