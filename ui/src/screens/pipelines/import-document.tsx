/** Puts a document from a file in the place of the draft, after a look at what that would change. */
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Plan } from '#contract/configuration.ts'
import { ApiError, getTagged, send } from '#ui/api/client.ts'
import { configurationChanged, pathOf } from '#ui/api/queries.ts'
import { Button } from '#ui/kit/button.tsx'
import { Dialog } from '#ui/kit/dialog.tsx'
import { Field, inputLook } from '#ui/kit/field.tsx'
import { ProblemNote } from '#ui/kit/states.tsx'
import { toast } from '#ui/kit/toast.tsx'

interface Read {
  name: string
  document: unknown
  entries: Plan['draft']
  /** Of the draft that the plan was made for. */
  etag: string
}

const SHOWN_MAX = 12
const verbs = { add: 'Adds', remove: 'Removes', change: 'Changes', move: 'Moves' } as const

export function ImportDocument({
  open,
  onClose,
  configuration,
}: {
  open: boolean
  onClose: () => void
  configuration: string
}) {
  const client = useQueryClient()
  const [read, setRead] = useState<Read>()
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const close = () => {
    setRead(undefined)
    setError(null)
    onClose()
  }
  const attempt = async (work: () => Promise<void>) => {
    setBusy(true)
    setError(null)
    try {
      await work()
    } catch (reason) {
      setError(reason)
    } finally {
      setBusy(false)
    }
  }
  const look = async (file: File) => {
    setRead(undefined)
    const { parseText } = await import('./yaml-text.ts')
    const { value: document, problems } = parseText(await file.text())
    const problem = problems[0]
    if (problem !== undefined)
      throw new ApiError({
        type: 'about:blank',
        title: `${file.name} cannot be read`,
        status: 422,
        detail: `Line ${problem.line}: ${problem.message}`,
      })
    const { etag } = await getTagged(`${pathOf(configuration)}/draft`)
    const plan = await send<Plan>('POST', `${pathOf(configuration)}/plan`, { document })
    setRead({ name: file.name, document, entries: plan.draft, etag })
  }
  const replace = async ({ document, etag, name }: Read) => {
    await send('PUT', `${pathOf(configuration)}/draft`, document, { etag })
    await configurationChanged(client)
    toast(`The draft is what ${name} says`)
    close()
  }
  const footer = (
    <>
      <Button onClick={close}>Cancel</Button>
      <Button
        look="primary"
        busy={busy}
        disabled={read === undefined || read.entries.length === 0}
        onClick={() => read && void attempt(() => replace(read))}
      >
        Replace the draft
      </Button>
    </>
  )
  return (
    <Dialog
      open={open}
      onClose={close}
      title="Import a document"
      description={`It takes the place of the whole draft of ${configuration}. Nothing is published by it.`}
      footer={footer}
    >
      <div className="flex flex-col gap-4">
        <Field
          label="File"
          hint="YAML or JSON, such as an export. What reads [redacted] keeps the value that is stored."
        >
          {(parts) => (
            <input
              {...parts}
              type="file"
              accept=".yaml,.yml,.json,application/json,application/yaml"
              className={inputLook}
              onChange={(event) => {
                const file = event.target.files?.[0]
                if (file !== undefined) void attempt(() => look(file))
              }}
            />
          )}
        </Field>
        <ProblemNote error={error} />
        {read !== undefined && <Entries entries={read.entries} />}
      </div>
    </Dialog>
  )
}

function Entries({ entries }: { entries: Plan['draft'] }) {
  if (entries.length === 0) return <p role="status">It says what the draft says already.</p>
  return (
    <div role="status">
      <p className="font-medium">
        {entries.length === 1 ? '1 difference' : `${entries.length} differences`} to the draft:
      </p>
      <ul className="list-disc pl-5">
        {entries.slice(0, SHOWN_MAX).map(({ op, path }) => (
          <li key={`${op}${path}`}>
            {verbs[op]} <code className="font-mono text-xs">{path}</code>
          </li>
        ))}
        {entries.length > SHOWN_MAX && <li>and {entries.length - SHOWN_MAX} more</li>}
      </ul>
    </div>
  )
}
