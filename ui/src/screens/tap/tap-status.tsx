/** How the tap fares, in words; read out when it changes, unlike the records. */
import { Button } from '#ui/kit/button.tsx'
import { duration, exact } from '#ui/kit/format.ts'
import { Sparkline } from '#ui/kit/sparkline.tsx'
import { ProblemNote, wordsOf } from '#ui/kit/states.tsx'
import { RATE_SECONDS, RECORDS_KEPT } from '#ui/screens/tap/tap-ring.ts'
import { AUTO_STOP_MS, type TapView } from '#ui/screens/tap/tap-session.ts'
import type { TapControl } from '#ui/screens/tap/use-tap.ts'

export function TapStatus({
  tap,
  gatewayName,
  unwatched,
}: {
  tap: TapControl
  gatewayName: (id: string) => string
  /** Names of gateways that are selected, and cannot be watched. */
  unwatched: readonly string[]
}) {
  const { view } = tap
  const perSecond = view.rates.at(-1) ?? 0
  return (
    <div className="flex flex-col gap-2">
      <div className="flex min-h-8 flex-wrap items-center gap-x-4 gap-y-1 text-sm">
        <p role="status" className="font-medium">
          {phaseWords(view)}
        </p>
        {(view.shown > 0 || view.skipped > 0) && <p className="text-muted">{shownWords(view)}</p>}
        {view.paused && view.behind > 0 && <p className="text-muted">{exact(view.behind)} more have come.</p>}
        {tap.isRunning && (
          <span className="ml-auto flex items-center gap-2 text-muted" title={`The last ${RATE_SECONDS} seconds`}>
            <Sparkline values={view.rates} />
            {exact(perSecond)}/s fit
          </span>
        )}
      </div>
      {tap.isRunning && unwatched.length > 0 && (
        <p className="text-xs text-muted">
          Without {unwatched.join(', ')}: a gateway that polls over plain HTTP, or is no gateway of ours, cannot be
          watched.
        </p>
      )}
      {tap.reason !== undefined && (
        <p className="rounded-md bg-bad-soft px-3 py-1.5 text-sm text-bad">
          Records show unredacted. The audit log says so, with your reason: {tap.reason}
        </p>
      )}
      {view.phase === 'stopped' && <ProblemNote error={view.error} />}
      {view.ends.length > 0 && (
        <ul className="rounded-md bg-warn-soft px-3 py-1.5 text-sm text-warn">
          {view.ends.map(({ gateway, reason }) => (
            <li key={`${gateway}${reason}`}>
              {gateway === null ? 'The controller has ended the tap' : `${gatewayName(gateway)} has ended its part`}:{' '}
              {reason}
            </li>
          ))}
        </ul>
      )}
      {(view.phase === 'over' || view.ends.length > 0) && (
        <div>
          <Button onClick={tap.goOn}>Go on</Button>
        </div>
      )}
    </div>
  )
}

function phaseWords(view: TapView): string {
  if (view.paused && view.phase === 'watching') return 'Paused: it goes on watching, and what shows stands still.'
  if (view.phase === 'retrying') return `Reconnecting: ${wordsOf(view.error).detail}.`
  return words[view.phase]
}

const words = {
  idle: 'Not watching.',
  connecting: 'Connecting…',
  watching: 'Watching.',
  stopped: 'Stopped.',
  over: `Stopped by itself after ${duration(AUTO_STOP_MS)}, to spare the gateways.`,
} as const

function shownWords({ shown, skipped, entries }: TapView): string {
  const of = skipped > 0 ? `Shown ${exact(shown)} of ~${exact(shown + skipped)} that fit` : `Shown ${exact(shown)}`
  const kept =
    shown > entries.length && entries.length === RECORDS_KEPT ? `; the last ${exact(RECORDS_KEPT)} are kept` : ''
  return `${of}${kept}`
}
