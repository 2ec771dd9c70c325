/**
 * A form for an object as its JSON Schema describes it. What is not set stays out of the value, so that defaults stay defaults;
 * keys that the schema does not know are kept, and shown as JSON.
 */
import { useContext, useMemo, useState } from 'react'
import { type Complaint, FormContext } from '#ui/forms/form-context.ts'
import { GroupFields } from '#ui/forms/group-fields.tsx'
import { entriesOf, type JsonSchema } from '#ui/forms/schema.ts'

export interface SchemaFormProps {
  schema: JsonSchema
  value: Record<string, unknown>
  onChange: (value: Record<string, unknown>) => void
  /** What the API found wrong; each appears at its field. */
  problems?: readonly Complaint[]
  /** Where `value` stands in what the problems' pointers lead into, such as `/params`. */
  base?: string
  /** Keys that are drawn elsewhere. */
  omit?: readonly string[]
  disabled?: boolean
}

export function SchemaForm({ schema, value, onChange, problems, base = '', omit = [], disabled }: SchemaFormProps) {
  const around = useContext(FormContext)
  const omitted = omit.join('\n')
  const entries = useMemo(() => {
    const left = omitted.split('\n')
    return entriesOf(schema).filter(({ key }) => !left.includes(key))
  }, [schema, omitted])
  const [kept] = useState(() => [...omit])
  const facts = useMemo(
    () => ({ ...around, problems: problems ?? around.problems, disabled: disabled ?? around.disabled }),
    [around, problems, disabled],
  )
  return (
    <FormContext value={facts}>
      {entries.length === 0 && <p className="text-sm text-muted">It has no options.</p>}
      <GroupFields entries={entries} value={value} onChange={onChange} pointer={base} omit={kept} />
    </FormContext>
  )
}
