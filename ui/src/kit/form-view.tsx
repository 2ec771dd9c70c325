/** How forms that are kept look: in a card or in a dialog, with what somebody else has changed meanwhile. */
import type { UseQueryResult } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useId } from 'react'
import { Button } from '#ui/kit/button.tsx'
import { Dialog, type DialogProps } from '#ui/kit/dialog.tsx'
import { differences, type Fields } from '#ui/kit/merge.ts'
import { ProblemNote, QueryView } from '#ui/kit/states.tsx'
import type { KeptForm } from '#ui/kit/use-kept-form.ts'

/** The fields, what somebody else has changed meanwhile, what is wrong, and the buttons. */
export function FormView<Form extends object>({
  kept,
  label,
  words,
  action = 'Save',
  mayChange = true,
  onCancel,
  children,
}: {
  kept: KeptForm<Form>
  label: string
  /** What of it is compared with somebody else's, by names that are shown. */
  words: (form: Form) => Fields
  action?: string
  mayChange?: boolean
  /** Where the form is shown only while one edits. */
  onCancel?: () => void
  children: ReactNode
}) {
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (kept.canSave) kept.save()
  }
  return (
    <form aria-label={label} onSubmit={submit} className="flex flex-col gap-4">
      {children}
      <Conflict kept={kept} words={words} />
      <ProblemNote error={kept.error} />
      {mayChange && (
        <div className="flex flex-wrap items-center gap-2">
          <Button type="submit" look="primary" busy={kept.isSaving} disabled={!kept.canSave}>
            {action}
          </Button>
          {onCancel !== undefined && <Button onClick={onCancel}>Cancel</Button>}
          {onCancel === undefined && kept.isDirty && (
            <>
              <Button look="quiet" onClick={kept.reset}>
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

export interface FormDialogProps<Form> extends Pick<DialogProps, 'title' | 'description' | 'place' | 'onClose'> {
  kept: KeptForm<Form>
  /** As of `FormView`; needed where somebody else can change it. */
  words?: (form: Form) => Fields
  action: string
  /** What is still to be filled in, in a sentence. */
  missing?: string | undefined
  mayChange?: boolean
  /** Beside the buttons. */
  notice?: ReactNode
  children: ReactNode
}

/** Closing it keeps what was typed. */
export function FormDialog<Form extends object>(props: FormDialogProps<Form>) {
  const { kept, words, action, missing, mayChange = true, notice, children, onClose, ...dialog } = props
  const formId = useId()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (kept.canSave && mayChange && missing === undefined) kept.save()
  }
  const discard = () => {
    kept.reset()
    onClose()
  }
  const footer = (
    <>
      {notice}
      {kept.isDirty && (
        <Button look="quiet" onClick={discard}>
          Discard
        </Button>
      )}
      <Button onClick={onClose}>Close</Button>
      {mayChange && (
        <Button
          look="primary"
          type="submit"
          form={formId}
          busy={kept.isSaving}
          disabled={!kept.canSave || missing !== undefined}
        >
          {action}
        </Button>
      )}
    </>
  )
  return (
    <Dialog open onClose={onClose} footer={footer} {...dialog}>
      <form id={formId} onSubmit={submit} className="flex flex-col gap-4">
        {children}
        {missing !== undefined && kept.isDirty && <p className="text-sm text-muted">{missing}</p>}
        {words !== undefined && <Conflict kept={kept} words={words} />}
        <ProblemNote error={kept.error} />
      </form>
    </Dialog>
  )
}

/** In place of a drawer whose form is still being read. */
export function LoadingDrawer({
  title,
  query,
  onClose,
}: {
  title: string
  query: UseQueryResult<unknown>
  onClose: () => void
}) {
  return (
    <Dialog open onClose={onClose} title={title} place="side">
      <QueryView query={query}>{() => null}</QueryView>
    </Dialog>
  )
}

function Conflict<Form>({ kept, words }: { kept: KeptForm<Form>; words: (form: Form) => Fields }) {
  if (kept.conflict === undefined) return null
  const { base, theirs, rebase } = kept.conflict
  const changed = differences(words(base), words(theirs), words(kept.form))
  return (
    <div role="alert" className="flex flex-col gap-2 rounded-md bg-warn-soft px-3 py-2 text-sm text-warn">
      <p className="font-medium">Somebody else has changed this meanwhile; your input is still here</p>
      <ul className="list-disc pl-5">
        {changed.map((one) => (
          <li key={one.field}>
            {one.field}: {shown(one.before)} → {shown(one.after)}
            {'mine' in one && `; yours: ${shown(one.mine)}`}
          </li>
        ))}
      </ul>
      <div className="flex flex-wrap gap-2">
        <Button onClick={rebase}>
          {changed.some((one) => 'mine' in one) ? 'Go on with mine over theirs' : 'Keep both'}
        </Button>
        <Button onClick={kept.reset}>Take theirs</Button>
      </div>
    </div>
  )
}

function shown(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ')
  return value === '' ? 'nothing' : String(value)
}
