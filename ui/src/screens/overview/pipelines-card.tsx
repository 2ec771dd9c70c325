/** Each pipeline: whether its rules run, what flows, and what went past them. */
import { type UseQueryResult, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { LiveEntry, Series } from '#contract/series.ts'
import type { Query } from '#ui/api/client.ts'
import { seriesQuery } from '#ui/api/queries.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { textLink } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { bytes, bytesPerSecond, percent, plural } from '#ui/kit/format.ts'
import { Empty, QueryView } from '#ui/kit/states.tsx'
import { Ago } from '#ui/kit/time.tsx'
import { type Figures, reductionOf, totalsOf } from '#ui/screens/overview/figures.ts'
import { type PipelineNow, pipelinesNow } from '#ui/screens/overview/live-flow.ts'
import { pipelineWords } from '#ui/words/pipeline-state.ts'

const TOP = 50

export function PipelinesCard({
  live,
  entries,
  query,
  every,
}: {
  live: UseQueryResult<unknown>
  entries: readonly LiveEntry[]
  query: Query
  every: number | false
}) {
  const { data: series } = useQuery({ ...seriesQuery({ ...query, by: 'pipeline', top: TOP }), refetchInterval: every })
  return (
    <div id="bypass" tabIndex={-1} className="min-w-0 scroll-mt-20">
      <Card
        title="Pipelines"
        actions={
          <Link to="/pipelines" className={`${textLink} text-sm`}>
            Pipelines
          </Link>
        }
      >
        <QueryView
          query={live as UseQueryResult<object>}
          isEmpty={() => pipelinesNow(entries).length === 0}
          empty={<Empty title="No gateway has reported in the last five minutes" />}
        >
          {() => (
            <ul aria-label="Pipelines" className="flex flex-col gap-3">
              {pipelinesNow(entries).map((pipeline) => (
                <Row key={pipeline.id} {...pipeline} totals={figuresOf(series, pipeline.id)} />
              ))}
            </ul>
          )}
        </QueryView>
      </Card>
    </div>
  )
}

function Row({
  id,
  state,
  since,
  gateways,
  inState,
  bypassed,
  in: taken,
  out,
  totals,
}: PipelineNow & { totals: Figures }) {
  const { tone, word, meaning } = pipelineWords[state]
  const reduction = reductionOf(totals, 'bytes')
  const missed = totals['bypassed'] ?? { records: 0, bytes: 0 }
  return (
    <li className="flex min-w-0 flex-col gap-0.5">
      <div className="flex min-w-0 items-center justify-between gap-2">
        <span className="min-w-0 truncate text-sm font-medium">{id}</span>
        <Badge tone={tone}>{gateways > 1 && tone !== 'ok' ? `${word} (${inState} of ${gateways})` : word}</Badge>
      </div>
      <p className="text-xs text-muted first-letter:uppercase">
        {meaning}, since <Ago at={since} />
      </p>
      <p className="text-xs text-muted">
        {taken === undefined || out === undefined
          ? 'rates after the next report'
          : `${bytesPerSecond(taken.bytes)} in, ${bytesPerSecond(out.bytes)} out now`}
        {reduction !== undefined && `; ${percent(reduction)} taken off in this time`}
      </p>
      {(missed.records > 0 || bypassed.records > 0) && (
        <p className="text-xs text-bad">
          Unfiltered: {plural(missed.records, 'record')}, {bytes(missed.bytes)} in this time
          {bypassed.records > missed.records &&
            `; ${plural(bypassed.records, 'record')}, ${bytes(bypassed.bytes)} since its gateways started`}
        </p>
      )}
    </li>
  )
}

function figuresOf(series: Series | undefined, pipeline: string): Figures {
  return totalsOf(series?.series.find(({ labels }) => labels['pipeline'] === pipeline)?.values)
}
