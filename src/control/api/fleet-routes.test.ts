/** Gateways and registration tokens over the API. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { AgentCapability } from '#codecs/opamp/constants.ts'
import { openPrincipal, type Principal, permissionsOf } from '#control/access/principal.ts'
import { buildServer } from '#control/api/server.ts'
import { uuidv7 } from '#std/uuid.ts'
import { FakeAgent, USUAL_CAPABILITIES } from '#test/support/fake-agent.ts'
import { type AgentSocketClient, configOf, type FleetWorld, fleetWorld } from '#test/support/fleet.ts'
import { fleetRoutes } from './fleet-routes.ts'

interface Api {
  world: FleetWorld
  ask(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    url: string,
    body?: object,
    headers?: Record<string, string>,
  ): Promise<Answer>
  /** With the entity tag of now. */
  change(method: 'PATCH' | 'DELETE', url: string, body?: object): Promise<Answer>
  connect(options?: { uid?: string; capabilities?: bigint; token?: string }): Promise<AgentSocketClient>
}
interface Answer {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: bodies of all routes
  body: any
  etag: string
}

async function api(t: TestContext): Promise<Api> {
  const world = await fleetWorld(t)
  await world.serve()
  world.live.set('default/default', configOf(1))
  const principals: Record<string, Principal> = {
    owner: openPrincipal,
    viewer: { ...openPrincipal, name: 'viewer', permissions: permissionsOf('viewer', []) },
    operator: { ...openPrincipal, name: 'operator', permissions: permissionsOf('operator', []) },
    other: { ...openPrincipal, org: 'other', name: 'other' },
  }
  const context = { ...world.context, fleet: world.fleet }
  const app = await buildServer(
    context,
    async ({ headers }) => principals[String(headers['x-who'] ?? 'owner')],
    async (mounted) => {
      await mounted.register(fleetRoutes, context)
    },
  )
  t.after(() => app.close())
  const ask: Api['ask'] = async (method, url, body, headers = {}) => {
    await world.fleet.flush()
    const answer = await app.inject({ method, url, headers, ...(body === undefined ? {} : { body }) })
    const text = answer.body
    return {
      status: answer.statusCode,
      body: text === '' ? null : JSON.parse(text),
      etag: String(answer.headers['etag']),
    }
  }
  return {
    world,
    ask,
    async change(method, url, body) {
      return ask(method, url, body, { 'if-match': (await ask('GET', url)).etag })
    },
    async connect({ uid = uuidv7(Date.now()), capabilities = USUAL_CAPABILITIES, token } = {}) {
      const agent = new FakeAgent({ uid, capabilities })
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
      const client = await world.connect(agent, { headers })
      client.send()
      await client.until(() => client.replies.length > 0 && !agent.isEager)
      return client
    },
  }
}

test('a gateway is listed with its five states, filtered and found', async (t) => {
  const { ask, connect } = await api(t)
  const client = await connect()
  await client.until(() => client.replies.length >= 2)
  const { body } = await ask('GET', '/gateways')
  assert.equal(body.items.length, 1)
  const [gateway] = body.items
  assert.equal(gateway.name, 'host-1')
  assert.equal(gateway.online, true)
  assert.equal(gateway.drift, null)
  assert.equal(gateway.states.desired.version, 1)
  assert.equal(gateway.states.reported.version, 1)
  assert.equal(gateway.states.effective.matches, true)
  assert.equal(gateway.in_sync, false, 'not well for long enough')
  const one = await ask('GET', `/gateways/${gateway.id}`)
  assert.equal(one.status, 200)
  assert.equal(one.body.attempts[0].result, 'applied')
  assert.match(one.body.effective_config['streamgate.json'].body, /"p1"/)
  assert.deepEqual(one.body.capabilities.slice(0, 2), ['reports_status', 'accepts_remote_config'])
  const found = async (query: string) => (await ask('GET', `/gateways?${query}`)).body.items.length
  assert.equal(await found('state=online&text=HOST'), 1)
  assert.equal(await found('state=offline'), 0)
  assert.equal(await found('configuration=other'), 0)
  assert.equal(await found('label=site'), 0)
  assert.equal((await ask('GET', '/gateways?state=strange')).status, 422)
  const summary = await ask('GET', '/fleet/summary')
  assert.deepEqual(
    { ...summary.body, versions: [] },
    {
      gateways: 1,
      online: 1,
      in_sync: 0,
      unhealthy: 0,
      drift: {},
      configurations: [{ configuration: 'default', gateways: 1, in_sync: 0 }],
      versions: [],
    },
  )
})

