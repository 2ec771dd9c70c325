/** Asks before kept records are sent again or given up: how many that hits, and afterwards what came of it. */
import { useQueries, useQueryClient } from '@tanstack/react-query'
import { CircleAlert, CircleCheck, X } from 'lucide-react'
import type { DeadLetterSelection, DroppedSelection, Replayed } from '#contract/kept.ts'
import { send } from '#ui/api/client.ts'
import { gatewayPath } from '#ui/api/gateway-queries.ts'
import { IconButton } from '#ui/kit/button.tsx'
import { Confirm } from '#ui/kit/dialog.tsx'
import { wordsOf } from '#ui/kit/states.tsx'
import { dropWords, recordsText, replayWords } from '#ui/screens/outputs/kept.ts'
import { keptChanged } from '#ui/screens/outputs/queries.ts'

interface LetterTarget {
  id: string
  name: string
  selection: DeadLetterSelection
}
interface DroppedTarget {
  id: string
  name: string
  dropped: DroppedSelection
}

export interface Act {
  verb: 'replay' | 'drop'
  /** `all dead letters of dd` */
  what: string
  targets: (LetterTarget | DroppedTarget)[]
}

export interface ResultLine {
  name: string
  text: string
  isWell: boolean
}

type Answer = Partial<Replayed> & { dropped?: number }

export function KeptConfirm({
  act,
  onClose,
  onDone,
}: {
  act: Act
  onClose: () => void
  onDone: (lines: ResultLine[]) => void
}) {
  const client = useQueryClient()
  const isReplay = act.verb === 'replay'
  const radius = useQueries({
    queries: act.targets.map((target) => ({
      queryKey: ['kept-radius', act.verb, target],
      queryFn: () => ask(act.verb, target, true),
      retry: false,
      staleTime: 0,
      gcTime: 0,
    })),
  })
  const counted = radius.reduce((sum, { data }) => sum + (data?.replayed ?? 0) + (data?.dropped ?? 0), 0)
  const isKnown = radius.every(({ data, error }) => data !== undefined || error !== null)
  const failed = radius.filter(({ error }) => error !== null).length

  const run = async () => {
    const lines = await Promise.all(
      act.targets.map(async (target): Promise<ResultLine> => {
        try {
          const answer = await ask(act.verb, target, false)
          const isWell = (answer.skipped ?? 0) === 0
          const text = isReplay
            ? replayWords({ replayed: 0, skipped: 0, ...answer })
            : dropWords({ dropped: answer.dropped ?? 0 })
          return { name: target.name, text, isWell }
        } catch (error) {
          return { name: target.name, text: wordsOf(error).detail, isWell: false }
        }
      }),
    )
    await keptChanged(client)
    onDone(lines)
  }
  const gateways = act.targets.length === 1 ? `on ${act.targets[0]?.name}` : `on ${act.targets.length} gateways`
  return (
    <Confirm
      open
      onClose={onClose}
      title={isReplay ? 'Send again' : 'Give up'}
      action={isReplay ? 'Replay' : 'Drop'}
      look={isReplay ? 'primary' : 'danger'}
      run={run}
    >
      <p>
        {isReplay ? 'This sends again ' : 'This gives up '}
        {act.what}.
      </p>
      <p aria-live="polite" className="py-1 font-medium">
        {isKnown ? `${recordsText(counted)} ${gateways}` : 'Counting…'}
        {failed > 0 && `; ${failed === 1 ? '1 gateway does' : `${failed} gateways do`} not answer`}
      </p>
      <p className="text-muted">
        {isReplay
          ? 'They go out as they are kept, from the oldest on; rules do not run again. What is refused again is kept again.'
          : 'They are deleted from the gateway, and nobody gets them back.'}
      </p>
    </Confirm>
  )
}

/** What a replay or a drop did, until somebody closes it. */
export function Result({ lines, onClose }: { lines: readonly ResultLine[] | undefined; onClose: () => void }) {
  if (lines === undefined) return null
  return (
    <div role="status" className="flex items-start gap-2 rounded-lg border border-line bg-panel px-4 py-3">
      <ul className="min-w-0 flex-1">
        {lines.map(({ name, text, isWell }) => {
          const Icon = isWell ? CircleCheck : CircleAlert
          return (
            <li key={name} className="flex items-start gap-2">
              <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${isWell ? 'text-ok' : 'text-warn'}`} />
              <span className="min-w-0 break-words">
                <span className="font-medium">{name}</span>: {text}
              </span>
            </li>
          )
        })}
      </ul>
      <IconButton label="Close" icon={X} onClick={onClose} />
    </div>
  )
}

function ask(verb: Act['verb'], target: LetterTarget | DroppedTarget, dry: boolean): Promise<Answer> {
  const [kind, body] = 'dropped' in target ? ['dropped', target.dropped] : ['dead-letters', target.selection]
  return send<Answer>(
    'POST',
    `${gatewayPath(target.id)}/${kind}/${verb}`,
    body,
    dry ? { query: { dry_run: true } } : {},
  )
}
