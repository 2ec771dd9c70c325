/** Rules that the traffic of the last minutes suggests, with what each would save. */
import { useQuery } from '@tanstack/react-query'
import { RotateCw } from 'lucide-react'
import type { Suggestion } from '#contract/suggestion.ts'
import { suggestionsQuery } from '#ui/api/configuration-queries.ts'
import { useCan } from '#ui/api/queries.ts'
import { conditionWords } from '#ui/forms/condition.ts'
import { ruleWords } from '#ui/forms/rule-words.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { Button } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { exact, percent } from '#ui/kit/format.ts'
import { Forbidden, QueryView } from '#ui/kit/states.tsx'

export interface SuggestionsCardProps {
  configuration: string
  pipeline: string
  /** Ids in the draft: what is there is not suggested again. */
  taken: readonly string[]
  mayEdit: boolean
  onAdd: (suggestion: Suggestion) => void
  onReview: (suggestion: Suggestion) => void
}

export function SuggestionsCard({ configuration, pipeline, taken, mayEdit, onAdd, onReview }: SuggestionsCardProps) {
  const mayTap = useCan('tap')
  const query = useQuery({ ...suggestionsQuery(configuration), enabled: mayTap })
  const again = mayTap && (
    <Button icon={RotateCw} busy={query.isFetching} onClick={() => void query.refetch()}>
      Look again
    </Button>
  )
  return (
    <Card
      title="Suggestions"
      hint="From a sample of what goes on to the outputs now, as the live rules leave it."
      actions={again}
      flush
    >
      {mayTap ? (
        <QueryView query={query}>
          {({ suggestions, sampled }) => {
            const fitting = suggestions.filter((one) => one.pipeline === pipeline && !taken.includes(one.rule.id))
            if (fitting.length === 0)
              return (
                <p className="px-4 pb-4 text-sm text-muted">
                  {sampled === 0
                    ? 'No records have gone on in the last minutes, so there is nothing to look at.'
                    : `Nothing to suggest from ${exact(sampled)} records.`}
                </p>
              )
            return (
              <ul>
                {fitting.map((one) => (
                  <SuggestionRow
                    key={`${one.kind} ${one.rule.id}`}
                    suggestion={one}
                    mayEdit={mayEdit}
                    onAdd={() => onAdd(one)}
                    onReview={() => onReview(one)}
                  />
                ))}
              </ul>
            )
          }}
        </QueryView>
      ) : (
        <Forbidden detail="Suggestions look at records; for that you lack the permission tap" />
      )}
    </Card>
  )
}

const kinds = { pattern: 'Frequent', chatty_service: 'Chatty service', sensitive: 'Personal or secret' } as const

function SuggestionRow({
  suggestion,
  mayEdit,
  onAdd,
  onReview,
}: {
  suggestion: Suggestion
  mayEdit: boolean
  onAdd: () => void
  onReview: () => void
}) {
  const { kind, title, why, rule, savings } = suggestion
  return (
    <li className="flex flex-wrap items-start gap-x-4 gap-y-2 border-t border-line px-4 py-3">
      <div className="min-w-60 flex-1">
        <p className="flex flex-wrap items-center gap-2 font-medium">
          <span className="break-words">{title}</span>
          <Badge icon={null} tone={kind === 'sensitive' ? 'warn' : 'neutral'}>
            {kinds[kind]}
          </Badge>
        </p>
        <p className="text-sm break-words text-muted">{why}</p>
        <p className="text-sm break-words">
          {ruleWords(rule.type, rule.params)}
          {rule.when !== undefined && `, only where ${conditionWords(rule.when)}`}
        </p>
      </div>
      <div className="text-sm md:text-right">
        {savings.share > 0 ? (
          <>
            <p className="font-medium">saves {percent(savings.share)} of bytes out</p>
            <p className="text-xs text-muted">
              {percent(savings.low)} to {percent(savings.high)}, from {exact(savings.n)} records
            </p>
          </>
        ) : (
          <p className="text-muted">
            in {exact(suggestion.affects.records)} of {exact(savings.n)} records
          </p>
        )}
      </div>
      {mayEdit && (
        <div className="flex flex-wrap gap-2">
          <Button look="quiet" onClick={onReview} aria-label={`Look at it first: ${title}`}>
            Look at it first
          </Button>
          <Button onClick={onAdd} aria-label={`Add to the draft: ${title}`}>
            Add to the draft
          </Button>
        </div>
      )}
    </li>
  )
}
