/** A secret: never seen once it is stored. Best it is named, and kept where documents do not show it. */
import { useQuery } from '@tanstack/react-query'
import { useContext, useState } from 'react'
import { secretsQuery } from '#ui/api/queries.ts'
import type { ControlFieldProps } from '#ui/forms/control-field.tsx'
import { FormContext, useComplaint } from '#ui/forms/form-context.ts'
import { labelOf } from '#ui/forms/schema.ts'
import { labelled } from '#ui/forms/simple-fields.tsx'
import { Field, inputLook } from '#ui/kit/field.tsx'

const REFERENCE = /^\$\{secret:([^}]+)\}$/
const STORED = '[redacted]'
const TYPED = ' '

export function SecretField({ entry, value, onChange, pointer, hiddenLabel, label }: ControlFieldProps) {
  const { disabled } = useContext(FormContext)
  const { data: secrets = [] } = useQuery(secretsQuery)
  const complaint = useComplaint(pointer, true)
  const text = typeof value === 'string' ? value : ''
  const named = REFERENCE.exec(text)?.[1]
  // It can be taken back: the controller knows it still.
  const [wasStored] = useState(text === STORED)
  const [isTyping, setTyping] = useState(text !== '' && text !== STORED && named === undefined)
  const chosen = named ?? (text === STORED ? STORED : isTyping ? TYPED : '')
  const names = secrets.map(({ name }) => name)
  const known = named === undefined || names.includes(named) ? names : [named, ...names]
  const choose = (next: string) => {
    setTyping(next === TYPED)
    if (next === STORED) onChange(STORED)
    else if (next === TYPED || next === '') onChange(undefined)
    else onChange(`\${secret:${next}}`)
  }
  const hint =
    text === STORED
      ? 'It is stored and never shown. It stays as it is unless you type another.'
      : `${entry.hint} Secrets are kept under Settings; whoever reads the configuration sees only the name.`.trim()
  return (
    <Field {...labelled({ ...entry, hint }, hiddenLabel, label)} error={complaint}>
      {(parts) => (
        <div className="flex flex-wrap gap-2">
          <select
            {...parts}
            disabled={disabled}
            value={chosen}
            onChange={(event) => choose(event.target.value)}
            className={`${inputLook} max-w-72`}
          >
            <option value="">{entry.required ? 'Choose…' : 'None'}</option>
            {wasStored && <option value={STORED}>As it is stored</option>}
            <option value={TYPED}>{wasStored ? 'Type another' : 'Type it in'}</option>
            {known.map((name) => (
              <option key={name} value={name}>
                {`Secret ${name}`}
              </option>
            ))}
          </select>
          {chosen === TYPED && (
            <input
              type="password"
              aria-label={`${label ?? labelOf(entry)}: the secret itself`}
              autoComplete="new-password"
              disabled={disabled}
              value={text}
              onChange={(event) => onChange(event.target.value === '' ? undefined : event.target.value)}
              className={`${inputLook} min-w-40 flex-1`}
            />
          )}
        </div>
      )}
    </Field>
  )
}
