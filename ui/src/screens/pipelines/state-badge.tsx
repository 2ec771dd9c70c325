/** How a pipeline is doing, in a word, with what it means. */
import { Badge } from '#ui/kit/badge.tsx'
import { type PipelineState, pipelineWords } from '#ui/words/pipeline-state.ts'

export function StateBadge({ state }: { state: PipelineState | undefined }) {
  if (state === undefined) return <Badge title="No gateway reports it.">Not running</Badge>
  const { tone, word, meaning } = pipelineWords[state]
  return (
    <Badge tone={tone} title={meaning}>
      {word}
    </Badge>
  )
}
