/** Fields for one value: text, number, yes or no, one of several. Empty means that it is left out. */
import { useContext, useId, useState } from 'react'
import type { ControlFieldProps } from '#ui/forms/control-field.tsx'
import { FormContext, useComplaint } from '#ui/forms/form-context.ts'
import { PatternHelp } from '#ui/forms/pattern-help.tsx'
import { quantityOf, quantityWords } from '#ui/forms/quantity.ts'
import { type Control, type Entry, labelOf, type Scalar } from '#ui/forms/schema.ts'
import { CheckField, Field, inputLook } from '#ui/kit/field.tsx'

type Of<Kind extends Control['kind']> = ControlFieldProps & { control: Extract<Control, { kind: Kind }> }

export function TextInput({ entry, control, value, onChange, pointer, hiddenLabel, label, onKeyDown }: Of<'text'>) {
  const { disabled, known } = useContext(FormContext)
  const options = known?.[pointer] ?? []
  const list = useId()
  const [cleared, setCleared] = useState(false)
  const complaint = useComplaint(pointer, true)
  const text = typeof value === 'string' ? value : ''
  const isEmptyText = value === ''
  const field = (
    <Field {...labelled(entry, hiddenLabel, label)} error={complaint}>
      {(parts) => (
        <>
          <input
            {...parts}
            type="text"
            autoComplete="off"
            spellCheck={false}
            disabled={disabled}
            value={text}
            placeholder={placeholderOf(entry)}
            aria-required={entry.required || undefined}
            onKeyDown={onKeyDown}
            onChange={(event) => {
              setCleared(event.target.value === '')
              onChange(event.target.value === '' ? undefined : event.target.value)
            }}
            {...(options.length > 0 && { list })}
            className={`${inputLook} ${isPattern(entry.key) ? 'font-mono' : ''}`}
          />
          {options.length > 0 && (
            <datalist id={list}>
              {options.map((option) => (
                <option key={option} value={option} />
              ))}
            </datalist>
          )}
          {control.mayBeEmpty && !hiddenLabel && (isEmptyText || (cleared && value === undefined)) && (
            <button
              type="button"
              className="min-h-6 self-start text-xs text-accent underline underline-offset-2"
              onClick={() => onChange(isEmptyText ? undefined : '')}
            >
              {isEmptyText ? 'It is an empty text. Leave it out instead' : 'It is left out. Use an empty text instead'}
            </button>
          )}
        </>
      )}
    </Field>
  )
  if (!isPattern(entry.key) || hiddenLabel) return field
  return (
    <div>
      {field}
      <PatternHelp />
    </div>
  )
}

export function NumberField({ entry, control, value, onChange, pointer, hiddenLabel, label, onKeyDown }: Of<'number'>) {
  const { disabled } = useContext(FormContext)
  const { unit } = entry
  const [typed, setTyped] = useState('')
  const complaint = useComplaint(pointer, true)
  // `1.` and `1.50` are on the way to a number: what was typed stays while it means the value.
  const text = numberIn(typed) === value && typed.trim() !== '' ? typed : value === undefined ? '' : String(value)
  const isNumber = typeof value === 'number' || value === undefined
  const fault = isNumber ? rangeFault(value, control) : 'must be a number'
  const counts = value ?? entry.fallback
  const words = unit !== undefined && typeof counts === 'number' ? quantityWords(counts, unit) : ''
  const type = (next: string) => {
    setTyped(next)
    onChange(next.trim() === '' ? undefined : numberIn(next))
  }
  const settle = () => {
    const quantity = unit === undefined ? undefined : quantityOf(text, unit)
    if (quantity !== undefined) onChange(quantity)
  }
  return (
    <Field {...labelled(entry, hiddenLabel, label)} error={complaint ?? fault}>
      {(parts) => (
        <div className="flex items-center gap-2">
          <input
            {...parts}
            type="text"
            inputMode={unit === undefined ? 'decimal' : 'text'}
            autoComplete="off"
            disabled={disabled}
            value={text}
            placeholder={placeholderOf(entry)}
            aria-required={entry.required || undefined}
            onChange={(event) => type(event.target.value)}
            onBlur={settle}
            onKeyDown={onKeyDown}
            className={`${inputLook} max-w-48 tabular-nums`}
          />
          {unit !== undefined && (
            <span className="text-xs whitespace-nowrap text-muted">
              {`${unit} `}
              {words !== '' && (value === undefined ? `(${words})` : `= ${words}`)}
            </span>
          )}
        </div>
      )}
    </Field>
  )
}

