/** The figures that matter most, each a link to where there is more. */
import { type UseQueryResult, useQuery } from '@tanstack/react-query'
import type { LiveEntry, Series } from '#contract/series.ts'
import { followersQuery } from '#ui/api/gateway-queries.ts'
import { fleetSummaryQuery } from '#ui/api/queries.ts'
import { bytes, bytesPerSecond, count, percent, plural } from '#ui/kit/format.ts'
import { Stat, Stats } from '#ui/kit/stat.tsx'
import { useNow } from '#ui/kit/time.tsx'
import { type Figures, reductionOf, totalsOf } from '#ui/screens/overview/figures.ts'
import { healthyOf } from '#ui/screens/overview/gateways.ts'
import { ratesNow } from '#ui/screens/overview/live-flow.ts'
import { SavedTile } from '#ui/screens/overview/saved-tile.tsx'

const UNKNOWN = '–'

export function Tiles({
  configuration,
  entries,
  total,
}: {
  configuration: string
  entries: readonly LiveEntry[]
  total: UseQueryResult<Series>
}) {
  const now = useNow()
  const rates = ratesNow(entries, now)
  const totals = total.data === undefined ? undefined : totalsOf(total.data.series[0]?.values)
  const waiting = entries.length === 0 ? 'no gateway reports' : 'after the next report'
  return (
    <Stats>
      <Stat
        label="In now"
        value={rates === undefined ? UNKNOWN : bytesPerSecond(rates.in.bytes)}
        note={rates === undefined ? waiting : `${count(rates.in.records)} records/s`}
        link={{ to: '/pipelines' }}
      />
      <Stat
        label="Out now"
        value={rates === undefined ? UNKNOWN : bytesPerSecond(rates.out.bytes)}
        note={rates === undefined ? waiting : `${count(rates.out.records)} records/s to outputs`}
        link={{ to: '/outputs' }}
      />
      <ReductionTile totals={totals} isFailed={total.isError} />
      <SavedTile configuration={configuration} />
      <HealthTile configuration={configuration} />
      <BypassTile totals={totals} entries={entries} isFailed={total.isError} />
    </Stats>
  )
}

function ReductionTile({ totals, isFailed }: { totals: Figures | undefined; isFailed: boolean }) {
  const reduction = totals && reductionOf(totals, 'bytes')
  const records = totals && reductionOf(totals, 'records')
  const note =
    totals === undefined
      ? isFailed
        ? 'not available'
        : 'loading'
      : records === undefined
        ? 'nothing came in'
        : `${percent(records)} of records`
  return (
    <Stat
      label="Reduction of bytes"
      value={reduction === undefined ? UNKNOWN : percent(reduction)}
      note={note}
      link={{ to: '/savings' }}
    />
  )
}

function HealthTile({ configuration }: { configuration: string }) {
  const gateways = useQuery(followersQuery(configuration))
  const isLong = (gateways.data?.next_cursor ?? null) !== null
  const { data: summary } = useQuery({ ...fleetSummaryQuery, enabled: isLong })
  const health = healthyOf(gateways.data, summary)
  if (health === undefined)
    return <Stat label="Gateways healthy" value={UNKNOWN} note={gateways.isError ? 'not available' : 'loading'} />
  const { healthy, all, isWholeFleet } = health
  const where = isWholeFleet ? ', whole fleet' : ''
  return (
    <Stat
      label="Gateways healthy"
      value={`${count(healthy)} / ${count(all)}`}
      note={
        all === 0
          ? 'none is connected'
          : `${healthy === all ? 'all online and well' : `${count(all - healthy)} not well`}${where}`
      }
      {...(healthy < all && { tone: 'bad' as const })}
      link={{ to: '/fleet', search: isWholeFleet ? {} : { follows: configuration } }}
    />
  )
}

function BypassTile({
  totals,
  entries,
  isFailed,
}: {
  totals: Figures | undefined
  entries: readonly LiveEntry[]
  isFailed: boolean
}) {
  const { bytes: size = 0, records = 0 } = totals?.['bypassed'] ?? {}
  const now = entries.flatMap(({ stats }) => stats.pipelines).filter(({ state }) => state === 'bypass').length
  const note =
    now > 0
      ? `${plural(now, 'pipeline')} bypassed now`
      : totals === undefined
        ? isFailed
          ? 'not available'
          : 'loading'
        : records === 0
          ? 'all records met their rules'
          : `${plural(records, 'record')} without rules`
  return (
    <Stat
      label="Bypassed unfiltered"
      value={totals === undefined ? UNKNOWN : bytes(size)}
      note={note}
      {...((records > 0 || now > 0) && { tone: 'bad' as const })}
      link={{ to: '/', hash: 'bypass', search: (search) => search }}
    />
  )
}
