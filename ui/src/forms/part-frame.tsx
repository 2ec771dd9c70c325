/** What editors of rules, sources, outputs and upstreams have in common: a drawer, its buttons, what went wrong, conflicts. */
import type { ReactNode } from 'react'
import type { Part } from '#ui/api/draft.ts'
import { useCan } from '#ui/api/queries.ts'
import { PartConflict } from '#ui/forms/part-conflict.tsx'
import type { PartWork } from '#ui/forms/part-work.ts'
import { Button } from '#ui/kit/button.tsx'
import { Dialog } from '#ui/kit/dialog.tsx'
import { Needs } from '#ui/kit/needs.tsx'
import { useShortcuts } from '#ui/kit/shortcuts.ts'
import { Failed, ProblemNote, Skeleton } from '#ui/kit/states.tsx'

export interface PartFrameProps {
  title: string
  description?: ReactNode
  work: PartWork
  onClose: () => void
  onSaved: (part: Part) => void
  /** What is sent; undefined while there is nothing to send. */
  part: Part | undefined
  /** Texts that cannot be read as what they should be. */
  faults: number
  noun: string
  children: ReactNode
}

export function PartFrame(props: PartFrameProps) {
  const { title, description, work, onClose, onSaved, part, faults, noun, children } = props
  const mayEdit = useCan('edit')
  const told = (saved: Part | undefined) => {
    if (saved !== undefined) onSaved(saved)
  }
  const maySave = part !== undefined && faults === 0 && mayEdit && !work.busy
  const save = () => {
    if (maySave) void work.save(part).then(told)
  }
  useShortcuts({ 'mod+s': save, 'mod+enter': save })
  const footer = mayEdit ? (
    <>
      {faults > 0 && <p className="mr-auto self-center text-sm text-bad">Some JSON cannot be read yet.</p>}
      {work.isDirty && <Button onClick={work.discard}>Discard changes</Button>}
      <Button onClick={onClose}>Close</Button>
      <Button look="primary" busy={work.busy} disabled={part === undefined || faults > 0} onClick={save}>
        {work.isNew ? `Add the ${noun}` : `Save the ${noun}`}
      </Button>
    </>
  ) : (
    <>
      <span className="mr-auto self-center">
        <Needs permission="edit" to={`change this ${noun}`} />
      </span>
      <Button onClick={onClose}>Close</Button>
    </>
  )
  return (
    <>
      <Dialog
        open
        place="side"
        onClose={onClose}
        title={title}
        {...(description !== undefined && { description })}
        footer={footer}
      >
        {work.part === undefined ? (
          work.loadError === null ? (
            <Skeleton lines={6} />
          ) : (
            <Failed error={work.loadError} retry={work.reload} />
          )
        ) : (
          <form
            className="flex flex-col gap-4"
            onSubmit={(event) => {
              event.preventDefault()
              save()
            }}
          >
            {work.isRestored && work.isDirty && (
              <p role="status" className="rounded-md bg-info-soft px-3 py-2 text-sm text-info">
                This is what you typed before and did not save.{' '}
                {noun !== 'rule' && 'Secrets that were typed are not kept.'}
              </p>
            )}
            <ProblemNote error={work.error} />
            {children}
            {/* Enter in a field saves. */}
            <button type="submit" hidden tabIndex={-1} aria-hidden="true" />
          </form>
        )}
      </Dialog>
      <PartConflict
        conflict={work.conflict}
        busy={work.busy}
        onTakeTheirs={() => {
          work.takeTheirs()
          if (work.conflict?.theirs === undefined) onClose()
        }}
        onKeepMine={() => void work.keepMine().then(told)}
        onClose={work.leaveConflict}
      />
    </>
  )
}
