/** Adds or edits one rule of a pipeline: its type, what it looks for, when it acts, and what it does to a line. */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { ComponentCatalog } from '#contract/component.ts'
import type { Part } from '#ui/api/draft.ts'
import { componentsQuery, draftQuery, useCan } from '#ui/api/queries.ts'
import type { Answer, RunResult } from '#ui/engine/messages.ts'
import { typeIn } from '#ui/forms/catalog.ts'
import { ConditionForm } from '#ui/forms/condition-form.tsx'
import { type Complaint, FormContext, useComplaint, useFaults } from '#ui/forms/form-context.ts'
import { Guarding } from '#ui/forms/guarding.tsx'
import { JsonField } from '#ui/forms/json-field.tsx'
import { PartFrame } from '#ui/forms/part-frame.tsx'
import { usePartWork } from '#ui/forms/part-work.ts'
import { ruleWords, suggestedId } from '#ui/forms/rule-words.ts'
import { isObject } from '#ui/forms/schema.ts'
import { SchemaForm } from '#ui/forms/schema-form.tsx'
import { TryPanel } from '#ui/forms/try-panel.tsx'
import { TypeList } from '#ui/forms/type-list.tsx'
import { useTrial } from '#ui/forms/use-trial.ts'
import { Button } from '#ui/kit/button.tsx'
import { Dialog } from '#ui/kit/dialog.tsx'
import { TextField } from '#ui/kit/field.tsx'
import { QueryView } from '#ui/kit/states.tsx'
import { useUnsaved } from '#ui/kit/unsaved.ts'

export interface RuleEditorProps {
  configuration: string
  pipeline: string
  /** Id of the rule to edit; without it, one is added. */
  rule?: string | undefined
  open: boolean
  onClose: () => void
  /** It is in the draft now. */
  onSaved: (rule: Part) => void
  /** What a new rule begins with. Without an `id` one is suggested. */
  initial?: RuleStart | undefined
  /** Where a new rule goes; by default the end. */
  position?: number | undefined
}

export interface RuleStart {
  id?: string | undefined
  type?: string | undefined
  params?: Record<string, unknown> | undefined
  when?: unknown
  required?: boolean | undefined
  on_error?: string | undefined
}

export function RuleEditor(props: RuleEditorProps) {
  const { open, onClose, rule, initial, configuration, pipeline } = props
  const catalog = useQuery({ ...componentsQuery, enabled: open })
  if (!open) return null
  if (catalog.data === undefined)
    return (
      <Dialog open place="side" onClose={onClose} title={rule === undefined ? 'Add a rule' : `Edit ${rule}`}>
        <QueryView query={catalog}>{() => null}</QueryView>
      </Dialog>
    )
  const key = `${configuration} ${pipeline} ${rule ?? ''} ${JSON.stringify(initial ?? null)}`
  return <OpenEditor key={key} {...props} catalog={catalog.data} />
}

