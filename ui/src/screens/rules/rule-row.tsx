/** One rule of the list: what it does in words, what it removes, and how it differs from what is live. */
import { useNavigate } from '@tanstack/react-router'
import { ArrowDown, ArrowUp, Copy, Ellipsis, FlaskConical, Pencil, Trash2 } from 'lucide-react'
import { memo, useRef } from 'react'
import type { ComponentType } from '#contract/component.ts'
import { conditionWords } from '#ui/forms/condition.ts'
import { ruleWords } from '#ui/forms/rule-words.ts'
import { Badge, type Tone } from '#ui/kit/badge.tsx'
import { IconButton } from '#ui/kit/button.tsx'
import { bytes, bytesPerSecond, count, countPerSecond } from '#ui/kit/format.ts'
import { Menu } from '#ui/kit/menu.tsx'
import { Sparkline } from '#ui/kit/sparkline.tsx'
import type { Amount, RuleFacts, Standing } from '#ui/screens/rules/rule-facts.ts'
import { useNear } from '#ui/screens/rules/use-near.ts'

export interface RuleActions {
  edit: (id: string) => void
  duplicate: (facts: RuleFacts) => void
  move: (facts: RuleFacts, by: -1 | 1) => void
  remove: (facts: RuleFacts) => void
}

const standings: Record<Exclude<Standing, 'same'>, [tone: Tone, words: string, title: string]> = {
  new: ['info', 'New', 'It is in the draft, and not published yet.'],
  changed: ['info', 'Changed', 'It runs as it was until the draft is published.'],
  moved: ['info', 'Moved', 'It runs at its old place until the draft is published.'],
}

interface RuleRowProps {
  facts: RuleFacts
  last: boolean
  type: Extract<ComponentType, { kind: 'processor' }> | undefined
  mayEdit: boolean
  pipeline: string
  actions: RuleActions
}

/** Rules further down get their figures and buttons when one comes near. */
const AT_ONCE = 20

/** Drawn anew only when something of it has changed: figures come every two seconds, and there may be a thousand rules. */
export const RuleRow = memo(Row, (before, after) => {
  const { facts: old, ...restOld } = before
  const { facts: now, ...restNow } = after
  const isSame = Object.entries(restNow).every(([key, value]) => value === restOld[key as keyof typeof restOld])
  return isSame && JSON.stringify(old) === JSON.stringify(now)
})

function Row({ facts, last, type, mayEdit, pipeline, actions }: RuleRowProps) {
  const { rule, position, standing, problems, total } = facts
  const row = useRef<HTMLLIElement>(null)
  const isNear = useNear(row, position <= AT_ONCE)
  const shown = standing === 'same' ? undefined : standings[standing]
  const required = rule.required ?? type?.required_by_default ?? false
  return (
    <li
      ref={row}
      data-rule={rule.id}
      style={{ contentVisibility: 'auto', containIntrinsicSize: 'auto 4.5rem' }}
      className="grid grid-cols-[1.75rem_minmax(0,1fr)_auto] items-start gap-x-3 gap-y-2 border-t border-line px-4 py-3 first:border-t-0 focus-within:bg-raised/40 md:grid-cols-[1.75rem_minmax(0,1fr)_22rem_auto]"
    >
      <span className="pt-0.5 text-right text-sm text-muted tabular-nums">{position}</span>
      <div className="min-w-0">
        <div className="flex flex-wrap items-center gap-2">
          <button
            type="button"
            data-open
            onClick={() => actions.edit(rule.id)}
            className="min-h-6 rounded-sm text-left font-medium break-all hover:underline"
          >
            {rule.id}
          </button>
          <span className="font-mono text-xs text-muted">{rule.type}</span>
          {shown !== undefined && (
            <Badge tone={shown[0]} title={shown[2]}>
              {shown[1]}
            </Badge>
          )}
          {required && (
            <Badge icon={null} title="It is never bypassed, also under pressure.">
              Required
            </Badge>
          )}
          {problems.length > 0 && <Badge tone="bad">Not valid</Badge>}
          {total.errors > 0 && <Badge tone="warn">{`${count(total.errors)} errors`}</Badge>}
        </div>
        <p className="text-sm break-words">{ruleWords(rule.type, rule.params, type?.summary)}</p>
        {rule.when !== undefined && (
          <p className="text-sm break-words text-muted">only where {conditionWords(rule.when)}</p>
        )}
        {problems.map((problem) => (
          <p key={problem} className="text-sm text-bad">
            {problem}
          </p>
        ))}
      </div>
      {isNear && (
        <>
          <Effect facts={facts} mutates={edits(type)} />
          <Deeds facts={facts} last={last} type={type} mayEdit={mayEdit} pipeline={pipeline} actions={actions} />
        </>
      )}
    </li>
  )
}

