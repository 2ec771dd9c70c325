/** The fields of a webhook. */
import type { Webhook } from '#contract/webhook.ts'
import { CheckField, SelectField, TextField } from '#ui/kit/field.tsx'
import { idFrom } from '#ui/screens/alerts/rule-form.ts'
import { families, newSecret, toggled, type WebhookForm } from '#ui/screens/alerts/webhook-words.ts'

export function WebhookFields({
  form,
  set,
  there,
  errorAt,
}: {
  form: WebhookForm
  set: (patch: Partial<WebhookForm>) => void
  there: Webhook | undefined
  errorAt: (pointer: string) => string | undefined
}) {
  const isEverything = form.events.includes('*')
  return (
    <>
      <TextField
        label="Name"
        required
        maxLength={128}
        error={errorAt('/name')}
        value={form.name}
        onChange={(event) => set({ name: event.target.value })}
      />
      {there === undefined && (
        <>
          <TextField
            label="Id"
            hint="Cannot be changed later."
            placeholder={idFrom(form.name, '')}
            error={errorAt('/id')}
            value={form.id}
            onChange={(event) => set({ id: event.target.value })}
          />
          <SelectField
            label="Kind"
            hint="A Slack webhook gets messages, and its URL is a credential: it is never shown."
            value={form.kind}
            onChange={(event) => set({ kind: event.target.value as WebhookForm['kind'] })}
            options={[
              { value: 'standard', label: 'Standard Webhooks, signed' },
              { value: 'slack', label: 'Slack' },
            ]}
          />
        </>
      )}
      <TextField
        label="URL"
        type="url"
        required={there === undefined}
        placeholder={there?.url ?? 'https://ops.example.com/streamgate'}
        hint={
          there === undefined
            ? 'A public address, unless the controller allows private ones.'
            : 'Empty: stays as it is.'
        }
        error={errorAt('/url')}
        value={form.url}
        onChange={(event) => set({ url: event.target.value })}
      />
      <fieldset className="flex flex-col gap-2">
        <legend className="pb-1 text-sm font-medium">Told of</legend>
        <CheckField
          label="Everything"
          hint="What is added later too."
          checked={isEverything}
          onChange={(event) => set({ events: toggled(form.events, '*', event.target.checked) })}
        />
        {families.map(({ value, label, hint }) => (
          <CheckField
            key={value}
            label={label}
            hint={hint}
            disabled={isEverything}
            checked={isEverything || form.events.includes(value)}
            onChange={(event) => set({ events: toggled(form.events, value, event.target.checked) })}
          />
        ))}
      </fieldset>
      {there?.kind === 'standard' && (
        <CheckField
          label="Give it a new secret"
          hint="It shows once when you save. For a day, deliveries are signed with the old one as well."
          checked={form.secret !== ''}
          onChange={(event) => set({ secret: event.target.checked ? newSecret() : '' })}
        />
      )}
      <CheckField
        label="Enabled"
        hint={there?.disabled_reason ?? 'One that is disabled is told nothing.'}
        checked={form.enabled}
        onChange={(event) => set({ enabled: event.target.checked })}
      />
    </>
  )
}
