/** The list, with its keys: j and k go along, Enter or e opens, Alt with an arrow moves, Delete deletes. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { ComponentCatalog } from '#contract/component.ts'
import { typeIn } from '#ui/forms/catalog.ts'
import type { RuleStart } from '#ui/forms/rule-editor.tsx'
import { singleKeysOn } from '#ui/kit/shortcuts.ts'
import type { RuleFacts } from '#ui/screens/rules/rule-facts.ts'
import { type RuleActions, RuleRow } from '#ui/screens/rules/rule-row.tsx'
import type { RuleChanges } from '#ui/screens/rules/use-rule-changes.ts'

export interface RuleListProps {
  facts: readonly RuleFacts[]
  catalog: ComponentCatalog | undefined
  mayEdit: boolean
  pipeline: string
  changes: RuleChanges
  onEdit: (id: string) => void
  onDuplicate: (rule: RuleStart) => void
}

export function RuleList({ facts, catalog, mayEdit, pipeline, changes, onEdit, onDuplicate }: RuleListProps) {
  const list = useRef<HTMLOListElement>(null)
  const [said, setSaid] = useState('')
  const [wanted, setWanted] = useState<string>()
  const rowOf = (id: string) =>
    list.current?.querySelector<HTMLElement>(`[data-rule="${CSS.escape(id)}"] [data-open]`) ?? undefined
  // A row that changes places loses the focus on the way, whoever has moved it.
  const held = list.current?.contains(document.activeElement) === true ? document.activeElement : undefined
  useLayoutEffect(() => {
    if (held instanceof HTMLElement && held !== document.activeElement && list.current?.contains(held)) held.focus()
  })
  useEffect(() => {
    if (wanted === undefined) return
    rowOf(wanted)?.focus()
    setWanted(undefined)
  })
  const actions: RuleActions = {
    edit: onEdit,
    duplicate: ({ rule: { id: _, ...rest } }) => onDuplicate(rest),
    move: (one, by) => {
      const to = one.position + by
      if (to < 1 || to > facts.length) return
      setSaid(`${one.rule.id} is now rule ${to} of ${facts.length}.`)
      changes.move(one.rule.id, to - 1)
    },
    remove: (one) => {
      const next = facts[one.position] ?? facts[one.position - 2]
      setSaid(`${one.rule.id} is deleted.`)
      if (next !== undefined) setWanted(next.rule.id)
      void changes.remove(one.rule, one.position - 1)
    },
  }
  const latest = useRef(actions)
  latest.current = actions
  const stable = useMemo(
    (): RuleActions => ({
      edit: (id) => latest.current.edit(id),
      duplicate: (one) => latest.current.duplicate(one),
      move: (one, by) => latest.current.move(one, by),
      remove: (one) => latest.current.remove(one),
    }),
    [],
  )
  const onKeyDown = (event: React.KeyboardEvent) => {
    const target = event.target as HTMLElement
    const one = facts.find(({ rule }) => rule.id === target.closest<HTMLElement>('[data-rule]')?.dataset['rule'])
    if (one === undefined || target.closest('[role="menu"]') !== null) return
    const { key, altKey, ctrlKey, metaKey } = event
    const step = key === 'ArrowDown' ? 1 : key === 'ArrowUp' ? -1 : undefined
    if (altKey && step !== undefined) {
      event.preventDefault()
      if (!mayEdit) return
      actions.move(one, step)
      return
    }
    if (altKey || ctrlKey || metaKey || target.dataset['open'] === undefined) return
    const goes = step ?? (singleKeysOn() ? (key === 'j' ? 1 : key === 'k' ? -1 : undefined) : undefined)
    if (goes !== undefined) rowOf(facts[one.position - 1 + goes]?.rule.id ?? one.rule.id)?.focus()
    else if (key === 'e' && singleKeysOn()) onEdit(one.rule.id)
    else if (key === 'Delete' && mayEdit) actions.remove(one)
    else return
    event.preventDefault()
  }
  return (
    <>
      <ol ref={list} onKeyDown={onKeyDown} aria-label={`Rules of ${pipeline}, in order`}>
        {facts.map((one) => (
          <RuleRow
            key={one.rule.id}
            facts={one}
            last={one.position === facts.length}
            type={catalog && typeIn(catalog, 'processor', one.rule.type)}
            mayEdit={mayEdit}
            pipeline={pipeline}
            actions={stable}
          />
        ))}
      </ol>
      <p aria-live="polite" className="sr-only">
        {said}
      </p>
    </>
  )
}
