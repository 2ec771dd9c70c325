/** Two people have changed the same thing: both states side by side, and what to do. Nothing is written before one decides. */
import type { ReactNode } from 'react'
import { Button, type ButtonLook } from '#ui/kit/button.tsx'
import { Dialog } from '#ui/kit/dialog.tsx'

export interface ConflictDialogProps {
  title: string
  busy?: boolean
  /** Verbs, where others say more: `Leave it deleted`. */
  theirsAction?: string
  mineAction?: string
  mineLook?: ButtonLook
  onTakeTheirs: () => void
  onKeepMine: () => void
  /** Back, with everything as it was. */
  onClose: () => void
  /** Both. */
  children: ReactNode
}

export function ConflictDialog({
  title,
  busy = false,
  theirsAction = 'Take theirs',
  mineAction = 'Save mine over theirs',
  mineLook = 'danger',
  onTakeTheirs,
  onKeepMine,
  onClose,
  children,
}: ConflictDialogProps) {
  const footer = (
    <>
      <Button onClick={onClose}>Go on editing mine</Button>
      <Button onClick={onTakeTheirs}>{theirsAction}</Button>
      <Button look={mineLook} busy={busy} onClick={onKeepMine}>
        {mineAction}
      </Button>
    </>
  )
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={title}
      description="Nothing has been written yet. Look at both, and decide."
      footer={footer}
    >
      {children}
    </Dialog>
  )
}
