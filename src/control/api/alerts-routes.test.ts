/** Alerts and webhooks over real HTTP, as users with different permissions see them. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { type FastifyInstance, fastify } from 'fastify'
import { serializerCompiler } from 'fastify-type-provider-zod'
import type { Role } from '#contract/access.ts'
import { silentLogger } from '#observe/log.ts'
import { ManualClock } from '#std/clock.ts'
import { testOnDatabases } from '#test/support/databases.ts'
import { HttpSink } from '#test/support/sinks.ts'
import { verifyAudit } from '../access/audit.ts'
import { permissionsOf } from '../access/principal.ts'
import { Alerting, SETTLE_MS } from '../alerts/alerting.ts'
import { Deliverer } from '../alerts/deliverer.ts'
import { type AlertSource, MINUTE_MS } from '../alerts/source.ts'
import type { ControlContext } from '../context.ts'
import type { Runtime } from '../runtime.ts'
import { SecretBox } from '../secret-box.ts'
import type { Database } from '../store/database.ts'
import { alertsRoutes } from './alerts-routes.ts'
import { guard } from './guard.ts'
import { answerWithProblems, validatorCompiler } from './problem.ts'
import { webhooksRoutes } from './webhooks-routes.ts'

const T0 = Date.UTC(2026, 0, 1)
const RULE = { id: 'leaks', name: 'Leaks', condition: { kind: 'bypass' } }
const { id: _id, ...RULE_BODY } = RULE

/** One byte bypassed in each minute. */
const source: AlertSource = {
  async minutes(_org, _scope, from, to) {
    const rest = { in: null, out: null, held: false, spoolBytes: null, deadLetters: null, lost: null }
    return Array.from({ length: (to - from) / MINUTE_MS }, (_, i) => ({
      at: from + i * MINUTE_MS,
      bypassedBytes: 1,
      ...rest,
    }))
  },
  gateways: async () => [],
}

interface Answer {
  status: number
  etag: string
  // biome-ignore lint/suspicious/noExplicitAny: what an answer is made of is what is asserted
  body: any
}

class Api implements AsyncDisposable {
  readonly clock = new ManualClock(T0 + SETTLE_MS)
  readonly context: ControlContext
  readonly #app: FastifyInstance
  constructor({ db, dialect }: Database, allowPrivate: boolean) {
    const box = new SecretBox(randomBytes(32))
    const { clock } = this
    this.context = { db, dialect, clock, log: silentLogger, runtime: {} as Runtime, box, version: '1.2.3' }
    const app = fastify()
    app.setValidatorCompiler(validatorCompiler)
    app.setSerializerCompiler(serializerCompiler)
    answerWithProblems(app, silentLogger)
    guard(app, async ({ headers }) => {
      const [org, role] = String(headers.authorization ?? '').split(' ') as [string, Role]
      if (role === undefined) return undefined
      return {
        org,
        kind: 'user',
        id: role,
        name: `${role}@${org}`,
        via: 'api',
        role,
        permissions: permissionsOf(role, []),
      }
    })
    app.register(alertsRoutes, { ...this.context, alertSource: source })
    app.register(webhooksRoutes, { ...this.context, webhooks: { allowPrivate } })
    this.#app = app
  }
  async ask(
    as: string,
    method: string,
    url: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const answer = await this.#app.inject({
      method: method as 'GET',
      url,
      headers: { authorization: as, ...headers },
      ...(body !== undefined && { payload: body as object }),
    })
    const etag = String(answer.headers['etag'] ?? '')
    return { status: answer.statusCode, etag, body: answer.body === '' ? null : answer.json() }
  }
  get(url: string): Promise<Answer> {
    return this.ask('default viewer', 'GET', url)
  }
  async actions(): Promise<string[]> {
    const rows = await this.context.db.selectFrom('audit').select('action').orderBy('seq').execute()
    assert.equal((await verifyAudit(this.context.db, 'default')).brokenAt, undefined)
    return rows.map(({ action }) => action)
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#app.close()
  }
}

const pointersOf = ({ body }: Answer): string[] => (body.errors ?? []).map((it: { pointer: string }) => it.pointer)

