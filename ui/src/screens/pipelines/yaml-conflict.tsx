/** The draft has changed while somebody typed: both as text. */
import { useMemo } from 'react'
import { CodeCompare } from '#ui/editor/code-editor.tsx'
import { ConflictDialog, type ConflictDialogProps } from '#ui/kit/conflict-dialog.tsx'

export interface YamlConflictProps
  extends Pick<ConflictDialogProps, 'busy' | 'onTakeTheirs' | 'onKeepMine' | 'onClose'> {
  theirs: string
  mine: string
}

export function YamlConflict({ theirs, mine, ...props }: YamlConflictProps) {
  const before = useMemo(() => ({ label: 'Theirs, as the draft is now', text: theirs }), [theirs])
  const after = useMemo(() => ({ label: 'Mine', text: mine }), [mine])
  return (
    <ConflictDialog title="Somebody else has changed the draft" {...props}>
      <CodeCompare language="yaml" before={before} after={after} />
    </ConflictDialog>
  )
}
