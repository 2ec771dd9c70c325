/** One gateway: how it stands, what goes through it, what it runs, and what can be done to it. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { Gateway } from '#contract/fleet.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { BackLink, Page } from '#ui/kit/page.tsx'
import { QueryView } from '#ui/kit/states.tsx'
import { Tabs } from '#ui/kit/tabs.tsx'
import { Ago } from '#ui/kit/time.tsx'
import { Attempts } from '#ui/screens/fleet/attempts.tsx'
import { ConfigTab } from '#ui/screens/fleet/config-tab.tsx'
import { Connection } from '#ui/screens/fleet/connection.tsx'
import { GatewayActions } from '#ui/screens/fleet/gateway-actions.tsx'
import { Metrics } from '#ui/screens/fleet/metrics.tsx'
import { gatewayQuery } from '#ui/screens/fleet/queries.ts'
import { type GatewaySearch, gatewayRoute, gatewayTabs } from '#ui/screens/fleet/route.ts'
import { Summary } from '#ui/screens/fleet/summary.tsx'
import { verdictOf } from '#ui/words/gateway-state.ts'

export function GatewayScreen() {
  const { gateway: id } = gatewayRoute.useParams()
  const query = useQuery(gatewayQuery(id))
  const name = query.data?.body.name ?? 'Gateway'
  return (
    <Page
      back={<BackLink to="/fleet">All gateways</BackLink>}
      title={name}
      {...(query.data !== undefined && { intro: <Intro gateway={query.data.body} /> })}
      {...(query.data !== undefined && { actions: <GatewayActions shown={query.data} /> })}
    >
      <QueryView query={query} lines={8}>
        {({ body }) => <Content gateway={body} />}
      </QueryView>
    </Page>
  )
}

function Intro({ gateway }: { gateway: Gateway }) {
  const { word, tone } = verdictOf(gateway)
  const { online, last_seen_at, product, version, configuration, host, name } = gateway
  return (
    <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
      <Badge tone={tone}>{word}</Badge>
      {online && word !== 'In sync' && <Badge tone="ok">Online</Badge>}
      <span>
        {product} {version}
        {host !== name && host !== '' && ` on ${host}`}, follows {configuration}
      </span>
      {!online && (
        <span className="text-warn">
          Not connected; what stands here is of <Ago at={last_seen_at} />
        </span>
      )}
    </span>
  )
}

function Content({ gateway }: { gateway: Gateway }) {
  const { tab = 'summary', ...search } = gatewayRoute.useSearch()
  const navigate = useNavigate()
  const go = (next: GatewaySearch) =>
    void navigate({ to: '/fleet/$gateway', params: { gateway: gateway.id }, search: next, replace: true })
  const contents = {
    summary: <Summary gateway={gateway} />,
    metrics: <Metrics gateway={gateway} search={search} onRange={(range) => go({ tab: 'metrics', ...range })} />,
    config: <ConfigTab gateway={gateway} />,
    attempts: <Attempts attempts={gateway.attempts} />,
    connection: <Connection gateway={gateway} />,
  }
  const labels = {
    summary: 'Summary',
    metrics: 'Metrics',
    config: 'Config',
    attempts: 'Attempts',
    connection: 'Connection',
  }
  const tabs = gatewayTabs.map((id) => ({ id, label: labels[id], content: tab === id ? contents[id] : null }))
  return (
    <Tabs
      label="About this gateway"
      tabs={tabs}
      value={tab}
      onChange={(id) => go({ ...search, tab: gatewayTabs.find((one) => one === id) ?? 'summary' })}
    />
  )
}