testOnDatabases('a rule is added, read, replaced and deleted, by whom it is allowed', async (database) => {
  await using api = new Api(database, true)
  assert.equal((await api.ask('', 'GET', '/alerts/rules')).status, 401)
  assert.equal((await api.ask('default operator', 'POST', '/alerts/rules', RULE)).status, 403)
  const dry = await api.ask('default editor', 'POST', '/alerts/rules?dry_run=true', RULE)
  assert.equal(dry.status, 201)
  assert.equal((await api.get('/alerts/rules/leaks')).status, 404)
  const added = await api.ask('default editor', 'POST', '/alerts/rules', RULE)
  assert.equal(added.status, 201)
  assert.partialDeepStrictEqual(added.body, {
    ...RULE,
    condition: { kind: 'bypass', bytes_above: 0 },
    for_minutes: 1,
    no_data: 'ok',
    severity: 'warning',
    silence: null,
    status: { state: 'ok', since: null },
    updated_by: 'editor@default',
  })
  assert.equal((await api.ask('default editor', 'POST', '/alerts/rules', RULE)).status, 409)
  const read = await api.get('/alerts/rules/leaks')
  assert.deepEqual([read.body, read.etag], [added.body, added.etag])
  assert.equal((await api.ask('other owner', 'GET', '/alerts/rules/leaks')).status, 404)

  const put = (body: object, headers: Record<string, string>, as = 'default editor') =>
    api.ask(as, 'PUT', '/alerts/rules/leaks', body, headers)
  assert.equal((await put(RULE_BODY, {})).status, 428)
  const stale = await put(RULE_BODY, { 'if-match': '"another"' })
  assert.deepEqual([stale.status, stale.etag], [412, read.etag])
  assert.equal((await put(RULE_BODY, { 'if-match': read.etag }, 'other editor')).status, 404)
  api.clock.advance(1)
  const changed = await put({ ...RULE_BODY, for_minutes: 5 }, { 'if-match': read.etag })
  assert.equal(changed.body.for_minutes, 5)
  assert.notEqual(changed.etag, read.etag)

  assert.equal((await api.ask('default editor', 'DELETE', '/alerts/rules/leaks')).status, 428)
  const del = await api.ask('default editor', 'DELETE', '/alerts/rules/leaks', undefined, { 'if-match': changed.etag })
  assert.equal(del.status, 204)
  assert.deepEqual((await api.get('/alerts/rules')).body, { items: [], next_cursor: null })
  assert.deepEqual(await api.actions(), ['alert_rule.add', 'alert_rule.update', 'alert_rule.delete'])
})

testOnDatabases('what is no rule is refused with its place', async (database) => {
  await using api = new Api(database, true)
  const cases: [object, string[]][] = [
    [{ ...RULE, id: 'with space' }, ['/id']],
    [{ ...RULE, condition: { kind: 'unknown' } }, ['/condition/kind']],
    [{ ...RULE, condition: { kind: 'volume', is: 'above' } }, ['/condition/threshold']],
    [{ ...RULE, scope: { output: 'x' } }, ['/scope/output']],
    [{ ...RULE, for_minutes: 0, colour: 'red' }, ['/for_minutes', '/colour']],
    [{ ...RULE, webhooks: ['nobody'] }, ['/webhooks/0']],
  ]
  for (const [body, pointers] of cases) {
    const answer = await api.ask('default editor', 'POST', '/alerts/rules', body)
    assert.equal(answer.status, 422, JSON.stringify(body))
    assert.deepEqual(pointersOf(answer).sort(), pointers.sort(), JSON.stringify(answer.body))
  }
})

