/** One record, rule by rule: what each did to it, and why the others did nothing. */
import { useEffect, useState } from 'react'
import type { EngineClient } from '#ui/engine/engine-client.ts'
import type { Answer, TriedStep } from '#ui/engine/messages.ts'
import { ruleWords } from '#ui/forms/rule-words.ts'
import { Badge, type Tone } from '#ui/kit/badge.tsx'
import { Dialog } from '#ui/kit/dialog.tsx'
import { MarkedText } from '#ui/kit/marked-text.tsx'
import { OutcomeBadge } from '#ui/kit/outcome.tsx'
import { RecordCompare } from '#ui/kit/record-compare.tsx'
import { Skeleton } from '#ui/kit/states.tsx'
import type { ResultRow } from '#ui/screens/studio/result-columns.tsx'
import { triedOutcome } from '#ui/screens/studio/results.ts'
import type { Rule } from '#ui/screens/studio/trial.ts'

export function ExplainDialog({
  row,
  rules,
  client,
  onClose,
}: {
  row: ResultRow
  rules: readonly Rule[]
  client: EngineClient | undefined
  onClose: () => void
}) {
  const { record } = row
  const answer = useExplained(client, rules, row.before)
  const ended = record.rule === null ? 'It ended.' : `It was ${record.fate} by the rule ${record.rule}.`
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={`Sample ${row.index + 1}`}
      description={<OutcomeBadge outcome={triedOutcome(record)} rule={record.rule} />}
    >
      <div className="flex flex-col gap-4">
        <RecordCompare before={{ text: row.before }} after={record.after} ended={ended} />
        <section>
          <h3 className="text-sm font-medium">Rule by rule</h3>
          <p className="mb-2 text-xs text-muted">
            On this record alone: rules that count, or leave to chance, may do something else here than among the
            others.
          </p>
          <Steps answer={answer} rules={rules} />
        </section>
      </div>
    </Dialog>
  )
}

function Steps({ answer, rules }: { answer: Answer<TriedStep[]> | undefined; rules: readonly Rule[] }) {
  if (answer === undefined) return <Skeleton />
  if (!answer.ok) {
    return (
      <p role="alert" className="rounded-md bg-bad-soft px-3 py-2 text-sm text-bad">
        {answer.problems.map(({ detail }) => detail).join('; ')}
      </p>
    )
  }
  if (rules.length === 0) return <p className="text-sm text-muted">No rule is on.</p>
  return (
    <ol className="flex flex-col">
      {rules.map((rule, place) => {
        const step = answer.result[place]
        return (
          <li key={rule.id} className="flex flex-col gap-1 border-t border-line py-2">
            <div className="flex flex-wrap items-center gap-2">
              <span className="text-sm font-medium">{rule.id}</span>
              {step === undefined ? (
                <Badge icon={null}>Not reached: it had ended</Badge>
              ) : (
                <Badge
                  tone={results[step.result].tone}
                  {...(results[step.result].tone === 'neutral' && { icon: null })}
                >
                  {results[step.result].words}
                </Badge>
              )}
            </div>
            <p className="text-xs text-muted">{ruleWords(rule.type, rule.params)}</p>
            {step !== undefined && <StepMarks step={step} />}
          </li>
        )
      })}
    </ol>
  )
}

const results: Record<TriedStep['result'], { words: string; tone: Tone }> = {
  kept: { words: 'Left it as it is', tone: 'neutral' },
  edited: { words: 'Edited it', tone: 'info' },
  skipped: { words: 'Skipped: its condition does not hold', tone: 'neutral' },
  error: { words: 'Failed on it', tone: 'bad' },
  dropped: { words: 'Dropped it', tone: 'warn' },
  sampled: { words: 'Sampled it out', tone: 'warn' },
  deduplicated: { words: 'Took it for a repetition', tone: 'warn' },
  aggregated: { words: 'Took it up into a summary', tone: 'warn' },
  quarantined: { words: 'Put it in quarantine', tone: 'bad' },
}

/** What an edit changed, or where a rule that ended the record found what it looks for. */
function StepMarks({ step: { before, after, spans, result } }: { step: TriedStep }) {
  if (after === null && spans.before.length === 0) return null
  if (after !== null && result !== 'edited') return null
  return (
    <div className="rounded-md border border-line bg-canvas p-2 font-mono text-xs break-all whitespace-pre-wrap">
      <p>
        <span className="text-muted select-none">− </span>
        <MarkedText text={before} spans={spans.before} as={after === null ? 'found' : 'removed'} />
      </p>
      {after !== null && (
        <p>
          <span className="text-muted select-none">+ </span>
          <MarkedText text={after} spans={spans.after} as="added" />
        </p>
      )}
    </div>
  )
}

function useExplained(client: EngineClient | undefined, rules: readonly Rule[], text: string) {
  const [answer, setAnswer] = useState<Answer<TriedStep[]>>()
  useEffect(() => {
    let isOver = false
    void client?.explain({ processors: rules, record: { text } }).then((found) => {
      if (!isOver) setAnswer(found)
    })
    return () => {
      isOver = true
    }
  }, [client, rules, text])
  return answer
}
