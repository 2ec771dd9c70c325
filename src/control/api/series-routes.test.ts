import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Permission, type Role, rolePermissions } from '#contract/access.ts'
import type { Price, SavingsAnswer, SavingsSummary } from '#contract/savings.ts'
import type { LiveEntry, Series } from '#contract/series.ts'
import { openPrincipal, type Principal } from '#control/access/principal.ts'
import type { ControlContext } from '#control/context.ts'
import { StatsInbox } from '#control/series/inbox.ts'
import { openDatabase } from '#control/store/database.ts'
import { silentLogger } from '#observe/log.ts'
import { ManualClock } from '#std/clock.ts'
import { ExampleNode } from '#test/support/series.ts'
import { liveRoutes } from './live-routes.ts'
import { pricesRoutes } from './prices-routes.ts'
import { seriesRoutes } from './series-routes.ts'
import { buildServer } from './server.ts'

const PRICE = { output: 'vendor', currency: 'EUR', per_gb: 0.5, since: '2025-06-01' }

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

async function start() {
  const database = await openDatabase({ file: ':memory:' })
  const clock = new ManualClock()
  const context = { ...database, clock, log: silentLogger, version: '1' } as unknown as ControlContext
  const inbox = new StatsInbox({ ...database, clock, log: silentLogger })
  const app = await buildServer(
    context,
    async ({ headers }) => principalOf(String(headers['x-as'] ?? 'owner@default')),
    async (app) => {
      await app.register(seriesRoutes, { ...context, prefix: '/api/v1' })
      await app.register(pricesRoutes, { ...context, prefix: '/api/v1' })
      await app.register(liveRoutes, { live: inbox.live, prefix: '/api/v1' })
    },
  )
  const ask = async <Body>(method: Method, path: string, body?: object, headers: Record<string, string> = {}) => {
    const payload = body === undefined ? {} : { payload: body }
    const answer = await app.inject({ method, url: `/api/v1${path}`, headers, ...payload })
    return {
      status: answer.statusCode,
      body: (answer.body === '' ? null : answer.json()) as Body,
      etag: String(answer.headers['etag'] ?? ''),
    }
  }
  const close = async () => {
    await app.close()
    await database.close()
  }
  return { database, clock, ask, inbox, close }
}

function principalOf(as: string): Principal {
  const [role, org] = as.split('@') as [Role, string]
  return { ...openPrincipal, org, permissions: new Set<Permission>(rolePermissions[role]) }
}

test('what a gateway tells shows in the series, and in the savings at a price', async () => {
  const { clock, ask, inbox, close } = await start()
  const node = new ExampleNode(clock.wall())
  const ended = [{ rule: 'debug', type: 'filter', kind: 'dropped' as const, records: 1_000_000 }]
  node.take({ pipeline: 'main', records: 2_000_000, bytes: 4e9, ended, output: 'vendor' })
  inbox.offer('default', 'g', 'default', node.stats())
  await inbox.flush()
  clock.advance(60_000)
  const { status, body } = await ask<Series>('GET', '/series?by=rule')
  assert.equal(status, 200)
  assert.equal(body.step, 'minute')
  assert.equal(body.times.length, 60)
  const [rule] = body.series
  assert.deepEqual(rule!.labels, { pipeline: 'main', rule: 'debug', type: 'filter' })
  assert.equal(Math.max(...rule!.values['ended_bytes']!), 2e9)
  const unpriced = await ask<SavingsSummary>('GET', '/savings/summary')
  assert.deepEqual([unpriced.body.money, unpriced.body.unpriced.length], [[], 1])
  await ask('POST', '/prices', PRICE)
  const summary = await ask<SavingsSummary>('GET', '/savings/summary')
  assert.deepEqual(summary.body.money, [{ currency: 'EUR', amount: 1 }])
  const days = await ask<SavingsAnswer>('GET', '/savings?by=day')
  assert.deepEqual(days.body.total.money, [{ currency: 'EUR', amount: 1 }])
  assert.equal(days.body.buckets.length, 31)
  const others = await ask<Series>('GET', '/series', undefined, { 'x-as': 'owner@other' })
  assert.deepEqual(others.body.series, [])
  await close()
})

test('the last books are shown, by pages, to their organisation', async () => {
  const { clock, ask, inbox, close } = await start()
  const node = new ExampleNode(clock.wall())
  for (const gateway of ['b', 'a', 'c']) inbox.offer('default', gateway, 'default', node.stats())
  clock.advance(10_000)
  node.take({ pipeline: 'main', records: 100, bytes: 1000 })
  inbox.offer('default', 'a', 'default', node.stats())
  interface Page {
    items: LiveEntry[]
    next_cursor: string | null
  }
  const first = await ask<Page>('GET', '/stats/live?limit=2')
  assert.deepEqual(
    first.body.items.map(({ gateway, rates }) => [gateway, rates !== null]),
    [
      ['a', true],
      ['b', false],
    ],
  )
  const second = await ask<Page>('GET', `/stats/live?limit=2&cursor=${first.body.next_cursor}`)
  assert.deepEqual(
    second.body.items.map(({ gateway }) => gateway),
    ['c'],
  )
  assert.equal(second.body.next_cursor, null)
  const others = await ask<Page>('GET', '/stats/live', undefined, { 'x-as': 'owner@other' })
  assert.deepEqual(others.body.items, [])
  await close()
})