testOnDatabases('events are listed by pages, and the first who acknowledges one stays', async (database) => {
  await using api = new Api(database, true)
  for (const id of ['a', 'b', 'c']) await api.ask('default editor', 'POST', '/alerts/rules', { ...RULE, id })
  api.clock.advance(MINUTE_MS)
  await new Alerting(api.context, source, 'test').evaluateDue()
  const first = await api.get('/alerts/events?limit=2&state=firing')
  assert.equal(first.body.items.length, 2)
  const second = await api.get(`/alerts/events?limit=2&cursor=${first.body.next_cursor}`)
  assert.equal(second.body.items.length, 1)
  assert.equal(second.body.next_cursor, null)
  assert.equal((await api.get('/alerts/events?cursor=nonsense')).status, 422)
  assert.equal((await api.get('/alerts/events?state=resolved')).body.items.length, 0)
  assert.equal((await api.get('/alerts/events?rule=b')).body.items.length, 1)
  const { id, rule } = second.body.items[0]
  assert.equal((await api.get(`/alerts/rules/${rule}`)).body.status.event, id)

  const path = `/alerts/events/${id}/acknowledge`
  assert.equal((await api.ask('default editor', 'POST', path, {})).status, 403)
  assert.equal((await api.ask('other operator', 'POST', path, {})).status, 404)
  const note = { note: 'looking' }
  const done = await api.ask('default operator', 'POST', path, note)
  const acknowledged = { at: api.clock.wall(), by: 'operator@default', note: 'looking' }
  assert.deepEqual(done.body.acknowledged, acknowledged)
  assert.deepEqual((await api.ask('default owner', 'POST', path, {})).body.acknowledged, acknowledged)
  assert.equal((await api.actions()).filter((action) => action === 'alert_event.acknowledge').length, 1)
})

testOnDatabases('a silence ends by itself', async (database) => {
  await using api = new Api(database, true)
  await api.ask('default editor', 'POST', '/alerts/rules', RULE)
  const silence = (body: object) => api.ask('default operator', 'POST', '/alerts/rules/leaks/silence', body)
  const now = api.clock.wall()
  assert.deepEqual(pointersOf(await silence({ reason: 'works' })), ['/until'])
  for (const until of [now, now + 31 * 86_400_000])
    assert.deepEqual(pointersOf(await silence({ until, reason: 'works' })), ['/until'])
  const until = now + MINUTE_MS
  const silenced = await silence({ until, reason: 'works' })
  assert.deepEqual(silenced.body.silence, { until, reason: 'works', by: 'operator@default' })
  api.clock.advance(MINUTE_MS)
  assert.equal((await api.get('/alerts/rules/leaks')).body.silence, null)
  await silence({ until: until + MINUTE_MS, reason: 'works' })
  const ended = await api.ask('default operator', 'POST', '/alerts/rules/leaks/unsilence')
  assert.equal(ended.body.silence, null)
  assert.deepEqual((await api.actions()).slice(1), ['alert_rule.silence', 'alert_rule.silence', 'alert_rule.unsilence'])
})

testOnDatabases('a trial says when a rule would have fired in the last 7 days', async (database) => {
  await using api = new Api(database, true)
  const answer = await api.ask('default viewer', 'POST', '/alerts/preview', RULE_BODY)
  assert.equal(answer.status, 200)
  assert.equal(answer.body.minutes, 7 * 24 * 60)
  assert.equal(answer.body.firings.length, 1)
  assert.deepEqual((await api.get('/alerts/rules')).body.items, [])
})

