/** What needs somebody, above all figures, with the way there. New entries are announced, politely. */
import { type UseQueryResult, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleAlert, CircleCheck, CircleX } from 'lucide-react'
import { useState } from 'react'
import type { LiveEntry } from '#contract/series.ts'
import { followersQuery } from '#ui/api/gateway-queries.ts'
import { fleetSummaryQuery } from '#ui/api/queries.ts'
import { Button } from '#ui/kit/button.tsx'
import { cx } from '#ui/kit/cx.ts'
import { Skeleton, wordsOf } from '#ui/kit/states.tsx'
import { Ago } from '#ui/kit/time.tsx'
import { type Attention, attentionOf } from '#ui/screens/overview/attention.ts'
import { firingQuery } from '#ui/screens/overview/queries.ts'

/** The worst of them leave the figures in sight. */
const SHOWN = 3

export function AttentionCard({
  configuration,
  live,
  entries,
}: {
  configuration: string
  live: UseQueryResult<unknown>
  entries: readonly LiveEntry[]
}) {
  const [isAll, setAll] = useState(false)
  const gateways = useQuery(followersQuery(configuration))
  const summary = useQuery({ ...fleetSummaryQuery, enabled: (gateways.data?.next_cursor ?? null) !== null })
  const alerts = useQuery(firingQuery)
  const items = attentionOf({
    live: live.isSuccess ? entries : undefined,
    fleet: { configuration, gateways: gateways.data, summary: summary.data },
    alerts: alerts.data?.items ?? [],
  })
  const failed = [
    { name: 'gateways now', query: live },
    { name: 'the gateways', query: gateways },
    { name: 'the fleet', query: summary },
    { name: 'alerts', query: alerts },
  ].filter(({ query }) => query.isError)
  const isLoading = [live, gateways, alerts].some(({ isPending }) => isPending)
  const isBad = items.some(({ tone }) => tone === 'bad')
  return (
    <section
      className={cx(
        'flex min-w-0 flex-col gap-x-6 gap-y-1 rounded-lg border bg-panel px-4 py-3 sm:flex-row',
        isBad ? 'border-bad' : items.length > 0 ? 'border-warn' : 'border-line',
      )}
    >
      <h2 className="shrink-0 text-sm font-semibold sm:w-36 sm:py-1">
        {items.length === 0 ? 'Needs attention' : `Needs attention (${items.length})`}
      </h2>
      <div className="min-w-0 flex-1">
        <div aria-live="polite" className={cx('grid gap-x-6', items.length > 1 && 'md:grid-cols-2 xl:grid-cols-3')}>
          {items.slice(0, isAll ? undefined : SHOWN).map((item) => (
            <Item key={item.key} item={item} />
          ))}
          {items.length === 0 && !isLoading && failed.length === 0 && (
            <p className="flex items-center gap-2 py-1 text-sm">
              <CircleCheck aria-hidden className="size-4 shrink-0 text-ok" />
              Nothing. Rules run, outputs deliver, gateways are well.
            </p>
          )}
        </div>
        {items.length > SHOWN && (
          <Button look="quiet" className="-ml-2 px-2 text-xs" aria-expanded={isAll} onClick={() => setAll(!isAll)}>
            {isAll ? 'Show the worst' : `Show ${items.length - SHOWN} more`}
          </Button>
        )}
        {items.length === 0 && isLoading && failed.length === 0 && <Skeleton lines={1} />}
        {failed.map(({ name, query }) => (
          <p key={name} role="alert" className="py-1 text-sm text-warn">
            Not known of {name}: {wordsOf(query.error).detail}
          </p>
        ))}
      </div>
    </section>
  )
}

function Item({ item: { tone, title, detail, link, since } }: { item: Attention }) {
  const Icon = tone === 'bad' ? CircleX : CircleAlert
  return (
    <Link {...link} className="-mx-2 flex min-w-0 items-start gap-2 rounded-md px-2 py-1 hover:bg-raised">
      <Icon aria-hidden className={cx('mt-0.5 size-4 shrink-0', tone === 'bad' ? 'text-bad' : 'text-warn')} />
      <span className="min-w-0 flex-1">
        <span className="block text-sm font-medium break-words">{title}</span>
        <span className="line-clamp-2 block text-xs break-words text-muted">
          {detail}
          {since !== undefined && (
            <>
              {' · '}
              <Ago at={since} />
            </>
          )}
        </span>
      </span>
    </Link>
  )
}
