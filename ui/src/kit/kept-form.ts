/** A form whose content survives a reload and a closed drawer, with the tag of what it was begun from. */
import { useUnsaved } from '#ui/kit/unsaved.ts'

export interface KeptForm<Form> {
  form: Form
  /** Of the state that the form began with, for `If-Match`. */
  etag: string
  /** Something was typed that is not saved. */
  isDirty: boolean
  set: (patch: Partial<Form>) => void
  /** Keeps what was typed, and saves over the state of this tag. */
  rebase: (etag: string) => void
  reset: () => void
}

export function useKeptForm<Form extends object>(key: string, initial: Form, etag = ''): KeptForm<Form> {
  const [kept, keep] = useUnsaved<{ form: Form; etag: string }>(key)
  const { form, etag: base } = kept ?? { form: initial, etag }
  return {
    form,
    etag: base,
    isDirty: kept !== undefined,
    set: (patch) => keep({ form: { ...form, ...patch }, etag: base }),
    rebase: (next) => keep({ form, etag: next }),
    reset: () => keep(undefined),
  }
}