test('times that are too long, empty or none are refused with a place', async () => {
  const { ask, close } = await start()
  for (const path of [
    '/series?step=minute&from=2025-01-01&to=2025-12-31',
    '/series?from=2025-01-02&to=2025-01-01',
    '/series?from=yesterday',
    '/series?by=colour',
    '/series?top=0',
    '/savings?by=day&from=2025-01-01&to=2025-12-31',
    '/savings?by=month&from=2020-01-01&to=2025-12-31',
  ]) {
    const { status, body } = await ask<{ errors: { pointer: string }[] }>('GET', path)
    assert.equal(status, 422, path)
    assert.ok(body.errors[0]!.pointer.startsWith('/'), path)
  }
  assert.equal((await ask('GET', '/savings?by=month&from=2025-01-01&to=2025-12-31')).status, 200)
  await close()
})

test('prices: added, corrected with If-Match, deleted; in one organisation only', async () => {
  const { ask, database, close } = await start()
  const other = { 'x-as': 'owner@other' }
  assert.equal((await ask('POST', '/prices', PRICE, { 'x-as': 'viewer@default' })).status, 403)
  assert.equal((await ask('POST', '/prices?dry_run=true', PRICE)).status, 201)
  const { status, body, etag } = await ask<Price>('POST', '/prices', PRICE)
  assert.equal(status, 201)
  assert.deepEqual([body.per_gb, body.unit, body.per_million_events, body.output_type], [0.5, 'GB', null, null])
  assert.equal((await ask('POST', '/prices', PRICE)).status, 409)
  const path = `/prices/${body.id}`
  assert.equal((await ask('GET', path)).etag, etag)
  for (const method of ['GET', 'PUT', 'DELETE'] as const) {
    const sent = method === 'PUT' ? PRICE : undefined
    assert.equal((await ask(method, path, sent, other)).status, 404, method)
  }
  const changed = { ...PRICE, per_gb: null, per_million_events: 2 }
  assert.equal((await ask('PUT', path, changed)).status, 428)
  assert.equal((await ask('PUT', path, changed, { 'if-match': '"old"' })).status, 412)
  const put = await ask<Price>('PUT', path, changed, { 'if-match': etag })
  assert.deepEqual([put.status, put.body.per_gb, put.body.per_million_events], [200, null, 2])
  const second = await ask<Price>('POST', '/prices', { ...PRICE, since: '2026-01-01' })
  assert.equal(second.status, 201)
  const clash = await ask('PUT', path, { ...PRICE, since: '2026-01-01' }, { 'if-match': put.etag })
  assert.equal(clash.status, 409)
  const list = await ask<{ items: Price[]; next_cursor: string }>('GET', '/prices?limit=1')
  assert.deepEqual([list.body.items.length, typeof list.body.next_cursor], [1, 'string'])
  assert.deepEqual((await ask<{ items: Price[] }>('GET', '/prices', undefined, other)).body.items, [])
  assert.equal((await ask('DELETE', path, undefined, { 'if-match': put.etag })).status, 204)
  assert.equal((await ask('GET', path)).status, 404)
  const audit = await database.db.selectFrom('audit').select('action').orderBy('seq').execute()
  assert.deepEqual(
    audit.map(({ action }) => action),
    ['price.add', 'price.update', 'price.add', 'price.delete'],
  )
  await close()
})

test('prices that make no sense are refused with a place', async () => {
  const { ask, close } = await start()
  for (const [change, pointer] of [
    [{ currency: 'XYZ' }, '/currency'],
    [{ per_gb: -1 }, '/per_gb'],
    [{ per_gb: null }, '/per_gb'],
    [{ since: '2026-02-30' }, '/since'],
    [{ output_type: 'http' }, '/output'],
    [{ output: null }, '/output'],
    [{ output: null, output_type: 'http', configuration: 'default' }, '/configuration'],
    [{ unit: 'TB' }, '/unit'],
    [{ price: 1 }, '/price'],
  ] as const) {
    const { status, body } = await ask<{ errors: { pointer: string }[] }>('POST', '/prices', { ...PRICE, ...change })
    assert.deepEqual([status, body.errors.map((error) => error.pointer)], [422, [pointer]], JSON.stringify(change))
  }
  await close()
})

test('how long series are kept is set by whoever may', async () => {
  const { ask, close } = await start()
  const { body, etag } = await ask('GET', '/series/retention')
  assert.deepEqual(body, { minute_hours: 48, hour_days: 400 })
  const match = { 'if-match': etag }
  const sent = { minute_hours: 24, hour_days: 30 }
  assert.equal((await ask('PUT', '/series/retention', sent, { ...match, 'x-as': 'editor@default' })).status, 403)
  assert.equal((await ask('PUT', '/series/retention', sent, match)).status, 200)
  assert.deepEqual((await ask('GET', '/series/retention')).body, sent)
  assert.equal((await ask('PUT', '/series/retention', sent, match)).status, 412)
  await close()
})
