/** Adds a pipeline to the draft, empty or like another one. */
import { useState } from 'react'
import type { ConfigurationDocument } from '#contract/configuration.ts'
import { Button } from '#ui/kit/button.tsx'
import { Dialog } from '#ui/kit/dialog.tsx'
import { CheckField, SelectField, TextField } from '#ui/kit/field.tsx'
import { ProblemNote } from '#ui/kit/states.tsx'
import { attachedTo, type Effective, type Pipeline } from './document.ts'
import { freeId, putPipeline, removePipeline } from './edits.ts'
import type { Draft } from './use-draft.ts'

export interface NewPipelineProps {
  open: boolean
  onClose: () => void
  /** Whose rules, sources and outputs it begins with. */
  like?: string
  document: ConfigurationDocument
  effective: Effective
  draft: Draft
  onAdded: (id: string) => void
}

const signals = [
  { value: 'logs', label: 'Logs' },
  { value: 'metrics', label: 'Metrics' },
  { value: 'traces', label: 'Traces' },
]
const ID = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$/

export function NewPipeline({ open, onClose, ...rest }: NewPipelineProps) {
  const title = rest.like === undefined ? 'Add a pipeline' : `Duplicate the pipeline ${rest.like}`
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={title}
      description="It goes into the draft; gateways run it once it is published."
    >
      {open && <PipelineForm key={rest.like ?? ''} onClose={onClose} {...rest} />}
    </Dialog>
  )
}

function PipelineForm({ onClose, like, document, effective, draft, onAdded }: Omit<NewPipelineProps, 'open'>) {
  const taken = [...document.pipelines, ...effective.pipelines].map(({ id }) => id)
  const model = likeness(like, document, effective)
  const [id, setId] = useState(() => freeId(like ?? 'pipeline', taken))
  const [signal, setSignal] = useState('logs')
  const [sources, setSources] = useState<readonly string[]>([])
  const [outputs, setOutputs] = useState<readonly string[]>([])
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const complaint = taken.includes(id)
    ? 'There is a pipeline of this name.'
    : ID.test(id)
      ? undefined
      : 'Letters, digits and _ . : -, at most 128; the first one a letter or digit.'
  const add = async () => {
    const pipeline: Pipeline =
      model === undefined
        ? { id, ...(signal !== 'logs' && { signal }), sources: [...sources], processors: [], outputs: [...outputs] }
        : { ...model, id }
    setBusy(true)
    setError(null)
    try {
      await draft.apply({
        edit: putPipeline(pipeline),
        undo: removePipeline(id),
        text: `Pipeline ${id} added to the draft`,
      })
      onClose()
      onAdded(id)
    } catch (reason) {
      setError(reason)
    } finally {
      setBusy(false)
    }
  }
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        if (complaint === undefined) void add()
      }}
    >
      <TextField
        label="Name"
        value={id}
        onChange={(event) => setId(event.target.value)}
        {...(id !== '' && complaint !== undefined && { error: complaint })}
      />
      {model === undefined ? (
        <>
          <SelectField
            label="Carries"
            options={signals}
            value={signal}
            onChange={(event) => setSignal(event.target.value)}
          />
          <Choice
            label="Sources"
            names={[...document.sources, ...effective.sources].map((source) => source.id)}
            chosen={sources}
            onChange={setSources}
          />
          <Choice
            label="Outputs"
            names={[...document.outputs, ...effective.outputs].map((output) => output.id)}
            chosen={outputs}
            onChange={setOutputs}
          />
        </>
      ) : (
        <p className="text-muted">
          It begins with the {model.processors.length} rules, the sources and the outputs of {like}.
        </p>
      )}
      <ProblemNote error={error} />
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" busy={busy} disabled={complaint !== undefined}>
          Add the pipeline
        </Button>
      </div>
    </form>
  )
}

/** Several of a few names. */
function Choice({
  label,
  names,
  chosen,
  onChange,
}: {
  label: string
  names: readonly string[]
  chosen: readonly string[]
  onChange: (names: readonly string[]) => void
}) {
  const all = [...new Set(names)]
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="pb-1 text-sm font-medium">{label}</legend>
      {all.length === 0 && <p className="text-xs text-muted">None known yet; they can be added later.</p>}
      <div className="flex flex-wrap gap-x-5 gap-y-2">
        {all.map((name) => (
          <CheckField
            key={name}
            label={name}
            checked={chosen.includes(name)}
            onChange={(event) =>
              onChange(event.target.checked ? [...chosen, name] : chosen.filter((other) => other !== name))
            }
          />
        ))}
      </div>
    </fieldset>
  )
}

function likeness(
  like: string | undefined,
  document: ConfigurationDocument,
  effective: Effective,
): Pipeline | undefined {
  if (like === undefined) return undefined
  const pipeline = [...document.pipelines, ...effective.pipelines].find(({ id }) => id === like)
  if (pipeline === undefined) return undefined
  // Under another name the gateway's file has nothing to give it.
  const { sources, outputs } = attachedTo(pipeline, effective)
  return { ...pipeline, sources, outputs }
}
