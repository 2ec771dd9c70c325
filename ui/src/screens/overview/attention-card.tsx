/** What needs somebody, with the way there. New entries are announced, politely. */
import { type UseQueryResult, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleAlert, CircleCheck, CircleX } from 'lucide-react'
import type { LiveEntry } from '#contract/series.ts'
import { fleetSummaryQuery } from '#ui/api/queries.ts'
import { Card } from '#ui/kit/card.tsx'
import { cx } from '#ui/kit/cx.ts'
import { Skeleton, wordsOf } from '#ui/kit/states.tsx'
import { Ago } from '#ui/kit/time.tsx'
import { type Attention, attentionOf } from '#ui/screens/overview/attention.ts'
import { firingQuery } from '#ui/screens/overview/queries.ts'

export function AttentionCard({ live, entries }: { live: UseQueryResult<unknown>; entries: readonly LiveEntry[] }) {
  const fleet = useQuery(fleetSummaryQuery)
  const alerts = useQuery(firingQuery)
  const items = attentionOf({ live: entries, fleet: fleet.data, alerts: alerts.data?.items ?? [] })
  const sources = [
    { name: 'gateways now', query: live },
    { name: 'the fleet', query: fleet },
    { name: 'alerts', query: alerts },
  ]
  const failed = sources.filter(({ query }) => query.isError)
  const isLoading = sources.some(({ query }) => query.isPending)
  return (
    <Card title={items.length === 0 ? 'Needs attention' : `Needs attention (${items.length})`}>
      <div aria-live="polite" className="flex flex-col gap-1">
        {items.map((item) => (
          <Item key={item.key} item={item} />
        ))}
        {items.length === 0 && !isLoading && failed.length === 0 && (
          <p className="flex items-center gap-2 text-sm">
            <CircleCheck aria-hidden className="size-4 shrink-0 text-ok" />
            Nothing. Rules run, outputs deliver, gateways are as published.
          </p>
        )}
      </div>
      {items.length === 0 && isLoading && failed.length === 0 && <Skeleton lines={2} />}
      {failed.map(({ name, query }) => (
        <p key={name} role="alert" className="pt-1 text-sm text-warn">
          Not known of {name}: {wordsOf(query.error).detail}
        </p>
      ))}
    </Card>
  )
}

function Item({ item: { tone, title, detail, link, since } }: { item: Attention }) {
  const Icon = tone === 'bad' ? CircleX : CircleAlert
  return (
    <Link {...link} className="-mx-2 flex min-w-0 items-start gap-2 rounded-md px-2 py-1.5 hover:bg-raised">
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
