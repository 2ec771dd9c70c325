/** What recent records of the gateways suggest, with what it would save, to be tried here or taken over. */
import { useQuery } from '@tanstack/react-query'
import { Check, FlaskConical, Receipt, RotateCw, Save } from 'lucide-react'
import type { Suggestion } from '#contract/suggestion.ts'
import { suggestionsQuery } from '#ui/api/configuration-queries.ts'
import { useCan } from '#ui/api/queries.ts'
import { ruleWords } from '#ui/forms/rule-words.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { Button, ButtonLink } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { exact, percent } from '#ui/kit/format.ts'
import { Empty, Forbidden, QueryView } from '#ui/kit/states.tsx'

export interface SuggestionsCardProps {
  configuration: string
  /** Ids of rules that are tried or in the draft already, by pipeline. */
  isThere: (suggestion: Suggestion) => boolean
  onTry: (suggestion: Suggestion) => void
  /** Why nothing can be written; undefined: it can. */
  noWrite: string | undefined
  onWrite: (suggestion: Suggestion) => void
}

export function SuggestionsCard(props: SuggestionsCardProps) {
  const mayTap = useCan('tap')
  const query = useQuery({ ...suggestionsQuery(props.configuration), enabled: mayTap })
  return (
    <Card
      title="Suggestions"
      hint="From a sample of what went out in the last ten minutes. Whether anybody reads those lines, no sample can tell."
      flush
      actions={
        <>
          {mayTap && (
            <Button look="quiet" icon={RotateCw} busy={query.isFetching} onClick={() => void query.refetch()}>
              Look again
            </Button>
          )}
          <ButtonLink to="/publish" look="quiet" icon={Receipt}>
            Make a receipt
          </ButtonLink>
        </>
      }
    >
      {mayTap ? (
        <QueryView
          query={query}
          isEmpty={({ suggestions }) => suggestions.length === 0}
          empty={
            <Empty title="Nothing to suggest">
              {query.data?.sampled === 0
                ? 'Nothing went out in the last ten minutes.'
                : `Nothing stands out in the ${exact(query.data?.sampled ?? 0)} records looked at.`}
            </Empty>
          }
        >
          {({ suggestions }) => (
            <ul aria-label="Suggestions" className="grid lg:grid-cols-2 2xl:grid-cols-3">
              {suggestions.map((suggestion) => (
                <Item key={`${suggestion.pipeline} ${suggestion.rule.id}`} suggestion={suggestion} {...props} />
              ))}
            </ul>
          )}
        </QueryView>
      ) : (
        <Forbidden detail="Suggestions show what records say, so they need the permission “tap”" />
      )}
    </Card>
  )
}

const kinds: Record<Suggestion['kind'], string> = {
  pattern: 'Frequent pattern',
  chatty_service: 'Chatty service',
  sensitive: 'Looks sensitive',
}

function Item({ suggestion, isThere, onTry, noWrite, onWrite }: SuggestionsCardProps & { suggestion: Suggestion }) {
  const { kind, title, why, pipeline, rule, affects, savings } = suggestion
  const isTaken = isThere(suggestion)
  return (
    <li className="flex flex-col gap-1.5 border-t border-line px-4 py-3">
      <div className="flex flex-wrap items-center gap-2">
        <Badge tone={kind === 'sensitive' ? 'warn' : 'info'}>{kinds[kind]}</Badge>
        <span className="text-xs text-muted">{pipeline}</span>
      </div>
      <p className="text-sm font-medium break-words">{title}</p>
      <p className="text-sm break-words text-muted">{why}</p>
      <p className="text-xs break-words">
        <span className="text-muted">Rule:</span> {ruleWords(rule.type, rule.params)}
      </p>
      <p className="text-xs">
        {kind === 'sensitive' ? (
          <>Edits {percent(affects.records_share)} of the records</>
        ) : (
          <>
            Saves <strong>{percent(savings.share)}</strong> of the bytes that go out ({percent(savings.low)} to{' '}
            {percent(savings.high)})
          </>
        )}
        <span className="text-muted">, by {exact(savings.n)} records looked at</span>
      </p>
      <div className="mt-auto flex flex-wrap gap-2 pt-1">
        <Button icon={isTaken ? Check : FlaskConical} disabled={isTaken} onClick={() => onTry(suggestion)}>
          {isTaken ? 'Is among the rules' : 'Try it here'}
        </Button>
        <Button
          look="quiet"
          icon={Save}
          disabled={noWrite !== undefined || isTaken}
          title={noWrite}
          onClick={() => onWrite(suggestion)}
        >
          Add to the draft
        </Button>
      </div>
    </li>
  )
}
