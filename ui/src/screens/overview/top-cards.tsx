/** Who sends the most, and which rules take the most off. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Series } from '#contract/series.ts'
import type { Query } from '#ui/api/client.ts'
import { seriesQuery, useCan } from '#ui/api/queries.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { Bars } from '#ui/kit/bars.tsx'
import { ButtonLink, textLink } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { cx } from '#ui/kit/cx.ts'
import { bytes, count, plural } from '#ui/kit/format.ts'
import { Sparkline } from '#ui/kit/sparkline.tsx'
import { Empty, QueryView } from '#ui/kit/states.tsx'
import { topRules, topServices } from '#ui/screens/overview/top.ts'

const TOP = 10

interface SeriesProps {
  query: Query
  /** How often it is asked again, in milliseconds. */
  every: number | false
}

export function ServicesCard({ query, every }: SeriesProps) {
  const services = useQuery({ ...seriesQuery({ ...query, by: 'service', top: TOP }), refetchInterval: every })
  const samples =
    services.data === undefined ? 0 : topServices(services.data).reduce((all, one) => all + one.samples, 0)
  return (
    <Card
      title={
        <span className="inline-flex items-center gap-2">
          Top services <Badge tone="info">Estimated</Badge>
        </span>
      }
      hint={`Bytes in, from ${plural(samples, 'sampled record')}, scaled to the exact total.`}
    >
      <QueryView query={services} isEmpty={isNothing} empty={<Empty title="Nothing came in during this time" />}>
        {(series) => (
          <Bars
            label="Top services by bytes in"
            bars={topServices(series).map(({ key, name, bytes: size, removed, values }) => ({
              key,
              label: (
                <span className="flex items-center gap-2">
                  <span className={cx('w-24 shrink-0 truncate', name === undefined && 'text-muted')}>
                    {name ?? 'no service'}
                  </span>
                  <span className="shrink-0 max-sm:hidden">
                    <Sparkline values={values} width={64} height={16} />
                  </span>
                </span>
              ),
              value: size,
              text: offText(size, removed),
            }))}
          />
        )}
      </QueryView>
    </Card>
  )
}

export function RulesCard({ query, every }: SeriesProps) {
  const rules = useQuery({ ...seriesQuery({ ...query, by: 'rule', top: TOP }), refetchInterval: every })
  const canEdit = useCan('edit')
  return (
    <Card title="Top rules" hint="Bytes that each rule took off.">
      <QueryView
        query={rules}
        isEmpty={(series) => topRules(series).length === 0}
        empty={
          <Empty
            title="No rule took anything off"
            action={
              canEdit && (
                <ButtonLink to="/rules" search={{ add: true }}>
                  Make a rule
                </ButtonLink>
              )
            }
          >
            What comes in goes out as it came.
          </Empty>
        }
      >
        {(series) => (
          <Bars
            label="Top rules by bytes taken off"
            bars={topRules(series).map(({ key, rule, type, pipeline, bytes: size, records }) => ({
              key,
              label:
                rule === undefined ? (
                  'all others'
                ) : (
                  <>
                    <Link to="/rules" search={{ pipeline, rule }} className={textLink}>
                      {rule}
                    </Link>{' '}
                    <span className="text-xs text-muted">
                      {type}
                      {isOnePipeline(series) ? '' : ` in ${pipeline}`}
                    </span>
                  </>
                ),
              value: size,
              text: records === 0 ? bytes(size) : `${bytes(size)}, ${count(records)} records`,
              color: 'var(--dropped)',
            }))}
          />
        )}
      </QueryView>
    </Card>
  )
}

/** Shares of estimates are whole, and never all: what is left of a service is seldom nothing. */
function offText(size: number, removed: number): string {
  if (removed <= 0) return bytes(size)
  const share = Math.round((removed / size) * 100)
  return `${bytes(size)}, ${share > 95 ? 'most of it' : share < 1 ? '< 1 %' : `about ${share} %`} off`
}

function isOnePipeline({ series }: Series): boolean {
  return new Set(series.flatMap(({ labels }) => labels['pipeline'] ?? [])).size <= 1
}

function isNothing(series: Series): boolean {
  return topServices(series).length === 0
}
