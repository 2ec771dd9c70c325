/**
 * A form over one thing of the API. What is typed is kept in the tab; it is saved with the tag of what it was typed over, so that
 * nobody's change is lost: when somebody else was quicker, the form says what they have changed, and keeps the input.
 */
import { type UseQueryResult, useMutation } from '@tanstack/react-query'
import type { FormEvent, ReactNode } from 'react'
import { ApiError, type Tagged } from '#ui/api/client.ts'
import { Button } from '#ui/kit/button.tsx'
import { differences, type Fields, isSame, merged } from '#ui/kit/merge.ts'
import { ProblemNote } from '#ui/kit/states.tsx'
import { useLeaveGuard, useUnsaved } from '#ui/kit/unsaved.ts'

interface Kept<Form> {
  form: Form
  base: Form
  etag: string
}

export interface TaggedFormParts<Form> {
  form: Form
  change: (part: Partial<Form>) => void
  isDirty: boolean
  save: () => void
  isSaving: boolean
  error: unknown
  /** Forgets what was typed. */
  reset: () => void
  /** Somebody else has changed it since. */
  conflict: { base: Form; theirs: Form; rebase: () => void } | undefined
}

export function useTaggedForm<Body, Form extends object>({
  key,
  query,
  toForm,
  save,
  onSaved,
}: {
  /** Where the tab keeps what is typed. */
  key: string
  query: UseQueryResult<Tagged<Body>>
  /** What of the thing the form is about. */
  toForm: (body: Body) => Form
  save: (form: Form, etag: string) => Promise<unknown>
  /** Reads the thing anew, at least. */
  onSaved: () => unknown
}): TaggedFormParts<Form> | undefined {
  const [kept, keep] = useUnsaved<Kept<Form>>(key)
  const isDirty = kept !== undefined && !isSame(kept.form, kept.base)
  const saving = useMutation({
    mutationFn: async (given: Kept<Form>) => {
      try {
        return await save(given.form, given.etag)
      } catch (error) {
        if (!isOvertaken(error)) throw error
        const { data } = await query.refetch()
        // What was changed in other parts of the thing only is no reason to ask.
        if (data !== undefined && isSame(toForm(data.body), given.base)) return await save(given.form, data.etag)
        throw error
      }
    },
    onSuccess: async () => {
      await onSaved()
      keep(undefined)
    },
  })
  // What is being saved may itself lead elsewhere.
  useLeaveGuard(isDirty && !saving.isPending)
  if (query.data === undefined) return undefined
  const { body, etag } = query.data
  const theirs = toForm(body)
  const now = isDirty ? kept : { form: theirs, base: theirs, etag }
  const isBehind = now.etag !== etag && !isSame(now.base, theirs) && !saving.isPending
  return {
    form: now.form,
    change: (part) => keep({ ...now, form: { ...now.form, ...part } }),
    isDirty,
    save: () => saving.mutate(now),
    isSaving: saving.isPending,
    error: isBehind && isOvertaken(saving.error) ? null : saving.error,
    reset: () => {
      saving.reset()
      keep(undefined)
    },
    conflict: isBehind
      ? {
          base: now.base,
          theirs,
          rebase: () => {
            saving.reset()
            keep({ form: merged(now.base as Fields, now.form as Fields, theirs as Fields) as Form, base: theirs, etag })
          },
        }
      : undefined,
  }
}

/** The fields, what somebody else has changed meanwhile, what is wrong, and the buttons. */
export function TaggedForm<Form extends object>({
  parts,
  label,
  names,
  action = 'Save',
  mayChange = true,
  children,
}: {
  parts: TaggedFormParts<Form>
  label: string
  /** How fields are called where they are compared. */
  names: { [Field in keyof Form]: string }
  action?: string
  mayChange?: boolean
  children: ReactNode
}) {
  const { form, isDirty, save, isSaving, error, reset, conflict } = parts
  const theirs =
    conflict === undefined ? [] : differences(conflict.base as Fields, conflict.theirs as Fields, form as Fields)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (isDirty && conflict === undefined) save()
  }
  return (
    <form aria-label={label} onSubmit={submit} className="flex flex-col gap-4">
      {children}
      {conflict !== undefined && (
        <div role="alert" className="flex flex-col gap-2 rounded-md bg-warn-soft px-3 py-2 text-sm text-warn">
          <p className="font-medium">Somebody else has changed this meanwhile; your input is still here</p>
          <ul className="list-disc pl-5">
            {theirs.map((one) => (
              <li key={one.field}>
                {names[one.field as keyof Form]}: {shown(one.before)} → {shown(one.after)}
                {'mine' in one && `; yours: ${shown(one.mine)}`}
              </li>
            ))}
          </ul>
          <div className="flex flex-wrap gap-2">
            <Button onClick={conflict.rebase}>
              {theirs.some((one) => 'mine' in one) ? 'Go on with mine over theirs' : 'Keep both'}
            </Button>
            <Button onClick={reset}>Take theirs</Button>
          </div>
        </div>
      )}
      <ProblemNote error={error} />
      {mayChange && (
        <div className="flex flex-wrap items-center gap-2">
          <Button type="submit" look="primary" busy={isSaving} disabled={!isDirty || conflict !== undefined}>
            {action}
          </Button>
          {isDirty && (
            <>
              <Button look="quiet" onClick={reset}>
                Discard
              </Button>
              <span className="text-sm text-muted">Not saved yet</span>
            </>
          )}
        </div>
      )}
    </form>
  )
}

function isOvertaken(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 412 || error.status === 428)
}

function shown(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ')
  return String(value)
}
