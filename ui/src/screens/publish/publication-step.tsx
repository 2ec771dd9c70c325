/** The last step: a message, what stands in the way, and one button. */
import { Rocket } from 'lucide-react'
import { useId, useMemo, useRef, useState } from 'react'
import type { Configuration, Published } from '#contract/configuration.ts'
import { Button } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { TextArea } from '#ui/kit/field.tsx'
import { ProblemNote } from '#ui/kit/states.tsx'
import { Acknowledgements, acknowledgementsOf } from '#ui/screens/publish/acknowledgements.tsx'
import type { StoredReceipt } from '#ui/screens/publish/queries.ts'
import { RefusalList } from '#ui/screens/publish/refusal-list.tsx'
import { policyWords } from '#ui/screens/publish/refusals.ts'
import { isConflict, type PublicationState, toGateways, usePublish } from '#ui/screens/publish/use-publication.ts'
import { useOffer } from '#ui/shell/use-actions.ts'

export interface PublicationStepProps {
  configuration: Configuration
  state: PublicationState
  message: string
  onMessage: (message: string) => void
  receipt: StoredReceipt | undefined
  /** Of the draft that is shown. */
  etag: string | undefined
  /** The draft itself cannot be published. */
  blocked: string | undefined
  onDone: (published: Published) => Promise<void>
}

const MESSAGE_CHARACTERS_MAX = 4096

export function PublicationStep({
  configuration,
  state: { refusals, canPublish, gateways },
  message,
  onMessage,
  receipt,
  etag,
  blocked,
  onDone,
}: PublicationStepProps) {
  const id = useId()
  const [seen, setSeen] = useState<ReadonlySet<string>>(new Set())
  const publish = usePublish(configuration.name, onDone)
  const unseen = acknowledgementsOf(receipt?.receipt).filter((item) => !seen.has(item.id))
  const reason = !canPublish
    ? 'Publishing needs the permission publish, which you do not have. An owner of your organisation can give it to you.'
    : (blocked ??
      (refusals.length > 0 ? undefined : unseen.length > 0 ? 'Say above that you have seen it.' : undefined))
  const isOff = reason !== undefined || refusals.length > 0 || etag === undefined
  const run = () => {
    if (!isOff && !publish.isPending) publish.mutate({ restore: undefined, receipt: receipt?.id, message, etag })
  }
  const latest = useRef(run)
  latest.current = run
  const offers = useMemo(
    () => (isOff ? [] : [{ id: 'publish', label: 'Publish the draft', run: () => latest.current() }]),
    [isOff],
  )
  useOffer(offers)
  const policy = policyWords(configuration.policy)
  return (
    <Card title="3. Publish" hint="Makes a version that never changes, and offers it to the gateways that follow it.">
      <div className="flex max-w-3xl flex-col gap-3">
        <TextArea
          label="Message"
          hint={
            configuration.policy.require_message
              ? 'Why, in a sentence; the policy asks for it. Ctrl Enter publishes.'
              : 'Why, in a sentence. Ctrl Enter publishes.'
          }
          value={message}
          maxLength={MESSAGE_CHARACTERS_MAX}
          required={configuration.policy.require_message}
          rows={2}
          onChange={(event) => onMessage(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) run()
          }}
        />
        <Acknowledgements receipt={receipt?.receipt} seen={seen} onChange={setSeen} />
        <RefusalList refusals={refusals} id={`${id}-refusals`} />
        {policy.length > 0 && (
          <p className="text-xs text-muted">
            Policy of {configuration.name}: {policy.join(' ')}
          </p>
        )}
        <div className="flex flex-wrap items-center gap-3">
          <Button
            look="primary"
            icon={Rocket}
            busy={publish.isPending}
            disabled={isOff}
            aria-describedby={reason === undefined ? `${id}-refusals` : `${id}-reason`}
            onClick={run}
          >
            {toGateways('Publish', gateways)}
          </Button>
          {reason !== undefined && (
            <p id={`${id}-reason`} className="text-sm text-muted">
              {reason}
            </p>
          )}
        </div>
        <ProblemNote error={publish.error} />
        {isConflict(publish.error) && (
          <p className="text-sm">Somebody has changed the draft since it was shown. Look at the changes above again.</p>
        )}
      </div>
    </Card>
  )
}
