/** One version: why it was made, what it changed, what was known of it, and what it holds. */
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { GitCompareArrows, Undo2 } from 'lucide-react'
import { type ReactNode, useMemo, useState } from 'react'
import type { Configuration, Version } from '#contract/configuration.ts'
import { configurationQuery } from '#ui/api/configuration-queries.ts'
import { useCan } from '#ui/api/queries.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { Button, ButtonLink, textLink } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { CopyButton } from '#ui/kit/copy.tsx'
import { BackLink, Page } from '#ui/kit/page.tsx'
import { QueryView } from '#ui/kit/states.tsx'
import { Ago, Moment } from '#ui/kit/time.tsx'
import { useConfiguration } from '#ui/routes.tsx'
import { Difference, yamlOf } from '#ui/screens/publish/difference.tsx'
import { ProgressView } from '#ui/screens/publish/progress-view.tsx'
import { versionQuery, versionReceiptQuery } from '#ui/screens/publish/queries.ts'
import { ReceiptView } from '#ui/screens/publish/receipt-view.tsx'
import { RestoreDialog } from '#ui/screens/publish/restore-dialog.tsx'
import { useKeptFresh } from '#ui/screens/publish/use-kept-fresh.ts'
import { versionRoute } from '#ui/screens/versions/route.ts'
import { useOffer } from '#ui/shell/use-actions.ts'

type WithContent = Version & { content: Record<string, unknown> }

export function VersionDetail() {
  const name = useConfiguration()
  const { number } = versionRoute.useParams()
  const configuration = useQuery(configurationQuery(name))
  const version = useQuery(versionQuery(name, number))
  return (
    <QueryView query={configuration}>
      {(found) => <QueryView query={version}>{(shown) => <Detail configuration={found} version={shown} />}</QueryView>}
    </QueryView>
  )
}

function Detail({ configuration, version }: { configuration: Configuration; version: WithContent }) {
  const { name, live_version: live } = configuration
  const { number, parent, has_receipt: hasReceipt } = version
  const navigate = useNavigate()
  const canPublish = useCan('publish')
  const [restoring, setRestoring] = useState<number>()
  useKeptFresh(configuration)
  const isLive = number === live
  const back = isLive ? (parent ?? undefined) : number
  const offers = useMemo(
    () =>
      back === undefined
        ? []
        : [{ id: 'roll back', label: `Roll back to version ${back}`, run: () => setRestoring(back) }],
    [back],
  )
  useOffer(offers)
  const actions = (
    <>
      {!isLive && (
        <>
          <ButtonLink to="/versions" search={{ from: number, to: 'live' }} icon={GitCompareArrows}>
            Compare with live
          </ButtonLink>
          <Button icon={Undo2} disabled={!canPublish} onClick={() => setRestoring(number)}>
            Roll back to this version
          </Button>
        </>
      )}
    </>
  )
  return (
    <Page
      back={<BackLink to="/versions">All versions</BackLink>}
      title={`Version ${number}`}
      intro={<Message text={version.message} />}
      actions={actions}
    >
      <Facts version={version} isLive={isLive} />
      {isLive && (
        <ProgressView configuration={name} version={number} previous={parent ?? undefined} onRollBack={setRestoring} />
      )}
      <Card
        title="What it changed"
        hint={parent === null ? undefined : `Beside version ${parent}, which was live before.`}
      >
        {parent === null ? (
          <p className="text-muted">It is the first version: all that it holds was new.</p>
        ) : (
          <Difference
            configuration={name}
            from={parent}
            to={number}
            fromName={`version ${parent}`}
            toName={`version ${number}`}
            same={<p className="text-muted">It holds the same parts as version {parent}.</p>}
          />
        )}
      </Card>
      <Card title="Impact receipt" hint="What was known when it was published.">
        {hasReceipt ? (
          <KeptReceipt name={name} number={number} />
        ) : (
          <p className="text-muted">It was published without a receipt.</p>
        )}
      </Card>
      <Content version={version} />
      {restoring !== undefined && (
        <RestoreDialog
          configuration={configuration}
          number={restoring}
          onClose={() => setRestoring(undefined)}
          onDone={async ({ version: made }) => {
            setRestoring(undefined)
            await navigate({ to: '/versions/$number', params: { number: made.number } })
          }}
        />
      )}
    </Page>
  )
}

function Message({ text }: { text: string }) {
  if (text === '') return 'Published without a message.'
  return <span className="break-words whitespace-pre-wrap">{text}</span>
}

function Facts({ version, isLive }: { version: Version; isLive: boolean }) {
  const { author, created_at: at, sha256, parent, restored_from: restored } = version
  return (
    <dl className="flex flex-wrap gap-x-8 gap-y-3 rounded-lg border border-line bg-panel px-4 py-3">
      <Fact name="State">{isLive ? <Badge tone="ok">Live</Badge> : <Badge>Not live</Badge>}</Fact>
      <Fact name="Published by">{author}</Fact>
      <Fact name="When">
        <Moment at={at} />{' '}
        <span className="text-muted">
          (<Ago at={at} />)
        </span>
      </Fact>
      <Fact name="Took the place of">{parent === null ? 'Nothing' : <VersionLink number={parent} />}</Fact>
      {restored !== null && (
        <Fact name="Holds again what was in">
          <VersionLink number={restored} />
        </Fact>
      )}
      <Fact name="Hash">
        <span className="flex items-center gap-1">
          <code className="font-mono text-xs" title={sha256}>
            {sha256.slice(0, 16)}…
          </code>
          <CopyButton text={sha256} label="Copy the hash" />
        </span>
      </Fact>
    </dl>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex flex-col gap-0.5">
      <dt className="text-xs text-muted">{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function VersionLink({ number }: { number: number }) {
  return (
    <Link to="/versions/$number" params={{ number }} className={textLink}>
      Version {number}
    </Link>
  )
}

function KeptReceipt({ name, number }: { name: string; number: number }) {
  const query = useQuery(versionReceiptQuery(name, number))
  return <QueryView query={query}>{(receipt) => <ReceiptView receipt={receipt} />}</QueryView>
}

function Content({ version: { number, content } }: { version: WithContent }) {
  const text = useMemo(() => yamlOf(content), [content])
  return (
    <Card>
      <details>
        <summary className="min-h-6 cursor-pointer text-sm font-semibold">What version {number} holds</summary>
        <div className="flex items-start gap-2 pt-2">
          {/* What scrolls must be reachable without a pointer. */}
          <pre
            tabIndex={0}
            role="region"
            aria-label={`Content of version ${number}`}
            className="max-h-[60vh] min-w-0 flex-1 overflow-auto rounded-md border border-line bg-canvas p-3 font-mono text-xs"
          >
            {text}
          </pre>
          <CopyButton text={text} label="Copy the content" />
        </div>
      </details>
    </Card>
  )
}