function OpenEditor(props: RuleEditorProps & { catalog: ComponentCatalog }) {
  const { configuration, pipeline, rule, initial, position, catalog, onClose, onSaved } = props
  const { data: draft } = useQuery(draftQuery(configuration))
  const inDraft = draft?.body.pipelines.find(({ id }) => id === pipeline)
  const start = useMemo((): Part => ({ id: '', type: '', params: {}, ...compactStart(initial) }), [initial])
  const list = useMemo(() => ({ pipeline }), [pipeline])
  const work = usePartWork(configuration, list, {
    id: rule,
    initial: start,
    key: rule === undefined ? `new ${initial?.id ?? initial?.type ?? ''}` : `rule ${rule}`,
    ...(position !== undefined && { position }),
  })
  const { faults, report } = useFaults()
  const disabled = !useCan('edit')
  const part = work.part ?? start
  const { type } = part
  const definition = typeIn(catalog, 'processor', String(type))
  const params = isObject(part['params']) ? part['params'] : {}
  const taken = (inDraft?.processors ?? []).map(({ id }) => id)
  const id = part.id === '' ? suggestedId(String(type), params, taken) : part.id
  const [text = '', setText] = useUnsaved<string>('rule-trial')
  const takesText = definition?.signals.includes('logs') === true
  const { type: _, id: __, ...rest } = part
  const { lines, answer } = useTrial({ ...rest, type: String(type), params }, text, takesText)
  const problems = useMemo(
    () => [...work.problems, ...found(answer, part, work.problems)],
    [answer, part, work.problems],
  )
  const facts = useMemo(() => ({ problems, disabled, report }), [problems, disabled, report])
  const signal = inDraft?.['signal'] as 'logs' | 'metrics' | 'traces' | undefined

  if (work.isNew && type === '')
    return (
      <Dialog open place="side" onClose={onClose} title="Add a rule" description="What should it do?">
        <TypeList
          label="Type of rule"
          types={catalog.components.filter(({ kind }) => kind === 'processor')}
          signal={signal ?? 'logs'}
          onChoose={(chosen) => work.change({ ...part, type: chosen.type, params: {} })}
        />
      </Dialog>
    )
  return (
    <PartFrame
      title={work.isNew ? `Add a rule: ${String(type)}` : `Edit ${rule}`}
      description={ruleWords(String(type), params, definition?.summary)}
      work={work}
      onClose={onClose}
      onSaved={onSaved}
      part={work.part && { ...part, id }}
      faults={faults}
      noun="rule"
    >
      <FormContext value={facts}>
        {work.isNew && (
          <div className="flex items-start gap-2">
            <IdField id={part.id} suggestion={id} onChange={(next) => work.change({ ...part, id: next })} />
            {!disabled && (
              <Button className="mt-6" onClick={() => work.change({ ...part, type: '', params: {} })}>
                Another type
              </Button>
            )}
          </div>
        )}
        {definition === undefined ? (
          <JsonField
            label="Params"
            hint={`This controller does not know the type ${String(type)}, so its params are edited as JSON.`}
            value={part['params']}
            onChange={(next) => work.change(withOut(part, 'params', next))}
            pointer="/params"
          />
        ) : (
          <SchemaForm
            key={definition.type}
            schema={definition.schema}
            value={params}
            onChange={(next) => work.change({ ...part, params: next })}
            base="/params"
          />
        )}
        <fieldset className="flex min-w-0 flex-col gap-2 border-t border-line pt-3">
          <legend className="sr-only">When</legend>
          <h3 className="text-sm font-medium">Only when</h3>
          <ConditionForm value={part['when']} onChange={(next) => work.change(withOut(part, 'when', next))} />
        </fieldset>
        {takesText && (
          <TryPanel
            configuration={configuration}
            pipeline={pipeline}
            text={text}
            onText={(next) => setText(next === '' ? undefined : next)}
            lines={lines}
            answer={answer}
            stateful={definition.stateful}
          />
        )}
        <Guarding part={part} onChange={work.change} definition={definition} />
      </FormContext>
    </PartFrame>
  )
}

function IdField({ id, suggestion, onChange }: { id: string; suggestion: string; onChange: (id: string) => void }) {
  const complaint = useComplaint('/id')
  return (
    <TextField
      className="flex-1"
      label="ID"
      hint="It names the rule in figures and versions, and stays."
      error={complaint}
      value={id}
      placeholder={suggestion}
      spellCheck={false}
      onChange={(event) => onChange(event.target.value)}
    />
  )
}

/** What the engine in the page says of what has been filled in; what has not is not complained of while one is at it. */
function found(answer: Answer<RunResult> | undefined, part: Part, told: readonly Complaint[]): Complaint[] {
  if (answer === undefined || answer.ok || answer.reason !== 'invalid') return []
  const isSet = (pointer: string) => {
    const [, key = '', name = ''] = pointer.split('/')
    return key === 'params' ? isObject(part['params']) && part['params'][name] !== undefined : part[key] !== undefined
  }
  return answer.problems.filter(({ pointer }) => isSet(pointer) && !told.some((one) => one.pointer === pointer))
}

function withOut(part: Part, key: string, value: unknown): Part {
  const { [key]: _, ...rest } = part
  return (value === undefined ? rest : { ...rest, [key]: value }) as Part
}

function compactStart(initial: RuleStart = {}): Partial<Part> {
  return Object.fromEntries(Object.entries(initial).filter(([, value]) => value !== undefined))
}
