/** States and severities as badges. */
import type { AlertEvent, AlertRule } from '#contract/alert.ts'
import { Badge, type Tone } from '#ui/kit/badge.tsx'
import { Ago } from '#ui/kit/time.tsx'

const severities: Record<AlertEvent['severity'], { tone: Tone; word: string }> = {
  info: { tone: 'info', word: 'Info' },
  warning: { tone: 'warn', word: 'Warning' },
  critical: { tone: 'bad', word: 'Critical' },
}

const states: Record<AlertRule['status']['state'], { tone: Tone; word: string; meaning: string }> = {
  ok: { tone: 'ok', word: 'OK', meaning: 'Its condition does not hold' },
  pending: { tone: 'warn', word: 'Pending', meaning: 'Its condition holds, not yet long enough' },
  firing: { tone: 'bad', word: 'Firing', meaning: 'Its condition has held long enough' },
  no_data: { tone: 'neutral', word: 'No data', meaning: 'Nothing is known of the last minute' },
}

export function SeverityBadge({ severity }: { severity: AlertEvent['severity'] }) {
  const { tone, word } = severities[severity]
  return <Badge tone={tone}>{word}</Badge>
}

export function RuleState({ rule: { enabled, status, silence } }: { rule: AlertRule }) {
  if (!enabled)
    return (
      <Badge tone="neutral" title="It is not evaluated">
        Disabled
      </Badge>
    )
  const { tone, word, meaning } =
    status.evaluated_to === null
      ? { tone: 'busy' as const, word: 'New', meaning: 'It is evaluated within ten seconds' }
      : states[status.state]
  return (
    <span className="inline-flex flex-wrap items-center gap-1">
      {/* A minute without data that counts as an alert fires too. */}
      {status.event !== null && status.state !== 'firing' && <Badge tone="bad">Firing</Badge>}
      <Badge tone={tone} title={meaning}>
        {word}
      </Badge>
      {silence !== null && (
        <Badge tone="info" title={`${silence.reason}, by ${silence.by}`}>
          Silenced, ends <Ago at={silence.until} />
        </Badge>
      )}
    </span>
  )
}
