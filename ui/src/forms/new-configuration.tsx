/** Adds a configuration: what a group of gateways, or of collectors, is given. */
import { useQueryClient } from '@tanstack/react-query'
import type { Configuration, ConfigurationKind } from '#contract/configuration.ts'
import { send } from '#ui/api/client.ts'
import { configurationChanged } from '#ui/api/queries.ts'
import { SelectField, TextField } from '#ui/kit/field.tsx'
import { FormDialog } from '#ui/kit/form-view.tsx'
import { toast } from '#ui/kit/toast.tsx'
import { useNewForm } from '#ui/kit/use-kept-form.ts'

const kinds: readonly { value: ConfigurationKind; label: string }[] = [
  { value: 'streamgate', label: 'Gateways: pipelines with sources, rules and outputs' },
  { value: 'otel_collector', label: 'OpenTelemetry collectors: files, as they read them' },
]
const initial: { name: string; kind: ConfigurationKind } = { name: '', kind: 'streamgate' }

export function NewConfiguration({ onClose, onAdded }: { onClose: () => void; onAdded: (name: string) => void }) {
  const client = useQueryClient()
  const kept = useNewForm({
    key: 'configuration.new',
    initial,
    save: (form) => send<Configuration>('POST', '/configurations', form),
    onSaved: async ({ name }) => {
      await configurationChanged(client)
      toast(`The configuration ${name} is there; you are looking at it now`)
      onAdded(name)
    },
  })
  const { form, change, errorAt } = kept
  return (
    <FormDialog
      kept={kept}
      onClose={onClose}
      title="Add a configuration"
      description="Gateways that register for it, or are moved to it, run what is published in it."
      action="Add the configuration"
    >
      <TextField
        label="Name"
        hint="Letters, digits and _ . : -; it stays."
        required
        autoFocus
        maxLength={128}
        error={errorAt('/name')}
        value={form.name}
        onChange={(event) => change({ name: event.target.value })}
      />
      <SelectField
        label="For"
        options={kinds}
        value={form.kind}
        onChange={(event) => change({ kind: event.target.value as ConfigurationKind })}
      />
    </FormDialog>
  )
}
