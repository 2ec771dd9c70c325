/** The fleet in two bars: how gateways stand to what they should run, and which versions of the program they are. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { DriftCause, FleetSummary } from '#contract/fleet.ts'
import { fleetSummaryQuery } from '#ui/api/queries.ts'
import { textLink } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { type Part, StackedBar } from '#ui/kit/stacked-bar.tsx'
import { QueryView } from '#ui/kit/states.tsx'
import type { FleetSearch } from '#ui/screens/fleet/route.ts'
import { driftWords } from '#ui/words/gateway-state.ts'

const driftColors: Record<DriftCause, string> = {
  pending: 'var(--deduplicated)',
  failed: 'var(--lost)',
  rolled_back: 'var(--quarantined)',
  stale: 'var(--dropped)',
  local_override: 'var(--redacted)',
  unreachable: 'var(--sampled)',
  no_capability: 'var(--other)',
}
const versionColors = ['--delivered', '--deduplicated', '--sampled', '--aggregated', '--dropped', '--redacted']
const VERSIONS_MAX = versionColors.length

export function FleetHeader() {
  const query = useQuery(fleetSummaryQuery)
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <Card title="Configuration" hint="Whether gateways run what they should">
        <QueryView query={query} lines={2}>
          {(summary) => <States summary={summary} />}
        </QueryView>
      </Card>
      <Card title="Versions" hint="Of the program on each gateway">
        <QueryView query={query} lines={2}>
          {({ versions }) => <StackedBar label="Versions" parts={versionParts(versions)} />}
        </QueryView>
      </Card>
    </div>
  )
}

function States({ summary }: { summary: FleetSummary }) {
  const { gateways, online, unhealthy } = summary
  const isInBar = stateParts(summary).some(({ key, value }) => key === 'unhealthy' && value > 0)
  return (
    <div className="flex flex-col gap-2">
      <StackedBar label="States of gateways" parts={stateParts(summary)} />
      <p className="text-sm text-muted">
        {online} of {gateways} online
        {unhealthy > 0 && !isInBar && (
          <>
            {', '}
            <To search={{ state: 'unhealthy' }}>{unhealthy} unhealthy</To>
          </>
        )}
      </p>
    </div>
  )
}

function stateParts({ gateways, in_sync, unhealthy, drift }: FleetSummary): Part[] {
  const causes = Object.entries(drift) as [DriftCause, number][]
  const drifted = causes.reduce((sum, [, value]) => sum + value, 0)
  const rest = gateways - in_sync - drifted
  // Those that are unhealthy may be among the drifted too: only where there are none of these is it known who is who.
  const unwell = drifted === 0 ? Math.min(unhealthy, rest) : 0
  return [
    {
      key: 'in_sync',
      label: <To search={{ state: 'in_sync' }}>in sync</To>,
      value: in_sync,
      color: 'var(--delivered)',
    },
    ...causes.map(([cause, value]) => ({
      key: cause,
      label: (
        <To search={{ state: cause === 'failed' || cause === 'rolled_back' ? 'failed' : 'drift' }}>
          {driftWords[cause].word.toLowerCase()}
        </To>
      ),
      value,
      color: driftColors[cause],
    })),
    {
      key: 'unhealthy',
      label: <To search={{ state: 'unhealthy' }}>unhealthy</To>,
      value: unwell,
      color: 'var(--lost)',
    },
    // In no drift, and not in sync either.
    {
      key: 'other',
      label: drifted === 0 ? 'settling or without a version' : 'unhealthy, settling or without a version',
      value: rest - unwell,
      color: 'var(--other)',
    },
  ]
}

function versionParts(versions: FleetSummary['versions']): Part[] {
  const sorted = [...versions].sort((a, b) => b.gateways - a.gateways)
  const shown = sorted.slice(0, VERSIONS_MAX).map(({ product, version, gateways }, index) => ({
    key: `${product} ${version}`,
    label: <To search={{ text: version }}>{`${product} ${version}`.trim() || 'unknown'}</To>,
    value: gateways,
    color: `var(${versionColors[index]})`,
  }))
  const rest = sorted.slice(VERSIONS_MAX).reduce((sum, { gateways }) => sum + gateways, 0)
  return [...shown, { key: 'other', label: 'others', value: rest, color: 'var(--other)' }]
}

function To({ search, children }: { search: FleetSearch; children: ReactNode }) {
  return (
    <Link to="/fleet" search={search} className={textLink}>
      {children}
    </Link>
  )
}
