/** Asks before an old version goes live again: what that changes, on how many gateways, and what stands in the way. */
import { useQuery } from '@tanstack/react-query'
import { Undo2 } from 'lucide-react'
import { useId, useState } from 'react'
import type { Configuration, Published } from '#contract/configuration.ts'
import { differencesQuery } from '#ui/api/configuration-queries.ts'
import { Button } from '#ui/kit/button.tsx'
import { Dialog } from '#ui/kit/dialog.tsx'
import { TextArea } from '#ui/kit/field.tsx'
import { ProblemNote } from '#ui/kit/states.tsx'
import { Acknowledgements, acknowledgementsOf } from '#ui/screens/publish/acknowledgements.tsx'
import { Difference } from '#ui/screens/publish/difference.tsx'
import { ReceiptStep } from '#ui/screens/publish/receipt-step.tsx'
import { RefusalList } from '#ui/screens/publish/refusal-list.tsx'
import { toGateways, usePublicationState, usePublish } from '#ui/screens/publish/use-publication.ts'
import { useReceipt } from '#ui/screens/publish/use-receipt.ts'

export interface RestoreDialogProps {
  configuration: Configuration
  number: number
  onClose: () => void
  onDone: (published: Published) => Promise<void>
}

export function RestoreDialog({ configuration, number, onClose, onDone }: RestoreDialogProps) {
  const { name, kind, live_version: live, has_changes: hasChanges } = configuration
  const id = useId()
  const [message, setMessage] = useState(`Back to version ${number}`)
  const [receiptId, setReceiptId] = useState<string>()
  const [seen, setSeen] = useState<ReadonlySet<string>>(new Set())
  const receipt = useReceipt(name, receiptId, setReceiptId)
  const stored = receiptId === undefined ? undefined : receipt.stored.data
  const { refusals, canPublish, gateways } = usePublicationState(
    configuration,
    { restore: number, receipt: stored?.id },
    message,
  )
  const { data: diff } = useQuery(differencesQuery(name, 'live', number))
  const publish = usePublish(name, onDone)
  const isSame = diff?.entries.length === 0
  const unseen = acknowledgementsOf(stored?.receipt).filter((item) => !seen.has(item.id))
  const reason = !canPublish
    ? 'Rolling back needs the permission publish, which you do not have.'
    : isSame
      ? `Version ${number} holds what is live already.`
      : unseen.length > 0
        ? 'Say above that you have seen it.'
        : undefined
  const footer = (
    <>
      {reason !== undefined && (
        <p id={`${id}-reason`} className="flex-1 self-center text-sm text-muted">
          {reason}
        </p>
      )}
      <Button onClick={onClose}>Cancel</Button>
      <Button
        look="primary"
        icon={Undo2}
        busy={publish.isPending}
        disabled={reason !== undefined || refusals.length > 0 || diff === undefined}
        aria-describedby={reason === undefined ? `${id}-refusals` : `${id}-reason`}
        onClick={() => publish.mutate({ restore: number, receipt: stored?.id, message })}
      >
        {toGateways('Roll back', gateways).replace('Roll back to', `Roll back on`)}
      </Button>
    </>
  )
  return (
    <Dialog
      open
      onClose={onClose}
      wide
      title={`Roll back to version ${number}`}
      description={`A new version is made that holds what version ${number} held. Nothing of the history is lost.`}
      footer={footer}
    >
      <div className="flex flex-col gap-4">
        {hasChanges && live !== null && (
          <p className="rounded-md bg-info-soft px-3 py-2 text-sm text-info">
            The draft has changes of its own, and stays as it is.
          </p>
        )}
        <Difference
          configuration={name}
          from="live"
          to={number}
          fromName={live === null ? 'nothing published' : `version ${live} (live)`}
          toName={`version ${number}`}
          same={<p className="text-muted">There are no differences.</p>}
          brief
        />
        <TextArea
          label="Message"
          value={message}
          rows={2}
          maxLength={4096}
          onChange={(event) => setMessage(event.target.value)}
        />
        {kind === 'streamgate' && !isSame && (
          <ReceiptStep
            title="Impact receipt"
            content={number}
            state={receipt}
            stale={undefined}
            onDismiss={() => setReceiptId(undefined)}
          />
        )}
        <Acknowledgements receipt={stored?.receipt} seen={seen} onChange={setSeen} />
        <RefusalList refusals={refusals} id={`${id}-refusals`} />
        <ProblemNote error={publish.error} />
      </div>
    </Dialog>
  )
}
