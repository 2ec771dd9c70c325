/** What fields with parts stand in: a name, a hint, what is wrong with the whole. */
import type { ReactNode, Ref } from 'react'
import { useComplaint } from '#ui/forms/form-context.ts'
import { type Control, type Entry, labelOf } from '#ui/forms/schema.ts'

export function Box({
  entry,
  pointer,
  label = labelOf(entry),
  ref,
  children,
}: {
  entry: Entry
  pointer: string
  label?: string
  ref?: Ref<HTMLFieldSetElement>
  children: ReactNode
}) {
  const complaint = useComplaint(pointer)
  return (
    <fieldset ref={ref} className="flex min-w-0 flex-col gap-1.5">
      <legend className="mb-1 text-sm font-medium">
        {label} {entry.required && <span className="font-normal text-muted">(required)</span>}
      </legend>
      {entry.hint !== '' && <p className="-mt-1.5 text-xs text-muted">{entry.hint}</p>}
      {complaint !== undefined && <p className="text-xs text-bad">{complaint}</p>}
      {children}
    </fieldset>
  )
}

/** What holds while the list is empty. */
export function Fallback({ value }: { value: unknown }) {
  if (!Array.isArray(value) || value.length === 0) return null
  return <p className="text-xs text-muted">By default: {value.map(String).join(', ')}</p>
}

/** An item is shown as its list's key, without what is said of the whole. */
export function itemEntry({ hint: _, ...entry }: Entry, control: Control): Entry {
  return { ...entry, control, hint: '', fallback: undefined }
}
