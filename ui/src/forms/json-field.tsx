/** A value as JSON, for what no other control is made for. What cannot be read is said, and not sent. */
import { useEffect, useId, useRef, useState } from 'react'
import { useComplaint, useFault } from '#ui/forms/form-context.ts'
import { Field, inputLook } from '#ui/kit/field.tsx'

export interface JsonFieldProps {
  label: string
  hint?: string
  value: unknown
  /** `undefined` when the text is empty. */
  onChange: (value: unknown) => void
  pointer?: string
  rows?: number
}

export function JsonField({ label, hint, value, onChange, pointer = '', rows }: JsonFieldProps) {
  const shown = value === undefined ? '' : JSON.stringify(value, null, 2)
  const [text, setText] = useState(shown)
  const [fault, setFault] = useState<string>()
  const told = useRef(shown)
  const complaint = useComplaint(pointer, true)
  const id = useId()
  useFault(fault)
  useEffect(() => {
    // Changed from elsewhere, not by what was typed here.
    if (shown === told.current) return
    told.current = shown
    setText(shown)
    setFault(undefined)
  }, [shown])
  const type = (next: string) => {
    setText(next)
    try {
      const parsed = next.trim() === '' ? undefined : (JSON.parse(next) as unknown)
      told.current = parsed === undefined ? '' : JSON.stringify(parsed, null, 2)
      setFault(undefined)
      onChange(parsed)
    } catch (error) {
      setFault(`this is not JSON: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  const error = fault ?? complaint
  return (
    <Field label={label} {...(hint !== undefined && { hint })} error={error}>
      {(parts) => (
        <textarea
          {...parts}
          key={id}
          value={text}
          spellCheck={false}
          rows={rows ?? Math.min(10, Math.max(2, text.split('\n').length))}
          onChange={(event) => type(event.target.value)}
          className={`${inputLook} font-mono text-xs`}
        />
      )}
    </Field>
  )
}
