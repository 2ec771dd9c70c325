/** Adds or edits a source, an output or an upstream: its type, its own options, and those that all of its kind have. */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { ComponentCatalog } from '#contract/component.ts'
import type { Part, PartKind } from '#ui/api/draft.ts'
import { componentsQuery, draftQuery, useCan } from '#ui/api/queries.ts'
import { typeIn } from '#ui/forms/catalog.ts'
import { FormContext, useComplaint, useFaults } from '#ui/forms/form-context.ts'
import { JsonField } from '#ui/forms/json-field.tsx'
import { PartFrame } from '#ui/forms/part-frame.tsx'
import { usePartWork } from '#ui/forms/part-work.ts'
import { controlOf, entriesOf, isObject, type JsonSchema } from '#ui/forms/schema.ts'
import { SchemaForm } from '#ui/forms/schema-form.tsx'
import { TypeList } from '#ui/forms/type-list.tsx'
import { withoutTypedSecrets } from '#ui/forms/typed-secrets.ts'
import { Dialog } from '#ui/kit/dialog.tsx'
import { TextField } from '#ui/kit/field.tsx'
import { QueryView } from '#ui/kit/states.tsx'

export interface ComponentEditorProps {
  configuration: string
  kind: 'source' | 'output' | 'upstream'
  /** Id of what to edit; without it, one is added. */
  part?: string | undefined
  open: boolean
  onClose: () => void
  onSaved: (part: Part) => void
  /** What a new one begins with. */
  initial?: Record<string, unknown> | undefined
  /** Of the pipeline that it is for: types for other signals come last. */
  signal?: 'logs' | 'metrics' | 'traces' | undefined
}

const LISTS = { source: 'sources', output: 'outputs', upstream: 'upstreams' } as const satisfies Record<
  string,
  PartKind
>

export function ComponentEditor(props: ComponentEditorProps) {
  const { open, onClose, part, kind, initial } = props
  const catalog = useQuery({ ...componentsQuery, enabled: open })
  if (!open) return null
  if (catalog.data === undefined)
    return (
      <Dialog open place="side" onClose={onClose} title={part === undefined ? titleOf(kind) : `Edit ${part}`}>
        <QueryView query={catalog}>{() => null}</QueryView>
      </Dialog>
    )
  return (
    <OpenEditor key={`${kind} ${part ?? ''} ${JSON.stringify(initial ?? null)}`} {...props} catalog={catalog.data} />
  )
}

function OpenEditor(props: ComponentEditorProps & { catalog: ComponentCatalog }) {
  const { configuration, kind, part: id, initial, signal, catalog, onClose, onSaved } = props
  const { data: draft } = useQuery(draftQuery(configuration))
  const start = useMemo((): Part => ({ id: '', ...(kind !== 'upstream' && { type: '' }), ...initial }), [kind, initial])
  const work = usePartWork(configuration, LISTS[kind], {
    id,
    initial: start,
    key: id ?? `new ${String(initial?.['type'] ?? '')}`,
    forStorage: (part) => {
      const schema =
        kind === 'upstream' ? catalog.entries.upstream : typeIn(catalog, kind, String(part['type']))?.schema
      return schema === undefined ? part : (withoutTypedSecrets(controlOf(schema), part) as Part)
    },
  })
  const { faults, report } = useFaults()
  const disabled = !useCan('edit')
  const upstreams = draft?.body.upstreams
  const facts = useMemo(
    () => ({
      problems: work.problems,
      disabled,
      report,
      known: { '/upstream': (upstreams ?? []).map((one) => one.id) },
    }),
    [work.problems, disabled, report, upstreams],
  )
  const part = work.part ?? start
  const type = String(part['type'] ?? '')
  const taken = (draft?.body[LISTS[kind]] ?? []).map((one) => one.id)
  const name = part.id === '' ? freeId(type === '' ? kind : type, taken) : part.id

  if (work.isNew && kind !== 'upstream' && type === '')
    return (
      <Dialog open place="side" onClose={onClose} title={titleOf(kind)} description="Which type?">
        <TypeList
          label={`Type of ${kind}`}
          types={catalog.components.filter((one) => one.kind === kind)}
          {...(signal !== undefined && { signal })}
          onChoose={(chosen) => work.change({ ...part, type: chosen.type })}
        />
      </Dialog>
    )
  const definition = kind === 'upstream' ? undefined : typeIn(catalog, kind, type)
  return (
    <PartFrame
      title={work.isNew ? `${titleOf(kind)}${type === '' ? '' : `: ${type}`}` : `Edit ${id}`}
      {...(definition !== undefined && { description: definition.summary })}
      work={work}
      onClose={onClose}
      onSaved={onSaved}
      part={work.part && { ...part, id: name }}
      faults={faults}
      noun={kind}
    >
      <FormContext value={facts}>
        {work.isNew && (
          <IdField id={part.id} suggestion={name} onChange={(next) => work.change({ ...part, id: next })} />
        )}
        <Options
          key={type}
          part={part}
          own={kind === 'upstream' ? catalog.entries.upstream : definition?.schema}
          shared={kind === 'upstream' ? undefined : catalog.entries[kind]}
          hidden={definition?.kind === 'source' && !definition.may_be_durable ? ['durable'] : []}
          sharedTitle={kind === 'source' ? 'When more comes than can be taken' : 'Batches, queue and retries'}
          onChange={work.change}
        />
      </FormContext>
    </PartFrame>
  )
}

