/** The five states in little: an icon and a word each on hover, all of them in words for readers. */
import { CircleAlert, CircleCheck, CircleDashed, CircleHelp, CircleX, Info } from 'lucide-react'
import type { GatewaySummary } from '#contract/fleet.ts'
import { Badge, type Tone } from '#ui/kit/badge.tsx'
import { cx } from '#ui/kit/cx.ts'
import { Tooltip } from '#ui/kit/tooltip.tsx'
import { fiveOf, stateNames } from '#ui/screens/fleet/states.ts'
import { verdictOf, whyOf } from '#ui/words/gateway-state.ts'

const icons = {
  ok: CircleCheck,
  warn: CircleAlert,
  bad: CircleX,
  info: Info,
  busy: CircleDashed,
  neutral: CircleHelp,
} as const satisfies Record<Tone, unknown>
const colors: Record<Tone, string> = {
  ok: 'text-ok',
  warn: 'text-warn',
  bad: 'text-bad',
  info: 'text-info',
  busy: 'text-info',
  neutral: 'text-muted',
}

export function FiveStates({ gateway }: { gateway: GatewaySummary }) {
  const verdict = verdictOf(gateway)
  const five = fiveOf(gateway)
  const why = whyOf(gateway)
  return (
    <div className="min-w-0">
      <div className="flex min-w-0 items-center gap-2">
        <Badge tone={verdict.tone}>{verdict.word}</Badge>
        <Tooltip
          text={
            <ul>
              {five.map(({ id, word, tone }) => (
                <li key={id} className="flex items-center gap-1.5">
                  <StateIcon tone={tone} />
                  {stateNames[id]}: {word}
                </li>
              ))}
            </ul>
          }
        >
          <span className="inline-flex items-center gap-0.5">
            {five.map(({ id, tone }) => (
              <StateIcon key={id} tone={tone} />
            ))}
            <span className="sr-only">{five.map(({ id, word }) => `${stateNames[id]}: ${word}`).join('; ')}</span>
          </span>
        </Tooltip>
      </div>
      {why !== undefined && (
        <div className="truncate text-xs text-muted" title={why}>
          {why}
        </div>
      )}
    </div>
  )
}

export function StateIcon({ tone, className = 'size-4' }: { tone: Tone; className?: string }) {
  const Icon = icons[tone]
  return <Icon aria-hidden className={cx('shrink-0', colors[tone], className)} />
}
