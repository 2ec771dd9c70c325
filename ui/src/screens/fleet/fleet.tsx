/** All gateways: how they stand, what goes through them, and what can be done to many at once. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { useEffect, useMemo, useState } from 'react'
import type { GatewaySummary } from '#contract/fleet.ts'
import { getAll, usePages } from '#ui/api/pages.ts'
import { useCan } from '#ui/api/queries.ts'
import { Button } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { Needs, useNeeds } from '#ui/kit/needs.tsx'
import { Page } from '#ui/kit/page.tsx'
import { useShortcuts } from '#ui/kit/shortcuts.ts'
import { Empty, QueryView, wordsOf } from '#ui/kit/states.tsx'
import { toast } from '#ui/kit/toast.tsx'
import { AddGateway } from '#ui/screens/fleet/add-gateway.tsx'
import { BulkBar } from '#ui/screens/fleet/bulk-bar.tsx'
import { Filters } from '#ui/screens/fleet/filters.tsx'
import { FleetHeader } from '#ui/screens/fleet/fleet-header.tsx'
import { GatewayTable } from '#ui/screens/fleet/gateway-table.tsx'
import { filterOf, gatewaysQuery, liveFleetQuery } from '#ui/screens/fleet/queries.ts'
import { type FleetSearch, fleetRoute } from '#ui/screens/fleet/route.ts'
import { useOffer } from '#ui/shell/use-actions.ts'

const none: ReadonlyMap<string, GatewaySummary> = new Map()

export function Fleet() {
  const search = fleetRoute.useSearch()
  const navigate = useNavigate()
  const isAdmin = useCan('admin')
  const needsAdmin = useNeeds('admin')
  const { query, rows: gateways, more } = usePages(gatewaysQuery(search))
  const live = useQuery(liveFleetQuery(search.follows))
  const [picked, setPicked] = useState(none)
  const filter = JSON.stringify(filterOf(search))
  // biome-ignore lint/correctness/useExhaustiveDependencies: another filter shows other gateways
  useEffect(() => setPicked(none), [filter])
  const isFiltered = filter !== '{}'

  const go = (next: FleetSearch) => void navigate({ to: '/fleet', search: next })
  const setAdding = (on: boolean) => {
    const { add: _, ...rest } = search
    go(on ? { ...rest, add: 'gateway' } : rest)
  }
  const pickAll = async () => {
    try {
      const all = await getAll<GatewaySummary>('/gateways', filterOf(search))
      setPicked(new Map(all.map((gateway) => [gateway.id, gateway])))
      toast(`${all.length} selected`)
    } catch (error) {
      toast(wordsOf(error).detail)
    }
  }
  useShortcuts({ '*': () => void pickAll() })
  // biome-ignore lint/correctness/useExhaustiveDependencies: what they do hangs on the search alone
  const actions = useMemo(
    () => [
      ...(isAdmin ? [{ id: 'add-gateway', label: 'Add a gateway', run: () => setAdding(true) }] : []),
      { id: 'pick-gateways', label: 'Select all gateways that match', keys: '*', run: () => void pickAll() },
    ],
    [isAdmin, filter],
  )
  useOffer(actions)

  const add = (
    <Button look="primary" icon={Plus} {...needsAdmin} onClick={() => setAdding(true)}>
      Add a gateway
    </Button>
  )
  const keys = useMemo(() => new Set(picked.keys()), [picked])
  const setKeys = (next: ReadonlySet<string>) => {
    const known = new Map([...picked, ...gateways.map((gateway) => [gateway.id, gateway] as const)])
    setPicked(new Map([...next].flatMap((id) => (known.has(id) ? [[id, known.get(id)!] as const] : []))))
  }
  return (
    <Page
      title="Fleet"
      intro="Gateways that follow this controller: what they should run, what they run, and how they are."
      actions={
        <>
          <Needs permission="admin" to="add a gateway" />
          {add}
        </>
      }
    >
      <FleetHeader />
      <Card flush>
        <div className="flex flex-col gap-2 p-4 pb-3">
          <Filters search={search} onChange={go} />
          <BulkBar picked={[...picked.values()]} onClear={() => setPicked(none)} onAll={() => void pickAll()} />
        </div>
        <QueryView query={query} lines={8}>
          {() => (
            <GatewayTable
              gateways={gateways}
              live={live.data}
              selection={{ keys, onChange: setKeys, name: ({ name }) => name }}
              hasMore={query.hasNextPage}
              isFiltered={isFiltered}
              onEnd={more}
              empty={
                isFiltered ? (
                  <Empty title="No gateway matches" action={<Button onClick={() => go({})}>Clear filters</Button>}>
                    Labels are matched whole: <code className="font-mono">site</code> or{' '}
                    <code className="font-mono">site=fra</code>.
                  </Empty>
                ) : (
                  <Empty title="No gateway yet" action={add}>
                    A gateway is a node, or a collector, that comes to this controller with a token, says how it is, and
                    runs what is published.
                  </Empty>
                )
              }
            />
          )}
        </QueryView>
      </Card>
      {isAdmin && <AddGateway open={search.add === 'gateway'} onClose={() => setAdding(false)} />}
    </Page>
  )
}
