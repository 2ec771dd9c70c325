/** How a pipeline is doing, in a word, with what it means. */
import { Badge, type Tone } from '#ui/kit/badge.tsx'
import type { PipelineState } from './figures.ts'

const states: Record<PipelineState, { tone: Tone; word: string; means: string }> = {
  normal: { tone: 'ok', word: 'Normal', means: 'All rules run.' },
  pressed: { tone: 'warn', word: 'Pressed', means: 'The intake fills up, so that only required rules run.' },
  probing: { tone: 'busy', word: 'Probing', means: 'All rules are tried again after a pause.' },
  bypass: { tone: 'bad', word: 'Bypass', means: 'Rules were too slow or broken: records pass without them.' },
  hold: { tone: 'bad', word: 'Hold', means: 'A required rule cannot run: records wait.' },
}

export function StateBadge({ state }: { state: PipelineState | undefined }) {
  if (state === undefined) return <Badge title="No gateway reports it.">Not running</Badge>
  const { tone, word, means } = states[state]
  return (
    <Badge tone={tone} title={means}>
      {word}
    </Badge>
  )
}
