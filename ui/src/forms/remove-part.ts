/** Deletes a part of a draft, and offers to put it back where it was. */
import { type DraftEditing, holdsSecrets, type Part } from '#ui/api/draft.ts'
import { wordsOf } from '#ui/kit/states.tsx'
import { toast } from '#ui/kit/toast.tsx'

/** Whether it can be undone: a secret that nobody can read again cannot be put back. Ask first where it cannot. */
export function canPutBack(part: Part): boolean {
  return !holdsSecrets(part)
}

/** Throws a `Conflict` when it is no longer what was shown. */
export async function removePart(editing: DraftEditing, part: Part, position: number): Promise<void> {
  await editing.remove(part)
  const undo = () =>
    editing.add(part, position).then(
      () => toast(`${part.id} is back.`),
      (error: unknown) => toast(`${part.id} could not be put back: ${wordsOf(error).detail}`),
    )
  toast({
    text: `Deleted ${part.id} from the draft.`,
    ...(canPutBack(part) && { action: { label: 'Undo', run: () => void undo() } }),
  })
}
