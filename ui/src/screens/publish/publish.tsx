/** From draft to gateways on one page: what changes, what it would do, publish, what became of it. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useMemo, useState } from 'react'
import type { Configuration, Published } from '#contract/configuration.ts'
import { configurationQuery, problemsQuery } from '#ui/api/configuration-queries.ts'
import { draftQuery } from '#ui/api/queries.ts'
import { Card } from '#ui/kit/card.tsx'
import { Page } from '#ui/kit/page.tsx'
import { QueryView } from '#ui/kit/states.tsx'
import { useUnsaved } from '#ui/kit/unsaved.ts'
import { useConfiguration } from '#ui/routes.tsx'
import { Difference } from '#ui/screens/publish/difference.tsx'
import { NothingToPublish } from '#ui/screens/publish/nothing.tsx'
import { ProblemsStep } from '#ui/screens/publish/problems-step.tsx'
import { ProgressView } from '#ui/screens/publish/progress-view.tsx'
import { PublicationStep } from '#ui/screens/publish/publication-step.tsx'
import { ReceiptStep } from '#ui/screens/publish/receipt-step.tsx'
import { isStale } from '#ui/screens/publish/refusals.ts'
import { RestoreDialog } from '#ui/screens/publish/restore-dialog.tsx'
import { publishRoute } from '#ui/screens/publish/route.ts'
import { useKeptFresh } from '#ui/screens/publish/use-kept-fresh.ts'
import { usePrevious } from '#ui/screens/publish/use-previous.ts'
import { usePublicationState } from '#ui/screens/publish/use-publication.ts'
import { useReceipt } from '#ui/screens/publish/use-receipt.ts'
import { useOffer } from '#ui/shell/use-actions.ts'

export function Publish() {
  const name = useConfiguration()
  const query = useQuery(configurationQuery(name))
  return (
    <Page title="Publish" intro="Makes the draft a version, and hands it to the gateways.">
      <QueryView query={query}>{(configuration) => <Steps key={name} configuration={configuration} />}</QueryView>
    </Page>
  )
}

function Steps({ configuration }: { configuration: Configuration }) {
  const { name, live_version: live, has_changes: hasChanges } = configuration
  const { published, receipt: receiptId } = publishRoute.useSearch()
  const navigate = useNavigate({ from: publishRoute.fullPath })
  const [anyway, setAnyway] = useState(false)
  const [warning, setWarning] = useState<string>()
  const [restoring, setRestoring] = useState<number>()
  const previous = usePrevious(configuration)
  useKeptFresh(configuration)
  const onDone = async ({ version, warning: told }: Published) => {
    setWarning(told)
    setAnyway(false)
    setRestoring(undefined)
    await navigate({ search: ({ receipt: _, ...search }) => ({ ...search, published: version.number }) })
    window.scrollTo({ top: 0 })
  }
  const offers = useMemo(
    () =>
      previous === undefined
        ? []
        : [{ id: 'roll back', label: `Roll back to version ${previous}`, run: () => setRestoring(previous) }],
    [previous],
  )
  useOffer(offers)
  const isShown = hasChanges || anyway
  return (
    <>
      {published !== undefined && (
        <ProgressView
          configuration={name}
          version={published}
          warning={warning}
          previous={published === live ? previous : undefined}
          onRollBack={setRestoring}
        />
      )}
      {!isShown && <NothingToPublish configuration={configuration} onAnyway={() => setAnyway(true)} />}
      {isShown && (
        <DraftSteps
          configuration={configuration}
          receiptId={receiptId}
          onReceipt={(receipt) =>
            void navigate({
              search: ({ receipt: _, ...search }) => (receipt === undefined ? search : { ...search, receipt }),
              replace: true,
            })
          }
          onDone={onDone}
        />
      )}
      {restoring !== undefined && (
        <RestoreDialog
          configuration={configuration}
          number={restoring}
          onClose={() => setRestoring(undefined)}
          onDone={onDone}
        />
      )}
    </>
  )
}

interface DraftStepsProps {
  configuration: Configuration
  receiptId: string | undefined
  onReceipt: (id: string | undefined) => void
  onDone: (published: Published) => Promise<void>
}

function DraftSteps({ configuration, receiptId, onReceipt, onDone }: DraftStepsProps) {
  const { name, kind, live_version: live, updated_at: updatedAt } = configuration
  const [message, setMessage] = useUnsaved<string>(`publish.${name}`)
  const receipt = useReceipt(name, receiptId, onReceipt)
  const { data: draft } = useQuery(draftQuery(name))
  const problems = useQuery(problemsQuery(name))
  const shown = receiptId === undefined ? undefined : receipt.stored.data
  const state = usePublicationState(configuration, { restore: undefined, receipt: shown?.id }, message ?? '')
  const stale = staleWords(shown?.receipt.made_at, updatedAt, isStale(state.refusals))
  useMadeAnew(stale !== undefined, draft?.etag, receipt)
  const complaints = problems.data ?? []
  const done = async (published: Published) => {
    setMessage(undefined)
    await onDone(published)
  }
  const noReceipt =
    kind === 'streamgate'
      ? complaints.length > 0
        ? 'Solve the problems of the draft first.'
        : undefined
      : 'Receipts are made for gateways of StreamGate, not for collectors.'
  const liveName = live === null ? 'nothing published' : `version ${live} (live)`
  return (
    <>
      <ProblemsStep configuration={name} problems={complaints} />
      <Card title="1. What changes" hint={`The draft beside ${liveName}. Secrets are not shown.`}>
        <Difference
          configuration={name}
          from="live"
          to="draft"
          fromName={liveName}
          toName="draft"
          same={<p className="text-muted">The draft and what is live have the same parts.</p>}
        />
      </Card>
      <ReceiptStep
        title="2. Impact receipt"
        content="draft"
        state={receipt}
        stale={stale}
        onDismiss={() => onReceipt(undefined)}
        disabled={noReceipt}
      />
      <PublicationStep
        key={shown?.id}
        configuration={configuration}
        state={state}
        message={message ?? ''}
        onMessage={(text) => setMessage(text === '' ? undefined : text)}
        receipt={shown}
        etag={draft?.etag}
        blocked={complaints.length > 0 ? 'The draft has problems; they stand at the top.' : undefined}
        onDone={done}
      />
    </>
  )
}

function staleWords(madeAt: number | undefined, updatedAt: number, isRefused: boolean): string | undefined {
  if (madeAt === undefined) return undefined
  if (updatedAt > madeAt) return 'The draft has changed since this receipt was made.'
  return isRefused ? 'This receipt does not fit what would be published now.' : undefined
}

/** A receipt that does not fit the draft any more is made anew, once for each state of the draft. */
function useMadeAnew(isOut: boolean, etag: string | undefined, { making }: ReturnType<typeof useReceipt>): void {
  const [triedFor, setTriedFor] = useState<string>()
  const { isPending, mutate } = making
  useEffect(() => {
    if (!isOut || isPending || etag === undefined || triedFor === etag) return
    setTriedFor(etag)
    mutate('draft')
  }, [isOut, isPending, etag, triedFor, mutate])
}
