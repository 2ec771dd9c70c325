/** One rule of the trial: on or off, what it does, what it did to the samples, what is wrong with it. */
import { ArrowDown, ArrowUp, ChevronDown, ChevronUp, Save, Undo2, X } from 'lucide-react'
import { useEffect, useRef } from 'react'
import type { ReplayedRule, RuleProblem } from '#ui/engine/messages.ts'
import { ruleWords } from '#ui/forms/rule-words.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { Button, IconButton } from '#ui/kit/button.tsx'
import { cx } from '#ui/kit/cx.ts'
import { bytes, exact } from '#ui/kit/format.ts'
import { RuleForm } from '#ui/screens/studio/rule-form.tsx'
import type { Rule, TrialRule } from '#ui/screens/studio/trial.ts'

export interface ChainRuleProps {
  entry: TrialRule
  place: number
  count: number
  tally: ReplayedRule | undefined
  problems: readonly RuleProblem[]
  taken: readonly string[]
  isOpen: boolean
  /** Why it cannot be written to the draft; undefined: it can. */
  noWrite: string | undefined
  isWriting: boolean
  onOpen: (open: boolean) => void
  onToggle: () => void
  onChange: (rule: Rule) => void
  onMove: (by: number) => void
  onTake: () => void
  onWrite: () => void
}

export function ChainRule(props: ChainRuleProps) {
  const { entry, place, count, problems, taken, isOpen, noWrite, isWriting } = props
  const { rule, state, isOff } = entry
  const isChanged = state !== 'same'
  const item = useRef<HTMLLIElement>(null)
  useEffect(() => {
    // One that was added, or opened at the edge, is in sight.
    if (isOpen) item.current?.scrollIntoView({ block: 'nearest' })
  }, [isOpen])
  return (
    <li ref={item} className={cx('flex flex-col gap-1.5 border-t border-line py-2.5', isOff && 'bg-raised/40')}>
      <div className="flex items-start gap-2">
        <input
          type="checkbox"
          checked={!isOff}
          onChange={props.onToggle}
          aria-label={`Try ${rule.id}`}
          title={isOff ? 'Off for this trial' : 'On'}
          className="m-1 size-4 shrink-0 accent-accent"
        />
        <div className="min-w-0 flex-1">
          <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
            <span className={cx('text-sm font-medium break-all', isOff && 'text-muted line-through')}>{rule.id}</span>
            <StateBadge entry={entry} />
          </div>
          <p className="text-xs break-words text-muted">{ruleWords(rule.type, rule.params)}</p>
          <Tally {...props} />
        </div>
        <div className="flex shrink-0">
          <IconButton
            label={`Move ${rule.id} up`}
            icon={ArrowUp}
            disabled={place === 0}
            onClick={() => props.onMove(-1)}
          />
          <IconButton
            label={`Move ${rule.id} down`}
            icon={ArrowDown}
            disabled={place === count - 1}
            onClick={() => props.onMove(1)}
          />
          <IconButton
            label={isOpen ? `Close ${rule.id}` : `Edit ${rule.id}`}
            icon={isOpen ? ChevronUp : ChevronDown}
            aria-expanded={isOpen}
            onClick={() => props.onOpen(!isOpen)}
          />
        </div>
      </div>
      {!isOpen && <Problems problems={problems} />}
      {isOpen && (
        <div className="ml-8 flex flex-col gap-2 rounded-md border border-line p-3">
          <RuleForm
            key={rule.id}
            rule={rule}
            isNew={state === 'new'}
            problems={problems}
            taken={taken}
            onChange={props.onChange}
          />
          <Problems problems={problems.filter(({ pointer }) => !isAtField(pointer))} />
        </div>
      )}
      {isChanged && (
        <div className="ml-8 flex flex-wrap items-center gap-1.5">
          <Button
            icon={Save}
            className="text-xs"
            busy={isWriting}
            disabled={noWrite !== undefined || state === 'conflict'}
            title={state === 'conflict' ? 'The draft has changed since; take it back first' : noWrite}
            onClick={props.onWrite}
          >
            {state === 'new' ? 'Add to the draft' : 'Save to the draft'}
          </Button>
          <Button look="quiet" icon={state === 'new' ? X : Undo2} className="text-xs" onClick={props.onTake}>
            {state === 'new' ? 'Remove' : 'Take the draft’s'}
          </Button>
        </div>
      )}
    </li>
  )
}

function StateBadge({ entry: { state, isOff } }: { entry: TrialRule }) {
  return (
    <>
      {isOff && <Badge icon={null}>Off here</Badge>}
      {state === 'new' && <Badge tone="info">Not in the draft</Badge>}
      {state === 'changed' && <Badge tone="info">Changed here</Badge>}
      {state === 'conflict' && <Badge tone="warn">Changed here and in the draft</Badge>}
    </>
  )
}

function Tally({ entry, tally }: ChainRuleProps) {
  if (entry.isOff || tally === undefined) return null
  const parts = [
    tally.ended > 0 && `ends ${exact(tally.ended)}`,
    tally.edited > 0 && `edits ${exact(tally.edited)}`,
    tally.bytes !== 0 && `${tally.bytes > 0 ? '−' : '+'}${bytes(Math.abs(tally.bytes))}`,
  ].filter((part) => part !== false)
  return (
    <p className="text-xs">
      {parts.length === 0 ? <span className="text-muted">does nothing to these samples</span> : parts.join(', ')}
      {tally.errors > 0 && <span className="text-bad"> fails on {exact(tally.errors)}</span>}
    </p>
  )
}

/** The form says it there. */
function isAtField(pointer: string): boolean {
  return /^\/(params|when)\/./.test(pointer)
}

function Problems({ problems }: { problems: readonly RuleProblem[] }) {
  if (problems.length === 0) return null
  return (
    <ul role="alert" className="ml-8 rounded-md bg-bad-soft px-3 py-1.5 text-xs text-bad">
      {problems.map(({ pointer, detail }) => (
        <li key={pointer + detail}>
          {pointer !== '' && <code className="font-mono">{pointer}</code>} {detail}
        </li>
      ))}
    </ul>
  )
}
