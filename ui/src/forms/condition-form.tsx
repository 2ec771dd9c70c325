/** Builds a condition by choosing: tests of fields, in groups of all or any. What it cannot show is edited as JSON. */
import { CopyPlus, ListPlus, Plus, X } from 'lucide-react'
import { useContext, useId } from 'react'
import {
  conditionOf,
  conditionWords,
  emptyTest,
  type GroupNode,
  type Node,
  nodeOf,
  type Test,
  type TestNode,
  tests,
  withTest,
} from '#ui/forms/condition.ts'
import { below, type Complaint, FormContext, useComplaint } from '#ui/forms/form-context.ts'
import { JsonField } from '#ui/forms/json-field.tsx'
import { Button, IconButton } from '#ui/kit/button.tsx'
import { inputLook } from '#ui/kit/field.tsx'

export interface ConditionFormProps {
  /** Undefined: there is none, so it holds for every record. */
  value: unknown
  onChange: (value: unknown) => void
  problems?: readonly Complaint[]
  /** Where it stands in what the problems' pointers lead into. */
  base?: string
  /** Names of fields to offer, beside the well-known ones. */
  fields?: readonly string[]
}

const WELL_KNOWN = ['level', 'service', 'host', 'message', 'trace_id', 'name', 'status']

export function ConditionForm({ value, onChange, problems, base = '/when', fields = [] }: ConditionFormProps) {
  const around = useContext(FormContext)
  const listId = useId()
  const node = value === undefined ? undefined : nodeOf(value)
  const isEmpty = value === undefined
  return (
    <FormContext value={problems === undefined ? around : { ...around, problems }}>
      <datalist id={listId}>
        {[...new Set([...WELL_KNOWN, ...fields])].map((field) => (
          <option key={field} value={field} />
        ))}
      </datalist>
      {isEmpty ? (
        <div className="flex flex-wrap items-center gap-3">
          <span className="text-sm text-muted">It acts on every record.</span>
          {!around.disabled && (
            <Button icon={Plus} onClick={() => onChange(conditionOf(emptyTest))}>
              Add a condition
            </Button>
          )}
        </div>
      ) : node === undefined ? (
        <JsonField
          label="Condition"
          hint="The builder cannot show this condition, so it is edited as JSON."
          value={value}
          onChange={onChange}
          pointer={base}
        />
      ) : (
        <div className="flex flex-col gap-2">
          <NodeForm
            node={node}
            pointer={base}
            listId={listId}
            place="Condition"
            onChange={(next) => onChange(conditionOf(next))}
            onRemove={() => onChange(undefined)}
          />
          <p className="text-xs text-muted" aria-live="polite">
            It acts only where {conditionWords(value)}.
          </p>
        </div>
      )}
    </FormContext>
  )
}

interface NodeProps<Of extends Node> {
  node: Of
  pointer: string
  listId: string
  /** Says which one it is, to who does not see where it stands. */
  place: string
  onChange: (node: Node) => void
  onRemove: () => void
}

function NodeForm(props: NodeProps<Node>) {
  const { node } = props
  const pointer = node.negated ? below(props.pointer, 'not') : props.pointer
  return node.kind === 'test' ? (
    <TestForm {...props} node={node} pointer={pointer} />
  ) : (
    <GroupForm {...props} node={node} pointer={pointer} />
  )
}

const WORDS: Record<Test, [yes: string, no: string]> = {
  equals: ['is', 'is not'],
  contains: ['contains', 'does not contain'],
  regex: ['matches', 'does not match'],
  exists: ['is there', 'is not there'],
}

