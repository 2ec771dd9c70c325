/** Below a chart: what it shows in a sentence, which colour is what, and the way to its figures as a table. */
import { Table2 } from 'lucide-react'
import { Button } from '#ui/kit/button.tsx'

export interface ChartCaptionProps {
  title: string
  summary: string
  series: readonly { label: string; color: string }[]
  onTable: () => void
}

export function ChartCaption({ title, summary, series, onTable }: ChartCaptionProps) {
  return (
    <figcaption className="flex flex-wrap items-center justify-between gap-2 text-xs text-muted">
      <span>
        <span className="sr-only">{title}: </span>
        {summary}
      </span>
      <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
        {series.map(({ label, color }) => (
          <span key={label} className="inline-flex items-center gap-1">
            <span aria-hidden className="size-2.5 rounded-sm" style={{ background: color }} />
            {label}
          </span>
        ))}
        <Button look="quiet" icon={Table2} className="px-2 text-xs" onClick={onTable}>
          Table<span className="sr-only"> of {title}</span>
        </Button>
      </span>
    </figcaption>
  )
}
