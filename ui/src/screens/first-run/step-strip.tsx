/** Steps side by side in one line; the one that is next has its button. */
import { CircleCheck, CircleDashed } from 'lucide-react'
import { ButtonLink } from '#ui/kit/button.tsx'
import { cx } from '#ui/kit/cx.ts'
import type { Step } from '#ui/screens/first-run/steps.ts'

export function StepStrip({ steps }: { steps: readonly Step[] }) {
  const next = steps.find(({ done }) => !done)
  return (
    <>
      <ol className="flex min-w-0 flex-wrap items-center gap-x-5 gap-y-1">
        {steps.map((step, index) => (
          <li
            key={step.id}
            className={cx('inline-flex items-center gap-1.5 text-sm', step === next ? 'font-medium' : 'text-muted')}
          >
            {step.done ? (
              <CircleCheck aria-hidden className="size-4 shrink-0 text-ok" />
            ) : (
              <CircleDashed aria-hidden className="size-4 shrink-0" />
            )}
            {index + 1}. {step.title}
            <span className="sr-only">{step.done ? ': done' : ': to do'}</span>
          </li>
        ))}
      </ol>
      {next !== undefined && next.id !== 'line' && <ButtonLink to={next.to}>{next.action}</ButtonLink>}
    </>
  )
}
