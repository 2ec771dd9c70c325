/** What the controller tells only once: a link with which somebody sets a password, or a key. */
import { type ReactNode, useState } from 'react'
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
  const [isCopied, setCopied] = useState(false)
  const [isAsking, setAsking] = useState(false)
  const footer = isAsking ? (
    <div role="alert" className="flex flex-wrap items-center justify-end gap-2">
      <p className="text-sm text-warn">It has not been copied, and cannot be shown again.</p>
      <Button onClick={onClose}>Close without it</Button>
      <Button look="primary" onClick={() => setAsking(false)}>
        Back to it
      </Button>
    </div>
  ) : (
    <Button look="primary" onClick={onClose}>
      {done}
    </Button>
  )
  return (
    <Dialog
      open
      // Escape, and a click beside it, come too easily for what is gone then.
      onClose={() => (isCopied ? onClose() : setAsking(!isAsking))}
      title={title}
      description="It is shown only now: copy it before you close this."
      footer={footer}
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: it only listens to the buttons in it */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: keys press those buttons as well */}
      <div
        className="flex flex-col gap-3"
        onCopy={() => setCopied(true)}
        onClick={({ target }) => target instanceof Element && target.closest('[data-copies]') && setCopied(true)}
      >
        {children}
      </div>
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
