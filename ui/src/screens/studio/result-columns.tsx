/** One sample in the list of results: before and after, side by side. */
import type { TriedRecord } from '#ui/engine/messages.ts'
import { type Mark, MarkedText } from '#ui/kit/marked-text.tsx'
import { OutcomeBadge } from '#ui/kit/outcome.tsx'
import type { Column } from '#ui/kit/table.tsx'
import { excerptOf } from '#ui/screens/studio/excerpt.ts'
import { triedOutcome } from '#ui/screens/studio/results.ts'

export interface ResultRow {
  index: number
  before: string
  record: TriedRecord
  group: string
}

export const columns: Column<ResultRow>[] = [
  {
    id: 'number',
    header: '#',
    width: '2.5rem',
    align: 'right',
    cell: ({ index }) => <span className="text-xs text-muted">{index + 1}</span>,
  },
  { id: 'before', header: 'Before', width: 'minmax(14rem, 1fr)', cell: (row) => <Before {...row} /> },
  { id: 'after', header: 'After', width: 'minmax(14rem, 1fr)', cell: (row) => <After {...row} /> },
]

function Before({ before, record }: ResultRow) {
  const isEnded = record.after === null
  const sign = isEnded || record.edited_by.length > 0 ? '−' : ''
  return <Side sign={sign} text={before} spans={record.spans.before} as={isEnded ? 'found' : 'removed'} />
}

function After({ record, group }: ResultRow) {
  if (record.after === null) return <OutcomeBadge outcome={triedOutcome(record)} rule={record.rule} />
  if (group === 'kept') return <span className="text-xs text-muted">the same</span>
  const { text } = record.after
  return <Side sign="+" text={text ?? '(not text)'} spans={record.spans.after} as="added" />
}

function Side({
  sign,
  text,
  spans,
  as,
}: {
  sign: string
  text: string
  spans: TriedRecord['spans']['before']
  as: Mark
}) {
  const shown = excerptOf(text, spans)
  return (
    // As it stands there, space by space: what is selected here becomes what a rule looks for.
    <span className="flex gap-1.5 font-mono text-xs whitespace-pre-wrap">
      <span className="w-2 shrink-0 text-muted select-none">{sign}</span>
      <span className="line-clamp-2 min-w-0 break-all">
        <MarkedText text={shown.text} spans={shown.spans} as={as} />
      </span>
    </span>
  )
}
