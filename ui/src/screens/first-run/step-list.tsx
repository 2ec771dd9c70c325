/** Steps in order, each done or not; the first that is not done has its button. */
import { CircleCheck, CircleDashed } from 'lucide-react'
import { ButtonLink } from '#ui/kit/button.tsx'
import type { Step } from '#ui/screens/first-run/steps.ts'

export function StepList({ steps }: { steps: readonly Step[] }) {
  const next = steps.find(({ done }) => !done)
  return (
    <ol className="grid gap-4">
      {steps.map((step, index) => (
        <li key={step.id} className="flex min-w-0 items-start gap-2.5">
          {step.done ? (
            <CircleCheck aria-hidden className="mt-0.5 size-4 shrink-0 text-ok" />
          ) : (
            <CircleDashed aria-hidden className="mt-0.5 size-4 shrink-0 text-muted" />
          )}
          <div className="flex min-w-0 flex-col items-start gap-1.5">
            <div>
              <p className="text-sm font-medium">
                {index + 1}. {step.title}
                <span className="sr-only">{step.done ? ': done' : ': to do'}</span>
              </p>
              <p className="text-xs text-muted">{step.text}</p>
            </div>
            {step === next && step.id !== 'line' && (
              <ButtonLink to={step.to} look="primary">
                {step.action}
              </ButtonLink>
            )}
          </div>
        </li>
      ))}
    </ol>
  )
}