test('pages follow one another', async (t) => {
  const { ask, connect } = await api(t)
  for (let i = 0; i < 5; i++) await connect()
  const seen: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const { body }: Answer = await ask('GET', `/gateways?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`)
    seen.push(...body.items.map(({ id }: { id: string }) => id))
    cursor = body.next_cursor
  }
  assert.equal(new Set(seen).size, 5)
})

test('a gateway is named, labelled and assigned, and gets what it then follows', async (t) => {
  const { world, ask, change, connect } = await api(t)
  const client = await connect()
  const url = `/gateways/${(await ask('GET', '/gateways')).body.items[0].id}`
  assert.equal((await ask('PATCH', url, { name: 'x' })).status, 428)
  assert.equal((await ask('PATCH', url, { name: 'x' }, { 'if-match': '"old"' })).status, 412)
  assert.equal((await change('PATCH', url, { configuration: 'none' })).status, 422)
  assert.equal((await change('PATCH', `${url}`, { labels: { 'bad key!': 'x' } })).status, 422)
  const named = await change('PATCH', url, { name: 'edge', labels: { site: 'b' } })
  assert.equal(named.body.name, 'edge')
  const now = Date.now()
  await world.context.db
    .insertInto('configurations')
    .values({
      org_id: 'default',
      name: 'edge',
      kind: 'streamgate',
      draft: '{}',
      revision: 1,
      live_version: 1,
      policy: '{}',
      created_at: now,
      updated_at: now,
      updated_by: 'test',
    })
    .execute()
  world.live.set('default/edge', configOf(7))
  assert.equal((await ask('PATCH', `${url}?dry_run=true`, { configuration: 'edge' }, { 'if-match': '*' })).status, 200)
  assert.equal(client.agent.offers.length, 1)
  const refused = await ask('PATCH', url, { configuration: 'edge' }, { 'if-match': '*', 'x-who': 'operator' })
  assert.equal(refused.status, 403, 'another configuration needs the permission to publish')
  assert.equal((await change('PATCH', url, { configuration: 'edge' })).status, 200)
  await client.until(() => client.agent.running?.hash === configOf(7).hash)
  const audit = await world.context.db.selectFrom('audit').select('action').execute()
  assert.deepEqual(
    audit.map(({ action }) => action),
    ['gateway.update', 'gateway.update'],
  )
})

test('what failed is tried again when someone says so', async (t) => {
  const { world, ask, connect } = await api(t)
  const client = await connect()
  client.agent.behaviour = () => 'fails'
  world.live.set('default/default', configOf(2))
  await world.fleet.published('default', 'default')
  await client.until(() => client.agent.status.status === 3 && !client.agent.isEager)
  const [{ id }] = (await ask('GET', '/gateways')).body.items
  await client.until(() => client.replies.length >= 4)
  const failed = await ask('GET', `/gateways/${id}`)
  assert.equal(failed.body.drift, 'failed')
  assert.equal(failed.body.attempts[0].blocked, true)
  client.agent.behaviour = () => 'applies'
  assert.equal((await ask('POST', `/gateways/${id}/retry`)).status, 200)
  await client.until(() => client.agent.running?.hash === configOf(2).hash)
  assert.equal((await ask('POST', `/gateways/${id}/retry`)).status, 409)
})

test('a gateway is restarted, when it takes the command', async (t) => {
  const { ask, connect } = await api(t)
  const client = await connect({ capabilities: USUAL_CAPABILITIES | AgentCapability.acceptsRestartCommand })
  const [{ id }] = (await ask('GET', '/gateways')).body.items
  assert.equal((await ask('POST', `/gateways/${id}/restart`)).status, 200)
  await client.until(() => client.agent.restartCommands === 1 && !client.agent.isEager)
  await client.until(() => client.replies.length >= 4)
  assert.equal((await ask('GET', `/gateways/${id}`)).body.restart_requested_at, null)
  client.agent.capabilities = USUAL_CAPABILITIES
  client.send()
  const heard = client.replies.length
  await client.until(() => client.replies.length > heard)
  assert.equal((await ask('POST', `/gateways/${id}/restart`)).status, 409)
})

