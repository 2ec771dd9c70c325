/** What becomes of a rule under pressure, and of a record on which it fails: seldom changed, so it is closed. */
import { useComplaint } from '#ui/forms/form-context.ts'
import { Disclosure } from '#ui/forms/group-fields.tsx'
import { SelectField } from '#ui/kit/field.tsx'

interface Guarded {
  required?: unknown
  on_error?: unknown
}

export function Guarding<Rule extends object>({
  part,
  onChange,
  definition,
}: {
  part: Rule
  onChange: (part: Rule) => void
  definition: { required_by_default: boolean; on_error_default: string } | undefined
}) {
  const { required, on_error: onError }: Guarded = part
  const set = [required, onError].filter((one) => one !== undefined).length
  const byDefault = (words: string | undefined) => (words === undefined ? 'By default' : `By default: ${words}`)
  const change = (key: keyof Guarded, value: unknown) => {
    const { [key]: _, ...rest }: Guarded = part
    onChange((value === undefined ? rest : { ...rest, [key]: value }) as Rule)
  }
  const complaint = useComplaint('/on_error')
  return (
    <Disclosure
      title="Under pressure and on errors"
      note={set === 0 ? 'by default' : `${set} set`}
      forced={complaint !== undefined}
    >
      <SelectField
        label="Under pressure"
        hint="A required rule is never bypassed: when it cannot run, records wait."
        value={required === undefined ? '' : String(required)}
        onChange={({ target: { value } }) => change('required', value === '' ? undefined : value === 'true')}
        options={[
          {
            value: '',
            label: byDefault(definition && (definition.required_by_default ? 'required' : 'may be bypassed')),
          },
          { value: 'true', label: 'Required' },
          { value: 'false', label: 'May be bypassed' },
        ]}
      />
      <SelectField
        label="On an error"
        hint="What becomes of a record on which the rule fails."
        error={complaint}
        value={typeof onError === 'string' ? onError : ''}
        onChange={({ target: { value } }) => change('on_error', value === '' ? undefined : value)}
        options={[
          { value: '', label: byDefault(definition?.on_error_default) },
          { value: 'pass', label: 'Pass it on as it is' },
          { value: 'drop', label: 'Drop it' },
          { value: 'quarantine', label: 'Put it in quarantine' },
        ]}
      />
    </Disclosure>
  )
}
