/** Is it safe, what was saved, what needs somebody. Each piece stands by itself: one that fails leaves the others be. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Pause, RefreshCw } from 'lucide-react'
import { useMemo, useRef, useState } from 'react'
import { liveQuery, SERIES_MS, seriesQuery } from '#ui/api/queries.ts'
import { AsOf } from '#ui/kit/as-of.tsx'
import { Button } from '#ui/kit/button.tsx'
import { useHeld } from '#ui/kit/held.ts'
import { Page } from '#ui/kit/page.tsx'
import { Skeleton } from '#ui/kit/states.tsx'
import { RangePicker, type RangeSearch, useRange } from '#ui/kit/time-range.tsx'
import { useConfiguration } from '#ui/routes.tsx'
import { FirstRun } from '#ui/screens/first-run/first-run.tsx'
import { FirstSteps } from '#ui/screens/first-run/first-steps.tsx'
import { everSeenQuery } from '#ui/screens/first-run/queries.ts'
import { AttentionCard } from '#ui/screens/overview/attention-card.tsx'
import { wholeMinutes } from '#ui/screens/overview/figures.ts'
import { FlowCard } from '#ui/screens/overview/flow-card.tsx'
import { GatewaysCard } from '#ui/screens/overview/gateways-card.tsx'
import { PipelinesCard } from '#ui/screens/overview/pipelines-card.tsx'
import { overviewRoute } from '#ui/screens/overview/route.ts'
import { Tiles } from '#ui/screens/overview/tiles.tsx'
import { RulesCard, ServicesCard } from '#ui/screens/overview/top-cards.tsx'
import { TrafficCard } from '#ui/screens/overview/traffic-card.tsx'
import { useOffer } from '#ui/shell/use-actions.ts'

export function Overview() {
  const search = overviewRoute.useSearch()
  const navigate = useNavigate()
  const configuration = useConfiguration()
  const isHeld = search.refresh === 'off'
  const range = useHeld(useRange(search), isHeld, `${search.range} ${search.from} ${search.to}`)
  const live = useQuery(liveQuery(configuration))
  const entries = useHeld(live.data?.items ?? none, isHeld, `${configuration} ${live.isSuccess}`)
  const reportedAt = Math.max(0, ...entries.map(({ at }) => at))
  const query = { configuration, ...wholeMinutes(range) }
  const isMoving = range.live && !isHeld
  const every = isMoving ? SERIES_MS : false
  const total = useQuery({
    ...seriesQuery({ ...query, by: 'total' }),
    refetchInterval: isMoving ? TOTAL_MS : false,
  })
  const { range: _range, from: _from, to: _to, ...rest } = search
  const change = (next: RangeSearch) => void navigate({ to: '/', search: { ...rest, ...next } })
  const toggle = () => {
    const { refresh, ...others } = search
    void navigate({ to: '/', search: { ...others, ...(refresh === undefined && { refresh: 'off' as const }) } })
  }
  const latest = useRef(toggle)
  latest.current = toggle
  useOffer(useMemo(() => [{ id: 'overview.refresh', label: 'Switch auto-refresh', run: () => latest.current() }], []))

  const isSilent = live.data?.items.every(({ stats }) => stats.pipelines.every((one) => one.in.records === 0)) === true
  const seen = useQuery({ ...everSeenQuery(configuration), enabled: isSilent })
  const isNew = isSilent && seen.data === false
  // Whoever has seen the first line come goes on when they want to, not when the next report makes it true.
  const [lesson, setLesson] = useState<{ configuration: string; isOpen: boolean }>()
  if (isNew && lesson?.configuration !== configuration) setLesson({ configuration, isOpen: true })
  if (lesson?.configuration === configuration && lesson.isOpen)
    return (
      <Page title="Overview" intro="One line is enough to see how this works.">
        <FirstRun
          configuration={configuration}
          entries={entries}
          onDone={() => setLesson({ configuration, isOpen: false })}
        />
      </Page>
    )

  // Whether this is the first run shows before anything else: no figures that give way to it.
  if (live.isPending || (isSilent && seen.isPending))
    return (
      <Page title="Overview">
        <Skeleton lines={8} />
      </Page>
    )

  return (
    <Page
      title="Overview"
      actions={
        <>
          {reportedAt > 0 && (
            <span className="max-sm:order-last">
              <AsOf at={reportedAt} />
            </span>
          )}
          <RangePicker search={search} onChange={change} />
          <Button icon={isHeld ? Pause : RefreshCw} aria-pressed={!isHeld} onClick={toggle}>
            Auto-refresh {isHeld ? 'off' : 'on'}
          </Button>
        </>
      }
    >
      <AttentionCard configuration={configuration} live={live} entries={entries} />
      <Tiles configuration={configuration} entries={entries} total={total} />
      <FirstSteps configuration={configuration} entries={entries} />
      <div className="grid min-w-0 gap-4 xl:grid-cols-3">
        <div className="flex min-w-0 flex-col gap-4 xl:col-span-2">
          <TrafficCard
            configuration={configuration}
            search={search}
            range={range}
            entries={entries}
            total={total}
            onChange={change}
          />
          <FlowCard
            configuration={configuration}
            entries={entries}
            query={query}
            every={every}
            measure={search.measure ?? 'bytes'}
          />
        </div>
        <div className="flex min-w-0 flex-col gap-4">
          <PipelinesCard live={live} entries={entries} query={query} every={every} />
          <GatewaysCard configuration={configuration} />
          <ServicesCard query={query} every={every} />
          <RulesCard query={query} every={every} />
        </div>
      </div>
    </Page>
  )
}

const none: never[] = []
/** Gateways report every ten seconds: what they say is seen soon after. */
const TOTAL_MS = 5000