testOnDatabases(
  'a webhook is added with a secret that is shown once, tried, replayed and deleted',
  async (database) => {
    await using sink = await HttpSink.start()
    await using api = new Api(database, true)
    const body = { id: 'ops', name: 'Ops', url: `${sink.url}/hook?token=s3cret` }
    assert.equal((await api.ask('default editor', 'POST', '/webhooks', body)).status, 403)
    const added = await api.ask('default owner', 'POST', '/webhooks', body)
    assert.equal(added.status, 201)
    assert.match(added.body.secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
    const slack = { id: 'chat', name: 'Chat', kind: 'slack', url: 'https://hooks.slack.com/services/T0/B0/s3cret' }
    assert.equal((await api.ask('default owner', 'POST', '/webhooks', slack)).body.secret, null)
    const list = await api.get('/webhooks')
    assert.deepEqual(
      list.body.items.map((it: { url: string }) => it.url),
      ['https://hooks.slack.com/[redacted]', `${sink.url}/hook?[redacted]`],
    )
    const read = await api.get('/webhooks/ops')
    assert.equal(read.body.secret, undefined)
    assert.equal((await api.ask('other owner', 'GET', '/webhooks/ops')).status, 404)

    const tried = await api.ask('default operator', 'POST', '/webhooks/ops/test')
    assert.equal(tried.status, 202)
    const deliverer = new Deliverer(api.context, { allowPrivate: true })
    await deliverer.deliverDue()
    await deliverer.settled()
    const path = `/webhook-deliveries/${tried.body.id}`
    const delivered = await api.get(path)
    assert.partialDeepStrictEqual(delivered.body, { state: 'delivered', attempts: 1, body: { type: 'webhook.test' } })
    assert.equal((await api.get('/webhook-deliveries?webhook=ops&state=delivered')).body.items.length, 1)
    assert.equal((await api.ask('other operator', 'POST', `${path}/replay`)).status, 404)
    assert.equal((await api.ask('default operator', 'POST', `${path}/replay`)).body.state, 'pending')
    assert.equal((await api.ask('default operator', 'POST', `${path}/replay`)).status, 409)
    await deliverer.deliverDue()
    await deliverer.settled()
    assert.equal(sink.requests.length, 2)
    assert.equal(sink.requests[0]!.headers['webhook-id'], sink.requests[1]!.headers['webhook-id'])

    await api.ask('default editor', 'POST', '/alerts/rules', { ...RULE, webhooks: ['ops'] })
    const match = { 'if-match': read.etag }
    const used = await api.ask('default owner', 'DELETE', '/webhooks/ops', undefined, match)
    assert.equal(used.status, 409)
    assert.match(used.body.detail, /leaks/)
    const changed = await api.ask(
      'default owner',
      'PUT',
      '/webhooks/ops',
      { name: 'Ops 2', events: ['alert.*'] },
      match,
    )
    assert.equal(changed.status, 200)
    assert.equal(changed.body.url, `${sink.url}/hook?[redacted]`, 'stays when it is left out')
    assert.equal((await api.ask('default owner', 'PUT', '/webhooks/ops', { name: 'x' }, match)).status, 412)
    const gone = await api.ask('default owner', 'DELETE', '/webhooks/chat', undefined, { 'if-match': '*' })
    assert.equal(gone.status, 204)
    const audit = JSON.stringify(await database.db.selectFrom('audit').selectAll().execute())
    assert.ok(!audit.includes('s3cret') && !audit.includes('whsec_'), 'nothing of it stands in the audit log')
  },
)

testOnDatabases(
  'a webhook that leads to a private address, or nowhere, is refused with its place',
  async (database) => {
    await using api = new Api(database, false)
    const cases: [object, string[]][] = [
      [{ url: 'http://127.0.0.1/' }, ['/url']],
      [{ url: 'https://[::ffff:10.0.0.1]/' }, ['/url']],
      [{ url: 'http://0xa9fea9fe/latest/meta-data' }, ['/url']],
      [{ url: 'file:///etc/passwd' }, ['/url']],
      [{ url: 'https://user:pass@example.com' }, ['/url']],
      [{ url: 'https://example.com', secret: 'whsec_short' }, ['/secret']],
      [{ url: 'https://example.com', kind: 'slack', secret: `whsec_${'A'.repeat(43)}=` }, ['/secret']],
      [{ url: 'https://example.com', events: ['unknown.event'] }, ['/events/0']],
    ]
    for (const [options, pointers] of cases) {
      const answer = await api.ask('default owner', 'POST', '/webhooks', { id: 'x', name: 'x', ...options })
      assert.equal(answer.status, 422, JSON.stringify(options))
      assert.deepEqual(pointersOf(answer), pointers)
      assert.ok(!JSON.stringify(answer.body).includes('user:pass'))
    }
    // A name may lead anywhere by the time: the delivery looks.
    const named = { id: 'x', name: 'x', url: 'http://localhost:1/' }
    assert.equal((await api.ask('default owner', 'POST', '/webhooks', named)).status, 201)
    const { body } = await api.ask('default operator', 'POST', '/webhooks/x/test')
    const deliverer = new Deliverer(api.context, { allowPrivate: false })
    await deliverer.deliverDue()
    await deliverer.settled()
    const [attempt] = (await api.get(`/webhook-deliveries/${body.id}`)).body.recent_attempts
    assert.match(attempt.error, /localhost \((127|::1).*is not a public address/)
  },
)
