/** What became of a record, in one word with an icon. */
import { ArrowRight, Ban, Check, Layers, type LucideIcon, Pencil, Percent, ShieldAlert, Sigma } from 'lucide-react'
import { Badge, type Tone } from '#ui/kit/badge.tsx'
import type { Outcome } from '#ui/kit/outcomes.ts'

export function OutcomeBadge({ outcome, rule, label }: { outcome: Outcome; rule?: string | null; label?: string }) {
  const { word, icon, tone } = looks[outcome]
  return (
    <Badge tone={tone} icon={icon}>
      {label ?? word}
      {rule !== undefined && rule !== null && ` by ${rule}`}
    </Badge>
  )
}

const looks: Record<Outcome, { word: string; icon: LucideIcon; tone: Tone }> = {
  forwarded: { word: 'Forwarded', icon: ArrowRight, tone: 'ok' },
  kept: { word: 'Kept', icon: Check, tone: 'ok' },
  edited: { word: 'Edited', icon: Pencil, tone: 'info' },
  dropped: { word: 'Dropped', icon: Ban, tone: 'warn' },
  sampled: { word: 'Sampled', icon: Percent, tone: 'neutral' },
  deduplicated: { word: 'Deduplicated', icon: Layers, tone: 'neutral' },
  aggregated: { word: 'Aggregated', icon: Sigma, tone: 'neutral' },
  quarantined: { word: 'Quarantined', icon: ShieldAlert, tone: 'bad' },
}
