/** The transformer studio: samples on the left, rules in the middle, what becomes of them on the right; all in this page. */
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useCan } from '#ui/api/queries.ts'
import { Page } from '#ui/kit/page.tsx'
import { useShortcuts } from '#ui/kit/shortcuts.ts'
import { ProblemNote } from '#ui/kit/states.tsx'
import { toast } from '#ui/kit/toast.tsx'
import { useConfiguration } from '#ui/routes.tsx'
import { ChainPanel } from '#ui/screens/studio/chain-panel.tsx'
import { ExplainDialog } from '#ui/screens/studio/explain-dialog.tsx'
import { FirstSamples } from '#ui/screens/studio/first-samples.tsx'
import { handoffTaken, waitingHandoff } from '#ui/screens/studio/handoff.ts'
import { LikeDialog, type LikeKind } from '#ui/screens/studio/like-dialog.tsx'
import type { ResultRow } from '#ui/screens/studio/result-columns.tsx'
import { type ResultMoves, ResultPanel } from '#ui/screens/studio/result-panel.tsx'
import { studioRoute } from '#ui/screens/studio/route.ts'
import { SamplePanel } from '#ui/screens/studio/sample-panel.tsx'
import { joined, samplesOf, splittingFor } from '#ui/screens/studio/samples.ts'
import { type Place, SelectionPopup } from '#ui/screens/studio/selection-bar.tsx'
import { SuggestionsCard } from '#ui/screens/studio/suggestions-card.tsx'
import { added, chainOf, freeId, NO_TRIAL, type Rule, settled } from '#ui/screens/studio/trial.ts'
import { type BenchControl, useBench } from '#ui/screens/studio/use-bench.ts'
import { useDraftRules } from '#ui/screens/studio/use-draft-rules.ts'
import { useEngine, useRun } from '#ui/screens/studio/use-engine.ts'
import { useSampleSources } from '#ui/screens/studio/use-sample-sources.ts'
import { useOffer } from '#ui/shell/use-actions.ts'

export function Studio() {
  const configuration = useConfiguration()
  return <Workbench key={configuration} configuration={configuration} />
}

function Workbench({ configuration }: { configuration: string }) {
  const search = studioRoute.useSearch()
  const navigate = useNavigate({ from: studioRoute.fullPath })
  const control = useBench(configuration)
  const { bench, changeTrial } = control
  const draft = useDraftRules(configuration, search.pipeline)
  const pipeline = draft.pipeline?.id ?? search.pipeline ?? ''
  const trial = bench.trials[pipeline] ?? NO_TRIAL
  const chain = useMemo(() => chainOf(draft.rules, trial), [draft.rules, trial])
  const rules = useMemo(() => chain.filter(({ isOff }) => !isOff).map(({ rule }) => rule), [chain])
  const samples = useMemo(() => samplesOf(bench.text, bench.splitting), [bench.text, bench.splitting])
  const sources = useSampleSources(control, draft.pipeline?.id)
  const client = useEngine()
  const run = useRun(client, rules, samples.records)
  const moves = useRef<ResultMoves>(null)
  const [opened, setOpened] = useState<ResultRow>()
  const like = useLike()

  const setPipeline = (id: string) =>
    void navigate({ search: (before) => ({ ...before, pipeline: id }), replace: true })
  const setGroup = (group: string | undefined) => {
    void navigate({
      search: ({ group: _before, ...rest }) => (group === undefined ? rest : { ...rest, group }),
      replace: true,
    })
  }
  useEffect(() => {
    // What has been written is the draft's by now.
    if (draft.pipeline !== undefined) changeTrial(pipeline, (before) => changedBy(before, settled(draft.rules, before)))
  }, [draft.pipeline, draft.rules, pipeline, changeTrial])
  useHandoff(control, setPipeline, (text) => like.open('drop', text))
  useShortcuts({
    'mod+enter': run.runNow,
    n: () => moves.current?.go(1),
    p: () => moves.current?.go(-1),
  })
  const { runNow } = run
  useOffer(useMemo(() => [{ id: 'try', label: 'Run the preview', keys: 'Ctrl Enter', run: runNow }], [runNow]))

  const tryRule = (rule: Rule, into = pipeline) => {
    const ids = into === pipeline ? chain.map((one) => one.rule.id) : []
    changeTrial(into, (before) => added(before, { ...rule, id: freeId(rule.id, ids) }))
  }
  return (
    <Page title="Studio" intro="Try rules on samples before gateways run them, on the same engine.">
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,27rem)_minmax(0,1fr)] min-[110rem]:grid-cols-[minmax(0,27rem)_minmax(0,24rem)_minmax(0,1fr)]">
        <div className="grid min-w-0 gap-4 min-[110rem]:contents">
          <SamplePanel
            control={control}
            sources={sources}
            samples={samples}
            selection={like.text}
            onSelect={like.select}
            onLike={(kind) => like.open(kind, like.text)}
          />
          <ChainPanel
            draft={draft}
            chain={chain}
            trial={trial}
            run={run}
            onPipeline={setPipeline}
            onTrial={(change) => changeTrial(pipeline, change)}
          />
        </div>
        <ResultPanel
          run={run}
          empty={samples.records.length === 0 ? <FirstSamples sources={sources} /> : undefined}
          group={search.group}
          onGroup={setGroup}
          onOpen={setOpened}
          onSelect={like.select}
          moves={moves}
        />
      </div>
      <Suggested configuration={configuration} control={control} onTry={tryRule} onPipeline={setPipeline} />
      {like.at !== undefined && (
        <SelectionPopup at={like.at} onLike={(kind) => like.open(kind, like.text)} onClose={like.hide} />
      )}
      {like.kind !== undefined && (
        <LikeDialog
          kind={like.kind}
          text={like.asked}
          records={samples.records}
          onAdd={(rule) => {
            tryRule(rule)
            like.close()
          }}
          onClose={like.close}
        />
      )}
      {opened !== undefined && (
        <ExplainDialog row={opened} rules={rules} client={client} onClose={() => setOpened(undefined)} />
      )}
    </Page>
  )
}