/** A box where the default is known; else there are three answers. */
export function FlagField({ entry, value, onChange, label, pointer }: ControlFieldProps) {
  const { disabled } = useContext(FormContext)
  const complaint = useComplaint(pointer, true)
  const { fallback } = entry
  if (typeof fallback !== 'boolean' && !entry.required) {
    const words = (answer: unknown) => (answer === true ? 'yes' : answer === false ? 'no' : '')
    return (
      <Field {...labelled(entry, false, label)} error={complaint}>
        {(parts) => (
          <select
            {...parts}
            disabled={disabled}
            value={words(value)}
            onChange={(event) => onChange(event.target.value === '' ? undefined : event.target.value === 'yes')}
            className={`${inputLook} max-w-64`}
          >
            <option value="">Not set</option>
            <option value="yes">Yes</option>
            <option value="no">No</option>
          </select>
        )}
      </Field>
    )
  }
  return (
    <div>
      <CheckField
        label={label ?? labelOf(entry)}
        hint={entry.hint}
        disabled={disabled}
        checked={typeof value === 'boolean' ? value : fallback === true}
        onChange={(event) => onChange(event.target.checked === fallback ? undefined : event.target.checked)}
      />
      {complaint !== undefined && <p className="pl-6 text-xs text-bad">{complaint}</p>}
    </div>
  )
}

export function OptionsField({ entry, control, value, onChange, pointer, hiddenLabel, label }: Of<'options'>) {
  const { disabled } = useContext(FormContext)
  const complaint = useComplaint(pointer, true)
  const { required, fallback } = entry
  const isForeign = value !== undefined && !control.values.includes(value as Scalar)
  const none = required ? 'Choose…' : fallback === undefined ? 'Not set' : `${String(fallback)} (default)`
  const all = isForeign ? [...control.values, value as Scalar] : control.values
  return (
    <Field
      {...labelled(entry, hiddenLabel, label)}
      error={complaint ?? (isForeign ? `"${String(value)}" is none of these` : undefined)}
    >
      {(parts) => (
        <select
          {...parts}
          disabled={disabled}
          value={value === undefined ? '' : String(all.indexOf(value as Scalar))}
          onChange={(event) => onChange(event.target.value === '' ? undefined : all[Number(event.target.value)])}
          className={`${inputLook} max-w-72`}
        >
          {(value === undefined || !required) && <option value="">{none}</option>}
          {all.map((one, index) => (
            <option key={String(one)} value={String(index)}>
              {String(one)}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}

export function labelled(entry: Entry, hiddenLabel = false, label: string = labelOf(entry)) {
  return {
    label:
      entry.required && !hiddenLabel ? (
        <>
          {label} <span className="font-normal text-muted">(required)</span>
        </>
      ) : (
        label
      ),
    hiddenLabel,
    ...(entry.hint !== '' && !hiddenLabel && { hint: entry.hint }),
  }
}

function placeholderOf({ fallback }: Entry): string | undefined {
  return typeof fallback === 'string' || typeof fallback === 'number' ? String(fallback) : undefined
}

/** A number where the text is one, else the text: it is not thrown away, and whoever checks says what is wrong. */
export function numberIn(text: string): number | string {
  const trimmed = text.trim()
  return trimmed !== '' && /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed) ? Number(trimmed) : text
}

function rangeFault(value: number | undefined, { whole, min, max }: { whole: boolean; min?: number; max?: number }) {
  if (value === undefined) return undefined
  if (whole && !Number.isInteger(value)) return 'must be a whole number'
  if (min !== undefined && value < min) return `must be at least ${min}`
  return max !== undefined && value > max ? `must be at most ${max}` : undefined
}

function isPattern(key: string): boolean {
  return key === 'pattern' || key === 'regex' || key === 'expression'
}
