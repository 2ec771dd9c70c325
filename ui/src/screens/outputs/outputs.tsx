/** The outputs of a configuration over all its gateways, and what its rules dropped and gateways have kept. */
import { useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { AsOf } from '#ui/kit/as-of.tsx'
import { ButtonLink } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { bytes, count } from '#ui/kit/format.ts'
import { Page } from '#ui/kit/page.tsx'
import { Stat } from '#ui/kit/stat.tsx'
import { Empty, QueryView } from '#ui/kit/states.tsx'
import { Tabs } from '#ui/kit/tabs.tsx'
import { useConfiguration } from '#ui/routes.tsx'
import type { OutputTotal } from '#ui/screens/outputs/aggregate.ts'
import { Dropped } from '#ui/screens/outputs/dropped.tsx'
import { OutputTable } from '#ui/screens/outputs/output-table.tsx'
import { useOutputs } from '#ui/screens/outputs/queries.ts'
import { outputsRoute, outputsTabs } from '#ui/screens/outputs/route.ts'

export function Outputs() {
  const configuration = useConfiguration()
  const { tab = 'outputs' } = outputsRoute.useSearch()
  const navigate = useNavigate()
  const tabs = [
    { id: 'outputs', label: 'Outputs', content: tab === 'outputs' ? <List configuration={configuration} /> : null },
    {
      id: 'dropped',
      label: 'Dropped records',
      content: tab === 'dropped' ? <Dropped configuration={configuration} /> : null,
    },
  ]
  return (
    <Page title="Outputs" intro={`Where the records of “${configuration}” go, and what waits, fails or was refused.`}>
      <Tabs
        label="About outputs"
        tabs={tabs}
        value={tab}
        onChange={(id) =>
          void navigate({ to: '/outputs', search: { tab: outputsTabs.find((one) => one === id) ?? 'outputs' } })
        }
      />
    </Page>
  )
}

function List({ configuration }: { configuration: string }) {
  const { query, outputs, followers, nameOf, growthOf } = useOutputs(configuration)
  const told = query.data?.items.length ?? 0
  return (
    <QueryView
      query={query}
      lines={8}
      isEmpty={() => outputs.length === 0}
      empty={
        <Card>
          <Empty
            title={`No gateway of “${configuration}” tells figures now`}
            action={<ButtonLink to="/fleet">Look at the fleet</ButtonLink>}
          >
            Outputs are shown as the gateways that run them tell of them, each every few seconds.
            {(followers?.length ?? 0) > 0 &&
              ` ${followers?.length} follow it; none was heard in the last five minutes.`}
          </Empty>
        </Card>
      }
    >
      {() => (
        <>
          <Totals outputs={outputs} />
          <Card flush>
            <OutputTable outputs={outputs} nameOf={nameOf} growthOf={growthOf} />
            <p className="flex flex-wrap justify-between gap-x-4 px-4 py-2 text-xs text-muted">
              {followers !== undefined && followers.length > told
                ? `${told} of ${followers.length} gateways have told figures in the last five minutes.`
                : `${told === 1 ? '1 gateway' : `${told} gateways`} told figures.`}
              <AsOf at={Math.max(0, ...(query.data?.items ?? []).map(({ at }) => at))} />
            </p>
          </Card>
        </>
      )}
    </QueryView>
  )
}

function Totals({ outputs }: { outputs: readonly OutputTotal[] }) {
  const { unwell, queue, queueMax, spool, spoolMax, letters } = useMemo(() => {
    const sum = (value: (one: OutputTotal) => number) => outputs.reduce((total, one) => total + value(one), 0)
    return {
      unwell: outputs.filter(({ state }) => state !== 'delivering' && state !== 'idle').length,
      queue: sum((one) => one.queue.bytes),
      queueMax: sum((one) => one.queue.max),
      spool: sum((one) => one.spool?.bytes ?? 0),
      spoolMax: sum((one) => one.spool?.max ?? 0),
      letters: sum((one) => one.deadLetters?.records ?? 0),
    }
  }, [outputs])
  return (
    <div className="grid grid-cols-2 gap-3 lg:grid-cols-4">
      <Stat
        label="Not delivering"
        value={`${unwell} / ${outputs.length}`}
        {...(unwell > 0 && { tone: 'bad' })}
        note={unwell === 0 ? 'all outputs are well' : 'failing, retrying or waiting'}
      />
      <Stat label="Waits in memory" value={bytes(queue)} note={`of ${bytes(queueMax)} in queues`} />
      <Stat
        label="Waits on disk"
        value={bytes(spool)}
        note={spoolMax === 0 ? 'no output has a spool' : `of ${bytes(spoolMax)} in spools`}
      />
      <Stat
        label="Dead letters"
        value={count(letters)}
        {...(letters > 0 && { tone: 'warn' })}
        note="refused for good, and kept"
      />
    </div>
  )
}
