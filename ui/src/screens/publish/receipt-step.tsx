/** The step that tells what a publication would do to the traffic of the last minutes. */
import { Gauge, RotateCw, X } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import type { Content } from '#ui/api/configuration-queries.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { Button } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { Failed, ProblemNote, Skeleton } from '#ui/kit/states.tsx'
import { ReceiptView } from '#ui/screens/publish/receipt-view.tsx'
import { receiptFailure, type useReceipt } from '#ui/screens/publish/use-receipt.ts'

export interface ReceiptStepProps {
  title: ReactNode
  content: Content
  state: ReturnType<typeof useReceipt>
  /** Why it does not count any more. */
  stale: string | undefined
  onDismiss: () => void
  disabled?: string | undefined
}

export function ReceiptStep({
  title,
  content,
  state: { stored, making },
  stale,
  onDismiss,
  disabled,
}: ReceiptStepProps) {
  const receipt = stored.data?.receipt
  const make = () => making.mutate(content)
  const actions = (
    <>
      {stale !== undefined && !making.isPending && <Badge tone="warn">Out of date</Badge>}
      {receipt !== undefined && (
        <Button look="quiet" icon={X} onClick={onDismiss}>
          Put it away
        </Button>
      )}
      <Button
        icon={receipt === undefined ? Gauge : RotateCw}
        busy={making.isPending}
        disabled={disabled !== undefined}
        onClick={make}
      >
        {receipt === undefined ? 'Make a receipt' : 'Make it anew'}
      </Button>
    </>
  )
  return (
    <Card
      title={title}
      hint="What it would do to the records of the last minutes, beside what is live."
      actions={actions}
    >
      <div className="flex flex-col gap-4">
        {making.isPending && <Making />}
        {making.error !== null && <MakingFailed error={making.error} />}
        {stale !== undefined && !making.isPending && (
          <p className="rounded-md bg-warn-soft px-3 py-2 text-sm text-warn">{stale}</p>
        )}
        {disabled !== undefined && <p className="text-muted">{disabled}</p>}
        {stored.error !== null && receipt === undefined && <Failed error={stored.error} />}
        {stored.isFetching && receipt === undefined && <Skeleton />}
        {receipt !== undefined && (
          <div className={stale === undefined && !making.isPending ? undefined : 'opacity-80'}>
            <ReceiptView receipt={receipt} />
          </div>
        )}
        {receipt === undefined && !making.isPending && making.error === null && disabled === undefined && (
          <p className="text-muted">
            Gateways send a sample of what they have seen, redacted, and both sets of rules run over it. It is kept with
            the version, so that anybody can see later what was known.
          </p>
        )}
      </div>
    </Card>
  )
}

const MAKING_WORDS: readonly [number, string][] = [
  [0, 'Asking gateways for their samples…'],
  [2000, 'Running the live rules and the new ones over the sample…'],
  [8000, 'Still running; large samples and many rules take a while…'],
]

function Making() {
  const [words, setWords] = useState(MAKING_WORDS[0]![1])
  useEffect(() => {
    const timers = MAKING_WORDS.map(([after, text]) => setTimeout(() => setWords(text), after))
    return () => timers.forEach(clearTimeout)
  }, [])
  return (
    <p role="status" className="flex items-center gap-2 rounded-md bg-info-soft px-3 py-2 text-info">
      <Gauge aria-hidden className="size-4 animate-pulse" />
      {words}
    </p>
  )
}

function MakingFailed({ error }: { error: unknown }) {
  const advice = receiptFailure(error)
  return (
    <div className="flex flex-col gap-1">
      <ProblemNote error={error} />
      {advice !== undefined && <p className="text-sm">{advice}</p>}
    </div>
  )
}
