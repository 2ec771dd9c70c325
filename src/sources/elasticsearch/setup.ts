/**
 * What Beats, Logstash and Fluent Bit ask and set up before they send: templates, policies, pipelines, data streams,
 * aliases. Nothing of it is kept. Whatever is asked for is there already, whatever is set up is acknowledged.
 */
import type { Exchange, Route } from '#component/exchange.ts'
import { answerJson } from './answers.ts'

type Handler = Route['handle']

/** What is found under the name, in the shape of each API. */
const things: readonly { path: string; found: (name: string) => object }[] = [
  {
    path: '/_index_template',
    found: (name) => ({ index_templates: [{ name, index_template: { index_patterns: [] } }] }),
  },
  {
    path: '/_component_template',
    found: (name) => ({ component_templates: [{ name, component_template: { template: {} } }] }),
  },
  { path: '/_template', found: (name) => ({ [name]: { index_patterns: [] } }) },
  { path: '/_ilm/policy', found: (name) => ({ [name]: { version: 1, policy: { phases: {} } } }) },
  { path: '/_ingest/pipeline', found: (name) => ({ [name]: { processors: [] } }) },
  { path: '/_data_stream', found: (name) => ({ data_streams: [{ name, status: 'GREEN' }] }) },
  { path: '/_alias', found: (name) => ({ [name]: { aliases: { [name]: {} } } }) },
]

/** `guard` lets in who may ask. */
export function setupRoutes(guard: (handle: Handler) => Handler): Route[] {
  const acknowledge = guard(async (exchange) => {
    answerJson(exchange, 200, { acknowledged: true })
  })
  const routes: Route[] = []
  for (const { path, found } of things) {
    const show = guard((exchange) => answerJson(exchange, 200, found(exchange.params['name'] ?? '')))
    routes.push({ method: 'GET', path: `${path}/:name`, handle: show })
    for (const method of ['PUT', 'POST'] as const) routes.push({ method, path: `${path}/:name`, handle: acknowledge })
  }
  const create = guard((exchange: Exchange) => {
    const index = exchange.params['index'] ?? ''
    answerJson(exchange, 200, { acknowledged: true, shards_acknowledged: true, index })
  })
  routes.push({ method: 'HEAD', path: '/:index', handle: guard((exchange) => answerJson(exchange, 200, '')) })
  routes.push({ method: 'PUT', path: '/:index', handle: create })
  return routes
}