/** Suggestions of all pipelines; each goes to its own. */
function Suggested({
  configuration,
  control,
  onTry,
  onPipeline,
}: {
  configuration: string
  control: BenchControl
  onTry: (rule: Rule, pipeline: string) => void
  onPipeline: (id: string) => void
}) {
  const draft = useDraftRules(configuration, undefined)
  const [error, setError] = useState<unknown>(null)
  const mayEdit = useCan('edit')
  const rulesOf = (id: string) => draft.pipelines.find((one) => one.id === id)?.processors ?? []
  return (
    <>
      <ProblemNote error={error} />
      <SuggestionsCard
        configuration={configuration}
        isThere={({ pipeline, rule }) =>
          chainOf(rulesOf(pipeline), control.bench.trials[pipeline] ?? NO_TRIAL).some((one) => one.rule.id === rule.id)
        }
        onTry={({ pipeline, rule }) => {
          onPipeline(pipeline)
          onTry(rule, pipeline)
        }}
        noWrite={mayEdit ? undefined : 'Needs the permission edit'}
        onWrite={({ pipeline, rule }) => {
          setError(null)
          draft.add(pipeline, rule).then(() => toast(`${rule.id} is in the draft of ${pipeline}`), setError)
        }}
      />
    </>
  )
}

/** The selected text, the menu at the pointer, and the dialog that makes a rule of it. */
function useLike() {
  const [text, setText] = useState('')
  const [at, setAt] = useState<Place>()
  const [asked, setAsked] = useState<{ kind: LikeKind; text: string }>()
  return {
    text,
    at,
    kind: asked?.kind,
    asked: asked?.text ?? '',
    select: (selected: string, place?: Place) => {
      setText(selected)
      if (place !== undefined) setAt(selected.trim() === '' ? undefined : place)
    },
    hide: () => setAt(undefined),
    open: (kind: LikeKind, of: string) => {
      setAt(undefined)
      setAsked({ kind, text: of })
    },
    close: () => setAsked(undefined),
  }
}

/** Records that another screen has sent here take the place of the samples; what was there comes back by `Undo`. */
function useHandoff(control: BenchControl, onPipeline: (id: string) => void, onDropLike: (text: string) => void): void {
  const latest = useRef({ control, onPipeline, onDropLike })
  latest.current = { control, onPipeline, onDropLike }
  useEffect(() => {
    const handoff = waitingHandoff()
    if (handoff === undefined) return
    handoffTaken()
    const { control, onPipeline, onDropLike } = latest.current
    const { text, splitting, isRaw: wasRaw } = control.bench
    const { records, pipeline, dropLike, isRaw = false } = handoff
    control.setText(joined('', records), splittingFor(records, 'lines'), isRaw)
    if (text.trim() !== '') {
      toast({
        text: 'The samples were replaced',
        action: { label: 'Undo', run: () => control.setText(text, splitting, wasRaw) },
      })
    }
    if (pipeline !== undefined) onPipeline(pipeline)
    if (dropLike !== undefined) onDropLike(dropLike)
  }, [])
}

/** The same object where nothing has changed, so that nothing is drawn anew. */
function changedBy<Value>(before: Value, after: Value): Value {
  return JSON.stringify(before) === JSON.stringify(after) ? before : after
}
