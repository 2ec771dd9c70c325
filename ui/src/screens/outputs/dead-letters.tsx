/** What an output refused for good, on each of its gateways: by reason, one by one, sent again or given up. */
import { useQueries } from '@tanstack/react-query'
import { Eye, RotateCcw, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { GatewaySummary } from '#contract/fleet.ts'
import { useCan } from '#ui/api/queries.ts'
import { Button } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { bytes, exact } from '#ui/kit/format.ts'
import { Needs, useNeeds } from '#ui/kit/needs.tsx'
import { SimpleTable } from '#ui/kit/simple-table.tsx'
import { Empty, Skeleton } from '#ui/kit/states.tsx'
import { Ago } from '#ui/kit/time.tsx'
import type { OutputTotal } from '#ui/screens/outputs/aggregate.ts'
import { askable, groupsOf, type LetterGroup, recordsText } from '#ui/screens/outputs/kept.ts'
import { type Act, KeptConfirm, Result, type ResultLine } from '#ui/screens/outputs/kept-confirm.tsx'
import { LetterList } from '#ui/screens/outputs/letter-list.tsx'
import { letterSummaryQuery, useKeepsNothing } from '#ui/screens/outputs/queries.ts'
import type { OutputSearch } from '#ui/screens/outputs/route.ts'
import { Silent, silentOf } from '#ui/screens/outputs/silent.tsx'

export function DeadLetters({
  output,
  configuration,
  followers,
  total,
  search,
  onSearch,
}: {
  output: string
  configuration: string
  followers: readonly GatewaySummary[] | undefined
  total: OutputTotal | undefined
  search: OutputSearch
  onSearch: (next: OutputSearch) => void
}) {
  const canTap = useCan('tap')
  const needsTap = useNeeds('tap')
  const needsOperate = useNeeds('operate')
  const [act, setAct] = useState<Act>()
  const [result, setResult] = useState<ResultLine[]>()
  const most = new Map(
    total?.gateways.map(({ gateway, books }) => [gateway, books.dead_letters?.records ?? 0] as const),
  )
  const keepsNothing = useKeepsNothing(configuration)
  const { asked, unreachable } = askable(keepsNothing === undefined ? [] : (followers ?? []), most, keepsNothing)
  const answers = useQueries({ queries: asked.map(({ id }) => letterSummaryQuery(id)) })
  const nameOf = (id: string) => followers?.find((one) => one.id === id)?.name ?? id
  const groups = groupsOf(
    output,
    asked.flatMap(({ id }, index) => {
      const summary = answers[index]?.data
      return summary === undefined ? [] : [{ gateway: id, summary }]
    }),
  )
  const silent = silentOf(asked, answers, unreachable)
  const isLoading =
    keepsNothing === undefined ||
    followers === undefined ||
    (groups.length === 0 && answers.some(({ isPending }) => isPending))
  const gateways = [...new Set(groups.map(({ gateway }) => gateway))]
  const all = (verb: Act['verb']): Act => ({
    verb,
    what: `all dead letters of ${output}`,
    targets: gateways.map((id) => ({ id, name: nameOf(id), selection: { output } })),
  })
  const listed = groups.find(({ gateway, code }) => gateway === search.gateway && code === search.code)
  return (
    <>
      <Result lines={result} onClose={() => setResult(undefined)} />
      <Card
        title="Refused for good"
        hint="Records that the other side will never take as they are, with the reason. They are kept until somebody sends them again or gives them up."
        flush
        {...(groups.length > 0 && {
          actions: (
            <>
              <Button icon={RotateCcw} {...needsOperate} onClick={() => setAct(all('replay'))}>
                Replay all
              </Button>
              <Button icon={Trash2} look="danger" {...needsOperate} onClick={() => setAct(all('drop'))}>
                Drop all
              </Button>
            </>
          ),
        })}
      >
        {isLoading ? (
          <Skeleton className="px-4 pb-4" />
        ) : groups.length === 0 ? (
          <Empty title="No dead letters">
            {asked.length === 0
              ? 'No gateway of this configuration can be asked now.'
              : asked.length === 1
                ? 'The gateway that was asked keeps none of this output.'
                : `None of the ${asked.length} gateways that were asked keeps any of this output.`}
          </Empty>
        ) : (
          <SimpleTable
            label="Dead letters by reason"
            head={[
              'Gateway',
              'Reason',
              'Records',
              'Bytes',
              'Oldest',
              'Newest',
              <span key="" className="sr-only">
                Do
              </span>,
            ]}
            right={[2, 3, 6]}
            empty="None."
            rows={groups.map((group) => ({
              key: `${group.gateway}\n${group.code}`,
              cells: [
                nameOf(group.gateway),
                <code key="" className="font-mono">
                  {group.code}
                </code>,
                exact(group.records),
                bytes(group.bytes),
                <Ago key="" at={group.oldest} />,
                <Ago key="" at={group.newest} />,
                <span key="" className="inline-flex gap-1">
                  <Button
                    icon={Eye}
                    look="quiet"
                    {...needsTap}
                    aria-pressed={group === listed}
                    onClick={() => onSearch({ gateway: group.gateway, code: group.code })}
                  >
                    Show
                    <span className="sr-only">
                      {' '}
                      {group.code} of {nameOf(group.gateway)}
                    </span>
                  </Button>
                  <Button icon={RotateCcw} look="quiet" {...needsOperate} onClick={() => setAct(one('replay', group))}>
                    Replay
                    <span className="sr-only"> {group.code}</span>
                  </Button>
                  <Button icon={Trash2} look="quiet" {...needsOperate} onClick={() => setAct(one('drop', group))}>
                    Drop
                    <span className="sr-only"> {group.code}</span>
                  </Button>
                </span>,
              ],
            }))}
          />
        )}
        <Silent gateways={silent} />
      </Card>
      {canTap && search.gateway !== undefined && (
        <LetterList
          key={`${search.gateway}\n${search.code}`}
          gateway={{ id: search.gateway, name: nameOf(search.gateway) }}
          output={output}
          code={search.code}
          onAct={setAct}
          onClose={() => onSearch({})}
        />
      )}
      {groups.length > 0 && (
        <div className="flex flex-col gap-1">
          <Needs permission="tap" to="look at the records themselves" />
          <Needs permission="operate" to="send them again or give them up" />
        </div>
      )}
      {act !== undefined && <KeptConfirm act={act} onClose={() => setAct(undefined)} onDone={setResult} />}
    </>
  )

  function one(verb: Act['verb'], { gateway, code, records }: LetterGroup): Act {
    return {
      verb,
      what: `${recordsText(records)} that were refused with ${code} on ${nameOf(gateway)}`,
      targets: [{ id: gateway, name: nameOf(gateway), selection: { output, code } }],
    }
  }
}
