/** One output over all gateways of its configuration. */
import { useNavigate } from '@tanstack/react-router'
import { Badge } from '#ui/kit/badge.tsx'
import { ButtonLink } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { count } from '#ui/kit/format.ts'
import { BackLink, Page } from '#ui/kit/page.tsx'
import { Empty, QueryView } from '#ui/kit/states.tsx'
import { Tabs } from '#ui/kit/tabs.tsx'
import { useConfiguration } from '#ui/routes.tsx'
import { Charts } from '#ui/screens/outputs/charts.tsx'
import { DeadLetters } from '#ui/screens/outputs/dead-letters.tsx'
import { Figures } from '#ui/screens/outputs/figures.tsx'
import { PerGateway } from '#ui/screens/outputs/per-gateway.tsx'
import { useOutputs } from '#ui/screens/outputs/queries.ts'
import { type OutputSearch, outputRoute, outputTabs } from '#ui/screens/outputs/route.ts'
import { Upstreams } from '#ui/screens/outputs/upstreams.tsx'
import { stateWords } from '#ui/words/output-state.ts'

export function OutputScreen() {
  const { output: id } = outputRoute.useParams()
  const { tab = 'summary', ...search } = outputRoute.useSearch()
  const configuration = useConfiguration()
  const navigate = useNavigate()
  const { query, outputs, followers, nameOf, growthOf } = useOutputs(configuration)
  const output = outputs.find((one) => one.id === id)
  const go = (next: OutputSearch) =>
    void navigate({ to: '/outputs/$output', params: { output: id }, search: next, replace: true })

  const summary = (
    <QueryView query={query} lines={8}>
      {() => (
        <>
          {output === undefined ? (
            <Card>
              <Empty
                title={`No gateway of “${configuration}” tells of an output “${id}” now`}
                action={<ButtonLink to="/outputs">All outputs</ButtonLink>}
              >
                Perhaps it is not published yet, or its gateways are not connected. What was sent before stands in the
                charts.
              </Empty>
            </Card>
          ) : (
            <Figures output={output} nameOf={nameOf} growth={growthOf(output)} />
          )}
          <Charts
            output={id}
            configuration={configuration}
            search={search}
            onRange={(range) => go({ tab, ...range })}
          />
          {output !== undefined && (
            <>
              <PerGateway output={output} nameOf={nameOf} />
              <Upstreams output={output} nameOf={nameOf} />
            </>
          )}
        </>
      )}
    </QueryView>
  )
  const letters = output?.deadLetters?.records ?? 0
  const tabs = [
    { id: 'summary', label: 'Summary', content: tab === 'summary' ? summary : null },
    {
      id: 'letters',
      label: letters > 0 ? `Dead letters (${count(letters)})` : 'Dead letters',
      content:
        tab === 'letters' ? (
          <DeadLetters
            output={id}
            configuration={configuration}
            followers={followers}
            total={output}
            search={search}
            onSearch={(next) => go({ tab: 'letters', ...next })}
          />
        ) : null,
    },
  ]
  return (
    <Page
      back={<BackLink to="/outputs">All outputs</BackLink>}
      title={id}
      intro={
        output !== undefined && (
          <span className="flex flex-wrap items-center gap-2">
            <Badge tone={stateWords[output.state].tone}>{stateWords[output.state].word}</Badge>
            <span>
              {output.types.join(', ')} of “{configuration}”. {stateWords[output.state].meaning}
            </span>
          </span>
        )
      }
    >
      <Tabs
        label="About this output"
        tabs={tabs}
        value={tab}
        onChange={(next) => go({ tab: outputTabs.find((one) => one === next) ?? 'summary' })}
      />
    </Page>
  )
}
