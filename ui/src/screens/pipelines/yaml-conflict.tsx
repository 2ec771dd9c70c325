/** The draft has changed while somebody typed: both are shown, and nothing is lost before one has chosen. */
import { useMemo } from 'react'
import { CodeCompare } from '#ui/editor/code-editor.tsx'
import { Button } from '#ui/kit/button.tsx'
import { Dialog } from '#ui/kit/dialog.tsx'

export interface YamlConflictProps {
  theirs: string
  mine: string
  busy: boolean
  onClose: () => void
  onTakeTheirs: () => void
  onKeepMine: () => void
}

export function YamlConflict({ theirs, mine, busy, onClose, onTakeTheirs, onKeepMine }: YamlConflictProps) {
  const before = useMemo(() => ({ label: 'The draft now', text: theirs }), [theirs])
  const after = useMemo(() => ({ label: 'Your text', text: mine }), [mine])
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title="The draft has changed in the meantime"
      description="Somebody has changed it since you began to type. Your text is kept in this tab until you choose."
      footer={
        <>
          <Button onClick={onClose}>Go on typing</Button>
          <Button onClick={onTakeTheirs}>Take the draft as it is now</Button>
          <Button look="danger" busy={busy} onClick={onKeepMine}>
            Write mine over it
          </Button>
        </>
      }
    >
      <CodeCompare language="yaml" before={before} after={after} />
    </Dialog>
  )
}
