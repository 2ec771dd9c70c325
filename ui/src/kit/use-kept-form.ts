/**
 * Forms over things of the API: over one that is there, or for a new one. What is typed is kept in the tab until it is saved or
 * discarded. What is there is saved with the tag of what it was typed over, so that nobody's change is lost: when somebody else
 * was quicker, the form knows what they have changed, and keeps the input.
 */
import { type UseQueryResult, useMutation } from '@tanstack/react-query'
import { ApiError, type Tagged } from '#ui/api/client.ts'
import { isSame } from '#ui/api/same.ts'
import { type Fields, merged } from '#ui/kit/merge.ts'
import { useLeaveGuard, useUnsaved } from '#ui/kit/unsaved.ts'

export interface KeptForm<Form> {
  form: Form
  change: (part: Partial<Form>) => void
  /** Something was typed that is not saved. */
  isDirty: boolean
  canSave: boolean
  save: () => void
  isSaving: boolean
  error: unknown
  /** Of the last attempt to save: what is wrong with the value there. */
  errorAt: (pointer: string) => string | undefined
  /** Forgets what was typed. */
  reset: () => void
  /** Somebody else has changed it since. */
  conflict: { base: Form; theirs: Form; rebase: () => void } | undefined
}

interface Kept<Form> {
  form: Form
  base: Form
  /** Undefined: it is new. */
  etag: string | undefined
}

interface Saving<Form, Saved> {
  /** Where the tab keeps what is typed. */
  key: string
  /** Reads what has changed anew, at least. */
  onSaved: (saved: Saved, form: Form) => unknown
  /** What of the form may lie in the tab's storage; the rest is forgotten when it is closed. */
  forStorage?: (form: Form) => Form
  /** What leaving asks, where something is forgotten by it. */
  leaveWords?: string
}

/** `initial`: what it begins with. */
export function useNewForm<Form extends object, Saved>({
  initial,
  save,
  ...saving
}: Saving<Form, Saved> & { initial: Form; save: (form: Form) => Promise<Saved> }): KeptForm<Form> {
  return useForm(saving, { form: initial, base: initial, etag: undefined }, ({ form }) => save(form))
}

/** Undefined while it has not been read. */
export function useKeptForm<Body, Form extends object, Saved>({
  query,
  toForm,
  save,
  ...saving
}: Saving<Form, Saved> & {
  query: UseQueryResult<Tagged<Body>>
  /** What of the thing the form is about. */
  toForm: (body: Body) => Form
  save: (form: Form, etag: string) => Promise<Saved>
}): KeptForm<Form> | undefined {
  const theirs = query.data && toForm(query.data.body)
  const there = query.data && theirs && { form: theirs, base: theirs, etag: query.data.etag }
  const saveOver = async ({ form, base, etag = '' }: Kept<Form>) => {
    try {
      return await save(form, etag)
    } catch (error) {
      if (!isOvertaken(error)) throw error
      const { data } = await query.refetch()
      // What was changed in other parts of the thing only is no reason to ask.
      if (data !== undefined && isSame(toForm(data.body), base)) return await save(form, data.etag)
      throw error
    }
  }
  const form = useForm(saving, there, saveOver)
  return there && form
}

function useForm<Form extends object, Saved>(
  { key, onSaved, forStorage, leaveWords }: Saving<Form, Saved>,
  there: Kept<Form> | undefined,
  save: (kept: Kept<Form>) => Promise<Saved>,
): KeptForm<Form> {
  const reduced = forStorage && ((kept: Kept<Form>) => ({ ...kept, form: forStorage(kept.form) }))
  const [kept, keep] = useUnsaved<Kept<Form>>(key, reduced)
  const isDirty = kept !== undefined && !isSame(kept.form, kept.base)
  const saving = useMutation({
    mutationFn: save,
    onSuccess: async (saved, { form }) => {
      await onSaved(saved, form)
      keep(undefined)
    },
  })
  // What is being saved may itself lead elsewhere.
  useLeaveGuard(isDirty && !saving.isPending, leaveWords)
  const now = (isDirty ? kept : there) as Kept<Form>
  const isBehind = there !== undefined && now.etag !== there.etag && !isSame(now.base, there.base) && !saving.isPending
  const error = isBehind && isOvertaken(saving.error) ? null : saving.error
  const reset = () => {
    saving.reset()
    keep(undefined)
  }
  const rebase = (theirs: Kept<Form>) => {
    saving.reset()
    const form = merged(now.base as Fields, now.form as Fields, theirs.form as Fields) as Form
    keep({ ...theirs, form })
  }
  return {
    form: now?.form,
    change: (part) => keep({ ...now, form: { ...now.form, ...part } }),
    isDirty,
    canSave: !isBehind && (isDirty || now?.etag === undefined),
    save: () => saving.mutate(now),
    isSaving: saving.isPending,
    error,
    errorAt: (pointer) => (error instanceof ApiError ? error.at(pointer) : undefined),
    reset,
    conflict: isBehind ? { base: now.base, theirs: there.form, rebase: () => rebase(there) } : undefined,
  }
}

function isOvertaken(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 412 || error.status === 428)
}
