/** Adds a configuration: what a group of gateways, or of collectors, is given. */
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { ConfigurationKind } from '#contract/configuration.ts'
import { ApiError, send } from '#ui/api/client.ts'
import { configurationChanged } from '#ui/api/queries.ts'
import { Button } from '#ui/kit/button.tsx'
import { Dialog } from '#ui/kit/dialog.tsx'
import { SelectField, TextField } from '#ui/kit/field.tsx'
import { ProblemNote } from '#ui/kit/states.tsx'
import { toast } from '#ui/kit/toast.tsx'

const kinds: readonly { value: ConfigurationKind; label: string }[] = [
  { value: 'streamgate', label: 'Gateways: pipelines with sources, rules and outputs' },
  { value: 'otel_collector', label: 'OpenTelemetry collectors: files, as they read them' },
]

export interface NewConfigurationProps {
  open: boolean
  onClose: () => void
  onAdded: (name: string) => void
}

export function NewConfiguration({ open, onClose, onAdded }: NewConfigurationProps) {
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title="New configuration"
      description="Gateways that register for it, or are moved to it, run what is published in it."
    >
      {open && <ConfigurationForm onClose={onClose} onAdded={onAdded} />}
    </Dialog>
  )
}

function ConfigurationForm({ onClose, onAdded }: Omit<NewConfigurationProps, 'open'>) {
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [kind, setKind] = useState<ConfigurationKind>('streamgate')
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const add = async () => {
    setBusy(true)
    setError(null)
    try {
      await send('POST', '/configurations', { name, kind })
      await configurationChanged(client)
      toast(`Configuration ${name} added`)
      onClose()
      onAdded(name)
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
        void add()
      }}
    >
      <TextField
        label="Name"
        required
        value={name}
        onChange={(event) => setName(event.target.value)}
        error={error instanceof ApiError ? error.at('/name') : undefined}
      />
      <SelectField
        label="For"
        options={kinds}
        value={kind}
        onChange={(event) => setKind(event.target.value as ConfigurationKind)}
      />
      <ProblemNote error={error} />
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" busy={busy} disabled={name === ''}>
          Add the configuration
        </Button>
      </div>
    </form>
  )
}
