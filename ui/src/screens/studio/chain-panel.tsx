/** The rules that are tried: those of the draft, switched, edited, reordered and added to for the trial only. */
import { useNavigate } from '@tanstack/react-router'
import { Plus, Save, Undo2 } from 'lucide-react'
import { useState } from 'react'
import { useCan } from '#ui/api/queries.ts'
import type { RuleProblem } from '#ui/engine/messages.ts'
import { suggestedId } from '#ui/forms/rule-words.ts'
import { Button } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { SelectField } from '#ui/kit/field.tsx'
import { Needs } from '#ui/kit/needs.tsx'
import { Empty, ProblemNote, Skeleton } from '#ui/kit/states.tsx'
import { toast } from '#ui/kit/toast.tsx'
import { ChainRule } from '#ui/screens/studio/chain-rule.tsx'
import { AddRule } from '#ui/screens/studio/rule-form.tsx'
import {
  added,
  freeId,
  moved,
  NO_TRIAL,
  replaced,
  type Trial,
  type TrialRule,
  taken,
  toggled,
} from '#ui/screens/studio/trial.ts'
import type { DraftRules } from '#ui/screens/studio/use-draft-rules.ts'
import type { RunState } from '#ui/screens/studio/use-engine.ts'

export interface ChainPanelProps {
  draft: DraftRules
  chain: readonly TrialRule[]
  trial: Trial
  run: RunState
  onPipeline: (id: string) => void
  onTrial: (change: (trial: Trial) => Trial) => void
}

export function ChainPanel({ draft, chain, trial, run, onPipeline, onTrial }: ChainPanelProps) {
  const [open, setOpen] = useState<string>()
  const [isAdding, setAdding] = useState(false)
  const writing = useWriting(draft, trial)
  const noWrite = useNoWrite(draft)
  const ids = chain.map(({ rule }) => rule.id)
  // Problems come by the place among the rules that are on.
  const on = chain.filter(({ isOff }) => !isOff).map(({ rule }) => rule.id)
  const problems = run.last?.answer.ok === false ? run.last.answer.problems.map(inWords) : []
  // Without samples there is nothing that a rule did or did not do.
  const tried = run.good !== undefined && run.good.records.length > 0 ? run.good.answer.result.rules : []
  const tallies = new Map(tried.map((tally) => [tally.id, tally]))
  const isChanged = trial.order !== null || chain.some(({ state, isOff }) => state !== 'same' && !isOff)
  const add = (type: string) => {
    const id = freeId(suggestedId(type, {}, ids), ids)
    onTrial((before) => added(before, { id, type, params: {} }))
    setOpen(id)
    setAdding(false)
  }
  return (
    <Card
      title="Rules"
      hint="As in the draft, and a trial on top of it."
      actions={
        <Button icon={Plus} look="quiet" onClick={() => setAdding(true)}>
          Add a rule
        </Button>
      }
    >
      <SelectField
        label="Pipeline"
        value={draft.pipeline?.id ?? ''}
        disabled={draft.pipelines.length === 0}
        onChange={(event) => onPipeline(event.target.value)}
        options={[
          ...(draft.pipeline === undefined
            ? [{ value: '', label: draft.pipelines.length === 0 ? 'None in the draft' : 'Choose one' }]
            : []),
          ...draft.pipelines.map(({ id }) => ({ value: id, label: id })),
        ]}
      />
      {draft.error !== null && <ProblemNote error={draft.error} className="mt-2" />}
      {draft.isLoading ? (
        <Skeleton />
      ) : chain.length === 0 ? (
        <Empty title="No rules yet">Add one, or select text in the samples and make a rule of it.</Empty>
      ) : (
        <ol aria-label="Rules, in the order they run" className="mt-3 flex flex-col">
          {chain.map((entry, place) => {
            const { id } = entry.rule
            return (
              <ChainRule
                key={id}
                entry={entry}
                place={place}
                count={chain.length}
                tally={tallies.get(id)}
                problems={problems.filter(({ processor }) => processor !== null && on[processor] === id)}
                taken={ids.filter((one) => one !== id)}
                isOpen={open === id}
                noWrite={noWrite}
                isWriting={writing.under === id}
                onOpen={(isOpen) => setOpen(isOpen ? id : undefined)}
                onToggle={() => onTrial((before) => toggled(before, id))}
                onChange={(rule) => {
                  onTrial((before) => replaced(draft.rules, before, id, rule))
                  if (rule.id !== id) setOpen(rule.id)
                }}
                onMove={(by) => onTrial((before) => moved(draft.rules, before, id, by))}
                onTake={() => onTrial((before) => taken(before, id))}
                onWrite={() => void writing.write(id)}
              />
            )
          })}
        </ol>
      )}
      <Needs permission="edit" to="write rules to the draft" />
      <ProblemNote error={writing.error} className="mt-2" />
      {(isChanged || trial.off.length > 0) && (
        <div className="flex flex-wrap gap-2 border-t border-line pt-3">
          {isChanged && (
            <Button
              icon={Save}
              busy={writing.under === ALL}
              disabled={noWrite !== undefined}
              title={noWrite}
              onClick={() => void writing.write(undefined)}
            >
              Write all of it to the draft
            </Button>
          )}
          <Button
            look="quiet"
            icon={Undo2}
            onClick={() => {
              onTrial(() => NO_TRIAL)
              toast({
                text: 'The rules are those of the draft',
                action: { label: 'Undo', run: () => onTrial(() => trial) },
              })
            }}
          >
            Back to the draft
          </Button>
        </div>
      )}
      <AddRule open={isAdding} onClose={() => setAdding(false)} onChoose={add} />
    </Card>
  )
}

/** Of what is not filled in yet, the schema says what it got instead. */
function inWords(problem: RuleProblem): RuleProblem {
  return problem.detail.endsWith('received undefined') ? { ...problem, detail: 'has to be filled in' } : problem
}

/** No id of a rule begins with this. */
const ALL = ' all'

function useWriting({ write, pipeline }: DraftRules, trial: Trial) {
  const [under, setUnder] = useState<string>()
  const [error, setError] = useState<unknown>(null)
  const navigate = useNavigate()
  return {
    under,
    error,
    write: async (id: string | undefined) => {
      setUnder(id ?? ALL)
      setError(null)
      try {
        await write(trial, id)
        toast({
          text: `${id ?? 'The trial'} is in the draft of ${pipeline?.id}`,
          action: { label: 'Publish…', run: () => void navigate({ to: '/publish' }) },
        })
      } catch (reason) {
        setError(reason)
      } finally {
        setUnder(undefined)
      }
    },
  }
}

function useNoWrite({ pipeline }: DraftRules): string | undefined {
  const mayEdit = useCan('edit')
  if (!mayEdit) return 'Needs the permission edit'
  return pipeline === undefined ? 'The draft has no such pipeline' : undefined
}
