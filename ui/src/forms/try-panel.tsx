/** What a rule does to lines that one types, pastes or takes from the traffic: by the engine of the node, in the page. */
import { useMutation } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { useId } from 'react'
import type { RecentRecords } from '#contract/observation.ts'
import { get } from '#ui/api/client.ts'
import { pathOf, useCan } from '#ui/api/queries.ts'
import type { Answer, RunResult, TriedRecord } from '#ui/engine/messages.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { Button } from '#ui/kit/button.tsx'
import { inputLook } from '#ui/kit/field.tsx'
import { MarkedText } from '#ui/kit/marked-text.tsx'
import { OutcomeBadge } from '#ui/kit/outcome.tsx'
import { outcomeOf } from '#ui/kit/outcomes.ts'
import { ProblemNote } from '#ui/kit/states.tsx'

export interface TryPanelProps {
  configuration: string
  pipeline: string
  text: string
  onText: (text: string) => void
  lines: readonly string[]
  answer: Answer<RunResult> | undefined
  stateful: boolean
}

const SAMPLES = 20

export function TryPanel({ configuration, pipeline, text, onText, lines, answer, stateful }: TryPanelProps) {
  const id = useId()
  const mayTap = useCan('tap')
  const take = useMutation({
    mutationFn: () => get<RecentRecords>(`${pathOf(configuration)}/samples`, { pipeline, limit: SAMPLES }),
    onSuccess: ({ records }) => {
      const taken = records.flatMap(({ before }) => before.text ?? []).map((line) => line.replace(/\r?\n/g, ' '))
      if (taken.length > 0) onText(taken.join('\n'))
    },
  })
  return (
    <section className="flex flex-col gap-2 border-t border-line pt-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <label htmlFor={id} className="text-sm font-medium">
          Try it on lines
        </label>
        {mayTap && (
          <Button icon={Download} busy={take.isPending} onClick={() => take.mutate()}>
            Take some from the traffic
          </Button>
        )}
      </div>
      <textarea
        id={id}
        value={text}
        rows={3}
        spellCheck={false}
        placeholder={'{"level":"DEBUG","message":"one record on each line"}'}
        onChange={(event) => onText(event.target.value)}
        className={`${inputLook} font-mono text-xs whitespace-pre`}
      />
      <p className="text-xs text-muted">
        Nothing of this leaves the page.{stateful && ' The rule remembers records; here it begins without any.'}
      </p>
      <ProblemNote error={take.error} />
      {take.data?.records.length === 0 && <p className="text-xs text-muted">No records came in the last minutes.</p>}
      {answer !== undefined && lines.length > 0 && (
        <div aria-live="polite">
          {answer.ok ? (
            <Results lines={lines} records={answer.result.records} />
          ) : (
            <p className="text-sm text-muted">{answer.problems.map(({ detail }) => detail).join('; ')}</p>
          )}
        </div>
      )}
    </section>
  )
}

function Results({ lines, records }: { lines: readonly string[]; records: readonly TriedRecord[] }) {
  const ended = records.filter(({ after }) => after === null).length
  return (
    <>
      <p className="pb-1 text-xs text-muted">
        {ended} of {records.length} end here.
      </p>
      <ol
        className="max-h-64 overflow-y-auto rounded-md border border-line"
        tabIndex={0}
        aria-label="What becomes of each line"
      >
        {records.map((record, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no names.
          <Result key={index} line={lines[index] ?? ''} record={record} />
        ))}
      </ol>
    </>
  )
}

function Result({ line, record }: { line: string; record: TriedRecord }) {
  const { after, errors, spans } = record
  const outcome = outcomeOf(record)
  return (
    <li className="flex items-start gap-2 border-t border-line px-2 py-1.5 first:border-t-0">
      <span className="w-28 shrink-0">
        {errors.length > 0 ? (
          <Badge tone="bad">Failed</Badge>
        ) : (
          <OutcomeBadge outcome={outcome === 'forwarded' ? 'kept' : outcome} />
        )}
      </span>
      <span className="min-w-0 flex-1 font-mono text-xs break-all">
        {after === null && <MarkedText text={line} spans={spans.before} as="found" />}
        {outcome === 'edited' && (
          <MarkedText text={after?.text?.replace(/\n$/, '') ?? ''} spans={spans.after} as="added" />
        )}
        {outcome === 'forwarded' && line}
      </span>
    </li>
  )
}