/** What can be done to it: buttons and menus are most of what a row costs. */
function Deeds({ facts, last, type, mayEdit, pipeline, actions }: RuleRowProps) {
  const navigate = useNavigate()
  const { rule, position } = facts
  // As the studio calls what this rule ends, or edits.
  const group = edits(type) ? 'edited' : `${type?.outcome ?? 'dropped'}:${rule.id}`
  const dryRun = {
    label: 'What would it drop?',
    icon: FlaskConical,
    note: 'Opens the studio with this rule',
    run: () => void navigate({ to: '/studio', search: { pipeline, group } }),
  }
  const items = mayEdit
    ? [
        { label: 'Edit', icon: Pencil, run: () => actions.edit(rule.id) },
        { label: 'Duplicate', icon: Copy, run: () => actions.duplicate(facts) },
        dryRun,
        { label: 'Delete', icon: Trash2, danger: true, run: () => actions.remove(facts) },
      ]
    : [dryRun]
  return (
    <div className="col-start-3 row-start-1 flex gap-0.5 md:col-start-4">
      {mayEdit && (
        <>
          <IconButton
            label={`Move ${rule.id} up`}
            icon={ArrowUp}
            disabled={position === 1}
            onClick={() => actions.move(facts, -1)}
            className="max-md:hidden"
          />
          <IconButton
            label={`Move ${rule.id} down`}
            icon={ArrowDown}
            disabled={last}
            onClick={() => actions.move(facts, 1)}
            className="max-md:hidden"
          />
        </>
      )}
      <Menu
        trigger={<IconButton label={`More for ${rule.id}`} icon={Ellipsis} />}
        items={
          mayEdit
            ? [
                ...items.slice(0, 2),
                ...(position > 1 ? [{ label: 'Move up', icon: ArrowUp, run: () => actions.move(facts, -1) }] : []),
                ...(last ? [] : [{ label: 'Move down', icon: ArrowDown, run: () => actions.move(facts, 1) }]),
                ...items.slice(2),
              ]
            : items
        }
      />
    </div>
  )
}

/** Rules that change records and end none, such as `redact`. */
function edits(type: RuleRowProps['type']): boolean {
  return type?.mutates === true && type.outcome === 'dropped'
}

/** What it removes, or what it edits where it removes nothing. */
function Effect({ facts, mutates }: { facts: RuleFacts; mutates: boolean }) {
  const { now, total, curve, standing } = facts
  const isEditing = mutates || (total.ended.records === 0 && total.edited.records > 0)
  const kind = isEditing ? 'edited' : 'ended'
  const word = isEditing ? 'edits' : 'removes'
  return (
    <div className="col-span-2 col-start-2 flex items-center gap-4 text-sm md:col-span-1 md:col-start-auto">
      <div className="min-w-0 flex-1 tabular-nums md:text-right">
        {now === null ? (
          <p className="text-muted">{standing === 'new' ? 'not published' : 'no figures now'}</p>
        ) : (
          <p>
            {word} {countPerSecond(Math.round(now[kind].records * 10) / 10)}
            {!isEditing && `, ${bytesPerSecond(Math.round(now[kind].bytes))}`}
          </p>
        )}
        <p className="text-xs text-muted">{totalWords(total[kind], isEditing)}</p>
      </div>
      <Sparkline values={curve} color={isEditing ? 'var(--redacted)' : 'var(--dropped)'} />
    </div>
  )
}

function totalWords({ records, bytes: size }: Amount, edits: boolean): string {
  if (records === 0) return 'nothing in this time'
  return edits ? `${count(records)} records edited` : `${count(records)} records, ${bytes(size)} removed`
}
