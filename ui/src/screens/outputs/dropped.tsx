/** What rules dropped and pipelines have kept for a while: by rule, one by one, and sent after all. */
import { useQueries, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Eye, RotateCcw } from 'lucide-react'
import { useState } from 'react'
import { followersQuery } from '#ui/api/gateway-queries.ts'
import { useCan } from '#ui/api/queries.ts'
import { Button } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { bytes, exact } from '#ui/kit/format.ts'
import { Needs, useNeeds } from '#ui/kit/needs.tsx'
import { SimpleTable } from '#ui/kit/simple-table.tsx'
import { Empty, QueryView } from '#ui/kit/states.tsx'
import { Ago } from '#ui/kit/time.tsx'
import { DroppedList } from '#ui/screens/outputs/dropped-list.tsx'
import { type DroppedGroup, DroppedReplay } from '#ui/screens/outputs/dropped-replay.tsx'
import { askable } from '#ui/screens/outputs/kept.ts'
import { type Act, KeptConfirm, Result, type ResultLine } from '#ui/screens/outputs/kept-confirm.tsx'
import { droppedSummaryQuery, useKeepsNothing } from '#ui/screens/outputs/queries.ts'
import { outputsRoute } from '#ui/screens/outputs/route.ts'
import { Silent, silentOf } from '#ui/screens/outputs/silent.tsx'

export function Dropped({ configuration }: { configuration: string }) {
  const search = outputsRoute.useSearch()
  const navigate = useNavigate()
  const canTap = useCan('tap')
  const needsTap = useNeeds('tap')
  const needsOperate = useNeeds('operate')
  const [act, setAct] = useState<Act>()
  const [group, setGroup] = useState<DroppedGroup>()
  const [result, setResult] = useState<ResultLine[]>()
  const followers = useQuery(followersQuery(configuration))
  const keepsNothing = useKeepsNothing(configuration)
  const known = keepsNothing === undefined ? [] : (followers.data?.items ?? [])
  const { asked, unreachable } = askable(known, new Map(), keepsNothing)
  const answers = useQueries({ queries: asked.map(({ id }) => droppedSummaryQuery(id)) })
  const groups = asked.flatMap(({ id, name }, index) =>
    (answers[index]?.data ?? []).map((one): DroppedGroup => ({ gateway: { id, name }, ...one })),
  )
  const isPending = keepsNothing === undefined || (groups.length === 0 && answers.some((one) => one.isPending))
  const show = (next: { gateway?: string; pipeline?: string; rule?: string }) =>
    void navigate({ to: '/outputs', search: { tab: 'dropped', ...next } })
  return (
    <>
      <Result lines={result} onClose={() => setResult(undefined)} />
      <Card
        title="Kept after rules dropped them"
        hint="Where a pipeline has keep_dropped, what its rules drop or sample away is kept for a while, redacted, and can be sent after all."
        flush
      >
        <QueryView
          query={followers}
          isEmpty={() => groups.length === 0 && !isPending}
          empty={
            <Empty title="Nothing that rules dropped is kept">
              {asked.length === 0
                ? 'No gateway of this configuration can be asked now.'
                : 'Give a pipeline keep_dropped, such as { max_bytes: 16777216, max_age_ms: 86400000 }, and publish it.'}
            </Empty>
          }
        >
          {() => (
            <SimpleTable
              label="Dropped records by rule"
              head={[
                'Gateway',
                'Pipeline',
                'Rule',
                'Records',
                'Bytes',
                'Oldest',
                'Newest',
                <span key="" className="sr-only">
                  Do
                </span>,
              ]}
              right={[3, 4, 7]}
              empty="Asking…"
              rows={groups.map((one) => ({
                key: `${one.gateway.id}\n${one.pipeline}\n${one.rule}`,
                cells: [
                  one.gateway.name,
                  one.pipeline,
                  <span key="" className="font-medium">
                    {one.rule}
                  </span>,
                  exact(one.records),
                  bytes(one.bytes),
                  <Ago key="" at={one.oldest} />,
                  <Ago key="" at={one.newest} />,
                  <span key="" className="inline-flex gap-1">
                    <Button
                      icon={Eye}
                      look="quiet"
                      {...needsTap}
                      onClick={() => show({ gateway: one.gateway.id, pipeline: one.pipeline, rule: one.rule })}
                    >
                      Show<span className="sr-only"> {one.rule}</span>
                    </Button>
                    <Button icon={RotateCcw} look="quiet" {...needsOperate} onClick={() => setGroup(one)}>
                      Replay<span className="sr-only"> {one.rule}</span>
                    </Button>
                  </span>,
                ],
              }))}
            />
          )}
        </QueryView>
        <Silent gateways={silentOf(asked, answers, unreachable)} />
      </Card>
      {canTap && search.gateway !== undefined && (
        <DroppedList
          key={`${search.gateway}\n${search.pipeline}\n${search.rule}`}
          gateway={search.gateway}
          pipeline={search.pipeline}
          rule={search.rule}
          onClose={() => show({})}
        />
      )}
      {groups.length > 0 && (
        <div className="flex flex-col gap-1">
          <Needs permission="tap" to="look at the records themselves" />
          <Needs permission="operate" to="send them after all" />
        </div>
      )}
      {group !== undefined && <DroppedReplay group={group} onClose={() => setGroup(undefined)} onChosen={setAct} />}
      {act !== undefined && <KeptConfirm act={act} onClose={() => setAct(undefined)} onDone={setResult} />}
    </>
  )
}
