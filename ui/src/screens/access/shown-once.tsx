/** What the controller tells only once: a link with which somebody sets a password, or a key. */
import type { ReactNode } from 'react'
import type { Invitation } from '#contract/access.ts'
import { Button } from '#ui/kit/button.tsx'
import { Command } from '#ui/kit/copy.tsx'
import { Dialog } from '#ui/kit/dialog.tsx'
import { Moment } from '#ui/kit/time.tsx'
import { setupLink } from '#ui/screens/access/once.ts'
import { usePublicOrigin } from '#ui/screens/access/queries.ts'

export function ShownOnce({
  title,
  done,
  onClose,
  children,
}: {
  title: string
  done: string
  onClose: () => void
  children: ReactNode
}) {
  const footer = (
    <Button look="primary" onClick={onClose}>
      {done}
    </Button>
  )
  return (
    <Dialog
      open
      onClose={onClose}
      title={title}
      description="It is shown only now: copy it before you close this."
      footer={footer}
    >
      <div className="flex flex-col gap-3">{children}</div>
    </Dialog>
  )
}

export function InvitationLink({
  invitation,
  children,
  onClose,
}: {
  invitation: Invitation
  /** For whom it is, and what for. */
  children: ReactNode
  onClose: () => void
}) {
  const origin = usePublicOrigin()
  return (
    <ShownOnce title="One-time link" done="I have copied it" onClose={onClose}>
      <p>{children}</p>
      <Command text={setupLink(origin, invitation.token)} label="One-time link" wrap />
      <p className="text-muted">
        It works once, until <Moment at={invitation.expires_at} />. Send it over a way that only they can read.
      </p>
    </ShownOnce>
  )
}