/** Both write into the same object, so each leaves out what the other draws. */
function Options({
  part,
  own,
  shared,
  sharedTitle,
  hidden,
  onChange,
}: {
  part: Part
  own: JsonSchema | undefined
  shared: JsonSchema | undefined
  sharedTitle: string
  /** Keys that mean nothing to this type: not offered, but shown where they are set. */
  hidden: readonly string[]
  onChange: (part: Part) => void
}) {
  const ownKeys = useMemo(() => keysOf(own), [own])
  const sharedKeys = useMemo(() => keysOf(shared).filter((key) => !ownKeys.includes(key)), [shared, ownKeys])
  const others = Object.keys(part).filter((key) => !sharedKeys.includes(key))
  const unwanted = hidden.filter((key) => part[key] === undefined)
  const change = (next: Record<string, unknown>) => onChange(next as Part)
  if (own === undefined)
    return (
      <JsonField
        label="Options"
        hint="This controller does not know the type, so its options are edited as JSON."
        value={part}
        onChange={(next) => isObject(next) && change({ ...next, id: part.id })}
      />
    )
  return (
    <>
      <SchemaForm schema={own} value={part} onChange={change} omit={['id', 'type', ...sharedKeys]} />
      {shared !== undefined && (
        <section className="flex flex-col gap-4 border-t border-line pt-3">
          <h3 className="text-sm font-semibold">{sharedTitle}</h3>
          <SchemaForm
            schema={shared}
            value={part}
            onChange={change}
            omit={['id', 'type', ...ownKeys, ...others, ...unwanted]}
          />
        </section>
      )}
    </>
  )
}

function IdField({ id, suggestion, onChange }: { id: string; suggestion: string; onChange: (id: string) => void }) {
  const complaint = useComplaint('/id')
  return (
    <TextField
      label="ID"
      hint="It names it in pipelines and figures, and stays."
      error={complaint}
      value={id}
      placeholder={suggestion}
      spellCheck={false}
      onChange={(event) => onChange(event.target.value)}
    />
  )
}

function keysOf(schema: JsonSchema | undefined): string[] {
  return schema === undefined ? [] : entriesOf(schema).map(({ key }) => key)
}

function titleOf(kind: ComponentEditorProps['kind']): string {
  return kind === 'source' ? 'Add a source' : `Add an ${kind}`
}

function freeId(base: string, taken: readonly string[]): string {
  for (let i = 1; ; i++) {
    const id = i === 1 ? base : `${base}_${i}`
    if (!taken.includes(id)) return id
  }
}