function TestForm({ node, pointer, listId, place, onChange, onRemove }: NodeProps<TestNode>) {
  const { disabled } = useContext(FormContext)
  const complaint = useComplaint(pointer, true)
  const errorId = useId()
  const wrong = complaint === undefined ? {} : { 'aria-invalid': true, 'aria-describedby': errorId }
  const isAbsent = node.test === 'exists' && (node.value === true) === node.negated
  const chosen = `${node.test} ${node.test === 'exists' ? isAbsent : node.negated}`
  const choose = (text: string) => {
    const [test, no] = text.split(' ') as [Test, string]
    const next = withTest(node, test)
    onChange(
      test === 'exists' ? { ...next, negated: false, value: no !== 'true' } : { ...next, negated: no === 'true' },
    )
  }
  return (
    <div>
      <div className="flex flex-wrap items-center gap-1.5">
        <input
          aria-label={`${place}: field`}
          {...wrong}
          list={listId}
          value={node.field}
          placeholder="Field, such as level"
          autoComplete="off"
          spellCheck={false}
          disabled={disabled}
          onChange={(event) => onChange({ ...node, field: event.target.value })}
          className={`${inputLook} min-w-32 flex-1`}
        />
        <select
          aria-label={`${place}: test`}
          value={chosen}
          disabled={disabled}
          onChange={(event) => choose(event.target.value)}
          className={`${inputLook} w-auto!`}
        >
          {tests.flatMap((test) =>
            WORDS[test].map((words, no) => (
              <option key={words} value={`${test} ${no === 1}`}>
                {words}
              </option>
            )),
          )}
        </select>
        {node.test !== 'exists' && (
          <input
            aria-label={`${place}: value`}
            {...wrong}
            value={String(node.value)}
            placeholder={node.test === 'regex' ? 'Pattern' : 'Value'}
            autoComplete="off"
            spellCheck={false}
            disabled={disabled}
            onChange={(event) => onChange({ ...node, value: sameKind(event.target.value, node) })}
            className={`${inputLook} min-w-32 flex-1 ${node.test === 'regex' ? 'font-mono' : ''}`}
          />
        )}
        {!disabled && (
          <>
            <IconButton
              label={`${place}: add another beside it`}
              icon={CopyPlus}
              onClick={() => onChange({ kind: 'group', negated: false, how: 'all', parts: [node, emptyTest] })}
            />
            <IconButton label={`${place}: remove`} icon={X} onClick={onRemove} />
          </>
        )}
      </div>
      {complaint !== undefined && (
        <p id={errorId} className="pt-1 text-xs text-bad">
          {complaint}
        </p>
      )}
    </div>
  )
}

function GroupForm({ node, pointer, listId, place, onChange, onRemove }: NodeProps<GroupNode>) {
  const { disabled } = useContext(FormContext)
  const complaint = useComplaint(pointer)
  const { parts, how } = node
  const chosen = `${node.negated ? 'not ' : ''}${how}`
  const change = (next: readonly Node[]) => onChange({ ...node, parts: next })
  return (
    <fieldset className="flex min-w-0 flex-col gap-2 border-l-2 border-line pl-3">
      <legend className="sr-only">{place}</legend>
      <div className="flex flex-wrap items-center gap-1.5">
        <select
          aria-label={`${place}: how its parts go together`}
          value={chosen}
          disabled={disabled}
          onChange={(event) => {
            const { value } = event.target
            onChange({ ...node, negated: value.startsWith('not '), how: value.endsWith('all') ? 'all' : 'any' })
          }}
          className={`${inputLook} w-auto!`}
        >
          <option value="all">All of these hold</option>
          <option value="any">One of these holds, or more</option>
          <option value="not any">None of these holds</option>
          <option value="not all">Not all of these hold</option>
        </select>
        {!disabled && <IconButton label={`${place}: remove the group`} icon={X} onClick={onRemove} />}
      </div>
      {complaint !== undefined && <p className="text-xs text-bad">{complaint}</p>}
      {parts.map((part, index) => (
        <NodeForm
          // biome-ignore lint/suspicious/noArrayIndexKey: parts have no names, and each is shown as its value says.
          key={index}
          node={part}
          pointer={below(below(pointer, how), index)}
          listId={listId}
          place={`${place} ${index + 1}`}
          onChange={(next) => change(parts.with(index, next))}
          onRemove={() => (parts.length === 1 ? onRemove() : change(parts.toSpliced(index, 1)))}
        />
      ))}
      {!disabled && (
        <div className="flex flex-wrap gap-2">
          <Button icon={Plus} onClick={() => change([...parts, emptyTest])}>
            Test
          </Button>
          <Button
            icon={ListPlus}
            onClick={() => change([...parts, { kind: 'group', negated: false, how: 'any', parts: [emptyTest] }])}
          >
            Group
          </Button>
        </div>
      )}
    </fieldset>
  )
}

/** A number stays one while it is one; records that have it as text match too. */
function sameKind(text: string, node: TestNode): string | number | boolean {
  if (typeof node.value === 'number' && text.trim() !== '' && String(Number(text)) === text) return Number(text)
  if (typeof node.value === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return text
}
