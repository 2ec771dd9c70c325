/** What is left of the first steps, above the figures, until all are done or somebody hides them. */
import { X } from 'lucide-react'
import { useState } from 'react'
import type { LiveEntry } from '#contract/series.ts'
import { useCan } from '#ui/api/queries.ts'
import { IconButton } from '#ui/kit/button.tsx'
import { StepStrip } from '#ui/screens/first-run/step-strip.tsx'
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
    <section className="flex min-w-0 items-start gap-2 rounded-lg border border-line bg-panel py-2 pr-2 pl-4">
      <div className="flex min-w-0 flex-1 flex-wrap items-center gap-x-6 gap-y-2 self-center">
        <h2 className="text-sm font-semibold">{`First steps: ${done} of ${steps.length}`}</h2>
        <StepStrip steps={steps} />
      </div>
      <IconButton label="Hide the first steps" icon={X} onClick={onEnd} />
    </section>
  )
}
