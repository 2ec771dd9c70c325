/** What went wrong when a form was saved. When somebody else was faster (412), it offers both ways out. */
import { ApiError } from '#ui/api/client.ts'
import { Button } from '#ui/kit/button.tsx'
import { ProblemNote } from '#ui/kit/states.tsx'

export function SaveProblem({
  error,
  what,
  onReload,
  onOverwrite,
}: {
  error: unknown
  /** Such as `this price`. */
  what: string
  /** Shows what is there now instead of what was typed. */
  onReload: () => void
  /** Takes what was typed all the same. */
  onOverwrite: () => void
}) {
  if (!(error instanceof ApiError) || error.status !== 412) return <ProblemNote error={error} />
  return (
    <div role="alert" className="flex flex-col gap-2 rounded-md bg-warn-soft px-3 py-2 text-sm text-warn">
      <p>Somebody has changed {what} while you were editing. Nothing of yours is saved or lost yet.</p>
      <div className="flex flex-wrap gap-2">
        <Button onClick={onReload}>Show what is there now</Button>
        <Button look="danger" onClick={onOverwrite}>
          Save mine over it
        </Button>
      </div>
    </div>
  )
}
