/** Shows how a figure came about, line by line. */
import { Button } from '#ui/kit/button.tsx'
import { cx } from '#ui/kit/cx.ts'
import { Dialog } from '#ui/kit/dialog.tsx'
import type { Explanation } from '#ui/screens/savings/explain.ts'

export function ExplainDialog({ shown, onClose }: { shown: Explanation | undefined; onClose: () => void }) {
  return (
    <Dialog
      open={shown !== undefined}
      onClose={onClose}
      title={shown?.title ?? ''}
      description={shown?.meaning}
      footer={<Button onClick={onClose}>Close</Button>}
    >
      <dl className="flex flex-col">
        {shown?.steps.map(({ label, formula, value, isResult }) => (
          <div
            key={`${label}${value}`}
            className={cx(
              'flex flex-wrap items-baseline justify-between gap-x-4 border-b border-line py-2 last:border-b-0',
              isResult && 'font-semibold',
            )}
          >
            <dt className="min-w-0">
              {label}
              {formula !== undefined && (
                <span className="block font-mono text-xs font-normal break-words text-muted">{formula}</span>
              )}
            </dt>
            <dd className="ml-auto text-right whitespace-nowrap">{value}</dd>
          </div>
        ))}
      </dl>
      {shown?.notes.map((note) => (
        <p key={note} className="pt-2 text-xs text-muted">
          {note}
        </p>
      ))}
    </Dialog>
  )
}
