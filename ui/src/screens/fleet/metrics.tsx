/** In and out over time, and what the gateway says of its parts now. */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Gateway } from '#contract/fleet.ts'
import { liveQuery, SERIES_MS, seriesQuery } from '#ui/api/queries.ts'
import { Card } from '#ui/kit/card.tsx'
import { Chart } from '#ui/kit/chart.tsx'
import { firstKnown, knownFrom } from '#ui/kit/chart-data.ts'
import { bytes, bytesPerSecond, duration } from '#ui/kit/format.ts'
import { Empty, QueryView } from '#ui/kit/states.tsx'
import { Ago } from '#ui/kit/time.tsx'
import { RangePicker, type RangeSearch, useRange } from '#ui/kit/time-range.tsx'
import { useVersionMarks } from '#ui/kit/use-version-marks.ts'
import { LiveParts } from '#ui/screens/fleet/live-parts.tsx'

const STEP_SECONDS = { minute: 60, hour: 3600, day: 86_400 } as const

export function Metrics({
  gateway,
  search,
  onRange,
}: {
  gateway: Gateway
  search: RangeSearch
  onRange: (range: RangeSearch) => void
}) {
  const live = useQuery(liveQuery(gateway.configuration))
  const entry = live.data?.items.find((one) => one.gateway === gateway.id)
  return (
    <>
      <Flow gateway={gateway} search={search} onRange={onRange} />
      <QueryView query={live} lines={4}>
        {() =>
          entry === undefined ? (
            <Card>
              <Empty title="No figures of now">
                {gateway.kind === 'otel_collector'
                  ? 'Collectors do not tell their figures to this controller; the node behind them does.'
                  : gateway.online
                    ? 'It has told none in the last five minutes, or tells them to another controller of this store.'
                    : 'It is not connected.'}{' '}
                It was last heard <Ago at={gateway.last_seen_at} />.
              </Empty>
            </Card>
          ) : (
            <LiveParts entry={entry} />
          )
        }
      </QueryView>
    </>
  )
}

function Flow({
  gateway: { id, configuration, first_seen_at: firstSeen },
  search,
  onRange,
}: {
  gateway: Gateway
  search: RangeSearch
  onRange: (range: RangeSearch) => void
}) {
  const range = useRange(search)
  const { from, to, live } = range
  const marks = useVersionMarks(configuration, range)
  const query = useQuery({
    ...seriesQuery({ configuration, by: 'gateway', key: id, from, to, top: 1 }),
    refetchInterval: live ? SERIES_MS : false,
  })
  const data = query.data
  const series = useMemo(() => {
    const values = data?.series.find(({ labels }) => labels['gateway'] === id)?.values
    const seconds = STEP_SECONDS[data?.step ?? 'minute']
    const first = firstKnown(data?.times ?? [], seconds * 1000, Object.values(values ?? {}), firstSeen)
    const rate = (name: string) =>
      knownFrom(
        (values?.[name] ?? []).map((value) => value / seconds),
        first,
      )
    return [
      { key: 'in', label: 'In', color: 'var(--other)', values: rate('in_bytes') },
      { key: 'out', label: 'Out', color: 'var(--delivered)', values: rate('out_bytes') },
    ]
  }, [data, id, firstSeen])
  return (
    <Card
      title="In and out"
      hint="Bytes each second, as an average over each step"
      actions={<RangePicker search={search} onChange={onRange} />}
    >
      <QueryView
        query={query}
        lines={6}
        isEmpty={() => series.every(({ values }) => values.every((value) => (value ?? 0) === 0))}
        empty={
          <Empty title="Nothing came through in this time">
            Figures come in by the minute; {duration(to - from)} were looked at.
          </Empty>
        }
      >
        {({ times, step }) => {
          // The step that is under way would look like a fall.
          const whole = times.filter((at) => at + STEP_SECONDS[step] * 1000 <= to)
          const total = (index: number) =>
            (series[index]?.values ?? []).reduce<number>((sum, value) => sum + (value ?? 0) * STEP_SECONDS[step], 0)
          return (
            <Chart
              title="Bytes in and out of this gateway"
              summary={`${bytes(total(0))} came in, ${bytes(total(1))} went out`}
              times={whole}
              series={series.map((one) => ({ ...one, values: one.values.slice(0, whole.length) }))}
              format={bytesPerSecond}
              binary
              marks={marks}
              onZoom={(zoomFrom, zoomTo) => onRange({ from: Math.round(zoomFrom), to: Math.round(zoomTo) })}
            />
          )
        }}
      </QueryView>
    </Card>
  )
}
