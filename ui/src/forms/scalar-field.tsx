/** A text, a number, or yes or no: which of them is chosen beside it. */
import { useContext, useState } from 'react'
import type { ControlFieldProps } from '#ui/forms/control-field.tsx'
import { FormContext, useComplaint } from '#ui/forms/form-context.ts'
import { labelOf } from '#ui/forms/schema.ts'
import { labelled, numberIn } from '#ui/forms/simple-fields.tsx'
import { Field, inputLook } from '#ui/kit/field.tsx'

const SCALARS = ['text', 'number', 'yes or no'] as const

export function ScalarField({ entry, value, onChange, pointer, hiddenLabel, label }: ControlFieldProps) {
  const { disabled } = useContext(FormContext)
  const [chosen, setChosen] = useState<(typeof SCALARS)[number]>('text')
  const complaint = useComplaint(pointer, true)
  const kind = typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'yes or no' : chosen
  const asKind = (text: string, as: string): unknown => {
    if (as === 'yes or no') return text === 'true'
    if (text === '') return undefined
    return as === 'number' ? numberIn(text) : text
  }
  return (
    <Field {...labelled(entry, hiddenLabel, label)} error={complaint}>
      {(parts) => (
        <div className="flex gap-2">
          {kind === 'yes or no' ? (
            <select
              {...parts}
              disabled={disabled}
              value={String(value ?? false)}
              onChange={(event) => onChange(event.target.value === 'true')}
              className={inputLook}
            >
              <option>true</option>
              <option>false</option>
            </select>
          ) : (
            <input
              {...parts}
              type="text"
              autoComplete="off"
              spellCheck={false}
              disabled={disabled}
              value={value === undefined ? '' : String(value)}
              onChange={(event) => onChange(asKind(event.target.value, kind))}
              className={inputLook}
            />
          )}
          <select
            aria-label={`Kind of ${label ?? labelOf(entry)}`}
            disabled={disabled}
            value={kind}
            onChange={(event) => {
              setChosen(event.target.value as typeof chosen)
              onChange(asKind(value === undefined ? '' : String(value), event.target.value))
            }}
            className={`${inputLook} max-w-28`}
          >
            {SCALARS.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </div>
      )}
    </Field>
  )
}