test('a revoked gateway is disconnected and stays out until it is forgotten', async (t) => {
  const { ask, change, connect } = await api(t)
  const made = await ask('POST', '/registration-tokens', { name: 'edge', labels: { site: 'a' } })
  assert.equal(made.status, 201)
  assert.match(made.body.token, /^sgr_/)
  const { token } = made.body
  const uid = uuidv7(Date.now())
  const client = await connect({ uid, token })
  assert.deepEqual((await ask('GET', `/gateways/${uid}`)).body.labels, { site: 'a' })
  assert.equal((await ask('GET', '/gateways?label=site=a')).body.items.length, 1)
  assert.equal((await ask('POST', `/gateways/${uid}/revoke`)).body.credential, 'revoked')
  await client.closed
  const again = await connect({ uid, token })
  assert.match(again.replies[0]!.errorResponse!.errorMessage, /another credential/)
  assert.equal((await change('DELETE', `/gateways/${uid}`)).status, 204)
  assert.equal((await ask('GET', `/gateways/${uid}`)).status, 404)
  const anew = await connect({ uid, token })
  assert.equal(anew.replies[0]!.errorResponse, undefined)
})

test('a forgotten gateway comes back as a new one', async (t) => {
  const { ask, change, connect } = await api(t)
  const uid = uuidv7(Date.now())
  const client = await connect({ uid })
  await change('PATCH', `/gateways/${uid}`, { name: 'edge' })
  assert.equal((await change('DELETE', `/gateways/${uid}`)).status, 204)
  await client.closed
  assert.equal((await ask('GET', `/gateways/${uid}`)).status, 404)
  await connect({ uid })
  assert.equal((await ask('GET', `/gateways/${uid}`)).body.name, 'host-1')
})

test('registration tokens are made, changed and revoked; their secret shows once', async (t) => {
  const { world, ask, change, connect } = await api(t)
  const made = await ask('POST', '/registration-tokens', { name: 'edge', uses_max: 5 })
  const { id, token } = made.body
  const url = `/registration-tokens/${id}`
  const client = await connect({ token })
  const read = await ask('GET', url)
  assert.equal(read.body.token, undefined)
  assert.equal(read.body.uses, 1)
  assert.equal((await ask('GET', '/registration-tokens')).body.items.length, 1)
  assert.equal((await change('PATCH', url, { name: 'core' })).body.name, 'core')
  assert.equal((await change('DELETE', url)).status, 204)
  await client.closed
  const stored = JSON.stringify(await world.context.db.selectFrom('registration_tokens').selectAll().execute())
  assert.ok(!stored.includes(token))
  const audit = JSON.stringify(await world.context.db.selectFrom('audit').selectAll().execute())
  assert.ok(!audit.includes(token))
})

test('what is of another organisation is not there, and roles hold', async (t) => {
  const { ask, connect } = await api(t)
  const client = await connect()
  assert.ok(client)
  const [{ id }] = (await ask('GET', '/gateways')).body.items
  const { body: token } = await ask('POST', '/registration-tokens', { name: 'edge' })
  const other = { 'x-who': 'other', 'if-match': '*' }
  assert.equal((await ask('GET', '/gateways', undefined, other)).body.items.length, 0)
  for (const [method, url] of [
    ['GET', `/gateways/${id}`],
    ['DELETE', `/gateways/${id}`],
    ['POST', `/gateways/${id}/retry`],
    ['POST', `/gateways/${id}/restart`],
    ['POST', `/gateways/${id}/revoke`],
    ['GET', `/registration-tokens/${token.id}`],
    ['DELETE', `/registration-tokens/${token.id}`],
  ] as const)
    assert.equal((await ask(method, url, undefined, other)).status, 404, `${method} ${url}`)
  const viewer = { 'x-who': 'viewer', 'if-match': '*' }
  assert.equal((await ask('GET', '/gateways', undefined, viewer)).status, 200)
  assert.equal((await ask('POST', `/gateways/${id}/restart`, undefined, viewer)).status, 403)
  assert.equal((await ask('GET', '/registration-tokens', undefined, viewer)).status, 403)
})
