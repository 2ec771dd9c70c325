/** The rules of one pipeline, in their order: what each does, what it removes, and all that can be done to them. */
import { useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useMemo, useState } from 'react'
import type { ConfigurationDocument } from '#contract/configuration.ts'
import { differencesQuery, problemsQuery } from '#ui/api/configuration-queries.ts'
import { componentsQuery, draftQuery, liveQuery, SERIES_MS, seriesQuery, useCan } from '#ui/api/queries.ts'
import { PartConflict } from '#ui/forms/part-conflict.tsx'
import { RuleEditor, type RuleStart } from '#ui/forms/rule-editor.tsx'
import { Button } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { SelectField } from '#ui/kit/field.tsx'
import { Needs } from '#ui/kit/needs.tsx'
import { Page } from '#ui/kit/page.tsx'
import { useShortcuts } from '#ui/kit/shortcuts.ts'
import { Empty, ProblemNote, QueryView, Stale } from '#ui/kit/states.tsx'
import { RangePicker, useRange } from '#ui/kit/time-range.tsx'
import { toast } from '#ui/kit/toast.tsx'
import { useConfiguration } from '#ui/routes.tsx'
import { DeletedRules, FileRules } from '#ui/screens/rules/other-rules.tsx'
import { runningQuery } from '#ui/screens/rules/queries.ts'
import { rulesRoute } from '#ui/screens/rules/route.ts'
import { deletedRules, factsOf, fileRules, pipelinesOf } from '#ui/screens/rules/rule-facts.ts'
import { RuleList } from '#ui/screens/rules/rule-list.tsx'
import { Starters } from '#ui/screens/rules/starter-cards.tsx'
import { SuggestionsCard } from '#ui/screens/rules/suggestions.tsx'
import { useRuleChanges } from '#ui/screens/rules/use-rule-changes.ts'
import { useOffer } from '#ui/shell/use-actions.ts'

const DEFAULT_PIPELINE = 'default_pipeline'
const SERIES_TOP = 50
/** Others edit it too. */
const DRAFT_MS = 10_000

export function Rules() {
  const configuration = useConfiguration()
  const draft = useQuery({ ...draftQuery(configuration), refetchInterval: DRAFT_MS })
  return (
    <QueryView query={draft} lines={8}>
      {({ body }) => <Loaded key={configuration} configuration={configuration} draft={body} />}
    </QueryView>
  )
}

function Loaded({ configuration, draft }: { configuration: string; draft: ConfigurationDocument }) {
  const search = rulesRoute.useSearch()
  const navigate = rulesRoute.useNavigate()
  const range = useRange(search)
  const mayEdit = useCan('edit')
  const books = useQuery(liveQuery(configuration))
  const live = books.data?.items ?? []
  const pipelines = pipelinesOf(draft, live, DEFAULT_PIPELINE)
  const pipeline =
    search.pipeline ?? (pipelines.includes(DEFAULT_PIPELINE) ? DEFAULT_PIPELINE : (pipelines[0] ?? DEFAULT_PIPELINE))
  const { from, to } = range
  const series = useQuery({
    ...seriesQuery({ configuration, by: 'rule', pipeline, from, to, top: SERIES_TOP }),
    refetchInterval: range.live ? SERIES_MS : false,
  })
  const diff = useQuery(differencesQuery(configuration)).data?.entries ?? []
  const problems = useQuery(problemsQuery(configuration)).data ?? []
  const running = useQuery(runningQuery(configuration)).data
  const { data: catalog } = useQuery(componentsQuery)
  const changes = useRuleChanges(configuration, pipeline)
  const [initial, setInitial] = useState<RuleStart>()

  const facts = factsOf({ draft, pipeline, diff, live, series: series.data, problems })
  const gone = deletedRules(pipeline, diff)
  const own = fileRules(running?.effective_config ?? null, pipeline)
  const inDraft = draft.pipelines.find(({ id }) => id === pipeline)
  const openEditor = (next: { rule?: string; add?: true }, start?: RuleStart) => {
    setInitial(start)
    void navigate({ search: ({ rule: _, add: __, ...rest }) => ({ ...rest, ...next }) })
  }
  const add = (start?: RuleStart) => openEditor({ add: true }, start)
  const close = () => openEditor({})
  useShortcuts(mayEdit ? { n: () => add() } : {})
  useOffer(
    useMemo(
      () =>
        mayEdit
          ? [
              {
                id: 'rules.add',
                label: 'Add a rule',
                also: 'drop redact sample filter mask deduplicate new',
                keys: 'n',
                run: () => void navigate({ search: (now) => ({ ...now, add: true }) }),
              },
            ]
          : [],
      [mayEdit, navigate],
    ),
  )
  return (
    <Page
      title="Rules"
      intro="Records go through them from top to bottom. Changes take effect when the draft is published."
      actions={
        <>
          <SelectField
            label="Pipeline"
            hiddenLabel
            className="w-52"
            value={pipeline}
            onChange={({ target: { value } }) => void navigate({ search: (now) => ({ ...now, pipeline: value }) })}
            options={[...new Set([pipeline, ...pipelines])].sort().map((value) => ({ value, label: value }))}
          />
          <RangePicker
            search={search}
            onChange={(next) =>
              void navigate({ search: ({ range: _, from: __, to: ___, ...rest }) => ({ ...rest, ...next }) })
            }
          />
          {mayEdit && (
            <Button look="primary" icon={Plus} onClick={() => add()}>
              Add a rule
            </Button>
          )}
        </>
      }
    >
      <Needs permission="edit" to="change rules" />
      <ProblemNote error={changes.error} />
      {books.error !== null && <Stale since={books.dataUpdatedAt} error={books.error} />}
      <Card flush>
        {facts.length === 0 ? (
          <Empty title={`The pipeline ${pipeline} has no rules in the draft`}>
            <p>{own.length > 0 ? 'What its gateways run stands below.' : 'All records go on as they came.'}</p>
          </Empty>
        ) : (
          <RuleList
            facts={facts}
            catalog={catalog}
            mayEdit={mayEdit}
            pipeline={pipeline}
            changes={changes}
            onEdit={(rule) => openEditor({ rule })}
            onDuplicate={add}
          />
        )}
      </Card>
      <FileRules
        rules={own}
        gateway={running?.name ?? 'The gateway'}
        mayEdit={mayEdit}
        onCopy={() => void changes.copy(own)}
      />
      <DeletedRules rules={gone} mayEdit={mayEdit} onPutBack={(rule) => void changes.add(rule)} />
      {facts.length === 0 && mayEdit && catalog !== undefined && (
        <Starters catalog={catalog} signal={inDraft?.['signal'] as string | undefined} onChoose={add} />
      )}
      <SuggestionsCard
        configuration={configuration}
        pipeline={pipeline}
        taken={facts.map(({ rule }) => rule.id)}
        mayEdit={mayEdit}
        onAdd={({ rule }) => void changes.add(rule)}
        onReview={({ rule }) => add(rule)}
      />
      <RuleEditor
        configuration={configuration}
        pipeline={pipeline}
        rule={search.rule}
        open={search.rule !== undefined || (search.add === true && mayEdit)}
        initial={search.rule === undefined ? initial : undefined}
        onClose={close}
        onSaved={({ id }) => {
          close()
          toast(`${id} is in the draft.`)
        }}
      />
      <PartConflict
        conflict={changes.conflict}
        mineAction="Delete it all the same"
        onTakeTheirs={changes.leaveConflict}
        onKeepMine={() => void changes.removeAnyway()}
        onClose={changes.leaveConflict}
      />
    </Page>
  )
}
