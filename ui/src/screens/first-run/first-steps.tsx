/** What is left of the first steps, above the figures, until all are done or somebody hides them. */
import { X } from 'lucide-react'
import { useState } from 'react'
import type { LiveEntry } from '#contract/series.ts'
import { useCan } from '#ui/api/queries.ts'
import { IconButton } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { StepList } from '#ui/screens/first-run/step-list.tsx'
import { stepsOf } from '#ui/screens/first-run/steps.ts'
import { useProgress } from '#ui/screens/first-run/use-progress.ts'

const KEY = 'streamgate.first-steps.over'

/** Once they are over in this browser, nothing more is asked for them. */
export function FirstSteps({ configuration, entries }: { configuration: string; entries: readonly LiveEntry[] }) {
  const canEdit = useCan('edit')
  const [isOver, setOver] = useState(() => localStorage.getItem(KEY) !== null)
  if (isOver || !canEdit) return null
  const end = () => {
    localStorage.setItem(KEY, '1')
    setOver(true)
  }
  return <Steps configuration={configuration} entries={entries} onEnd={end} />
}

function Steps({
  configuration,
  entries,
  onEnd,
}: {
  configuration: string
  entries: readonly LiveEntry[]
  onEnd: () => void
}) {
  const { progress, isKnown } = useProgress(configuration, entries, false)
  const steps = stepsOf(progress)
  if (!isKnown || steps.every(({ done }) => done)) return null
  const done = steps.filter((step) => step.done).length
  return (
    <Card
      title={`First steps: ${done} of ${steps.length}`}
      actions={<IconButton label="Hide the first steps" icon={X} onClick={onEnd} />}
    >
      <StepList steps={steps} inRow />
    </Card>
  )
}
