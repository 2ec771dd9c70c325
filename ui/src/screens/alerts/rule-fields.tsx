/** The fields of an alert rule: what every rule has, around those of its kind. */
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useId } from 'react'
import type { AlertKind, ScopeKey } from '#contract/alert.ts'
import { scopeKeys } from '#contract/alert-scope.ts'
import { CheckField, SelectField, TextArea, TextField } from '#ui/kit/field.tsx'
import { kindWords } from '#ui/screens/alerts/condition.ts'
import { ConditionFields } from '#ui/screens/alerts/condition-fields.tsx'
import { webhooksQuery } from '#ui/screens/alerts/queries.ts'
import { idFrom, type RuleForm } from '#ui/screens/alerts/rule-form.ts'
import { useScopeNames } from '#ui/screens/alerts/scope-names.ts'

export interface FormProps {
  form: RuleForm
  set: (patch: Partial<RuleForm>) => void
  errorAt: (pointer: string) => string | undefined
}

const kinds = Object.entries(kindWords).map(([value, { label }]) => ({ value, label }))

/** `children`: what stands between when it fires and who is told. */
export function RuleFields({
  isNew,
  disabled,
  children,
  ...props
}: FormProps & { isNew: boolean; disabled: boolean; children: ReactNode }) {
  const { form, set, errorAt } = props
  return (
    <>
      <fieldset disabled={disabled} className="grid gap-4 sm:grid-cols-2">
        <TextField
          label="Name"
          required
          maxLength={128}
          error={errorAt('/name')}
          value={form.name}
          onChange={(event) => set({ name: event.target.value })}
        />
        <TextField
          label="Id"
          disabled={!isNew}
          hint={isNew ? 'Cannot be changed later.' : 'What the API knows it by.'}
          placeholder={idFrom(form.name, '')}
          error={errorAt('/id')}
          value={form.id}
          onChange={(event) => set({ id: event.target.value })}
        />
      </fieldset>
      <Group disabled={disabled} title="Condition">
        <SelectField
          label="What it watches"
          hint={kindWords[form.kind].meaning}
          value={form.kind}
          onChange={(event) => set({ kind: event.target.value as AlertKind })}
          options={kinds}
        />
        <ConditionFields {...props} />
      </Group>
      <Group disabled={disabled} title="Only for">
        <ScopeFields {...props} />
      </Group>
      <Group disabled={disabled} title="When it fires and ends">
        <Timing {...props} />
      </Group>
      {children}
      <Group disabled={disabled} title="Who is told">
        <Telling {...props} />
      </Group>
    </>
  )
}

const scopeLabels: Record<ScopeKey, string> = {
  configuration: 'Configuration',
  pipeline: 'Pipeline',
  output: 'Output',
  gateway: 'Gateway',
}

/** Only what the kind knows of: what one gateway took in is not known by pipeline. */
function ScopeFields({ form, set, errorAt }: FormProps) {
  const listId = useId()
  const names = useScopeNames()
  return (
    <>
      <div className="grid gap-4 sm:grid-cols-2">
        {scopeKeys[form.kind].map((key) => (
          <div key={key} className="contents">
            <TextField
              label={scopeLabels[key]}
              placeholder="All"
              list={`${listId}-${key}`}
              error={errorAt(`/scope/${key}`)}
              value={form.scope[key]}
              onChange={(event) => set({ scope: { ...form.scope, [key]: event.target.value } })}
            />
            <datalist id={`${listId}-${key}`}>
              {names[key].map((name) => (
                <option key={name} value={name} />
              ))}
            </datalist>
          </div>
        ))}
      </div>
      <p className="text-xs text-muted">
        Empty means all. <code className="font-mono">*</code> stands for any characters, such as{' '}
        <code className="font-mono">eu-*</code>.
      </p>
    </>
  )
}

function Timing({ form, set, errorAt }: FormProps) {
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <TextField
        label="Fires after (minutes)"
        type="number"
        min={1}
        max={1440}
        required
        hint="The condition holds so long before it fires."
        error={errorAt('/for_minutes')}
        value={form.forMinutes}
        onChange={(event) => set({ forMinutes: event.target.value })}
      />
      <TextField
        label="Ends after (minutes)"
        type="number"
        min={1}
        max={1440}
        required
        hint="It does not hold so long before it is resolved."
        error={errorAt('/resolve_minutes')}
        value={form.resolveMinutes}
        onChange={(event) => set({ resolveMinutes: event.target.value })}
      />
      <SelectField
        label="A minute without data counts as"
        hint="Nothing is known of it: no gateway was there. A quiet minute has data."
        value={form.noData}
        onChange={(event) => set({ noData: event.target.value as RuleForm['noData'] })}
        options={[
          { value: 'ok', label: 'All is well' },
          { value: 'alert', label: 'The condition holds' },
          { value: 'keep', label: 'As the minute before' },
        ]}
      />
      <SelectField
        label="Severity"
        value={form.severity}
        onChange={(event) => set({ severity: event.target.value as RuleForm['severity'] })}
        options={[
          { value: 'info', label: 'Info' },
          { value: 'warning', label: 'Warning' },
          { value: 'critical', label: 'Critical' },
        ]}
      />
    </div>
  )
}

function Telling({ form, set, errorAt }: FormProps) {
  const { data: known = [] } = useQuery(webhooksQuery)
  const toggle = (id: string, isOn: boolean) =>
    set({ webhooks: isOn ? [...form.webhooks, id] : form.webhooks.filter((one) => one !== id) })
  const gone = form.webhooks.filter((id) => !known.some((one) => one.id === id))
  const rows = [
    ...known.map(({ id, name }) => ({ id, name })),
    ...gone.map((id) => ({ id, name: `${id} (not there)` })),
  ]
  return (
    <>
      {rows.length > 0 && (
        <div className="flex flex-wrap gap-x-6 gap-y-2">
          {rows.map(({ id, name }) => (
            <CheckField
              key={id}
              label={name}
              checked={form.webhooks.includes(id)}
              onChange={(event) => toggle(id, event.target.checked)}
            />
          ))}
        </div>
      )}
      <p className="text-xs text-muted">
        {known.length === 0
          ? 'There is no webhook yet: events show here, and nobody is told. Add one under Webhooks.'
          : 'With none chosen, every webhook that listens to alerts is told.'}
      </p>
      <TextArea
        label="What to do when it fires"
        hint="Goes into what is sent."
        maxLength={2000}
        error={errorAt('/description')}
        value={form.description}
        onChange={(event) => set({ description: event.target.value })}
      />
      <CheckField
        label="Enabled"
        hint="A rule that is disabled is not evaluated."
        checked={form.enabled}
        onChange={(event) => set({ enabled: event.target.checked })}
      />
    </>
  )
}

function Group({ title, disabled, children }: { title: string; disabled: boolean; children: ReactNode }) {
  return (
    <fieldset disabled={disabled} className="flex min-w-0 flex-col gap-3 border-t border-line pt-3">
      <legend className="float-left w-full pb-1 text-xs font-semibold text-muted">{title}</legend>
      {children}
    </fieldset>
  )
}
