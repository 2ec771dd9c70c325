import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Database } from '#control/store/database.ts'
import { AccessApi, type Client } from '#test/support/access-api.ts'
import { testOnDatabases } from '#test/support/databases.ts'
import { ABANDONED_AFTER_MS, forgetIdempotency, KEPT_MS } from './idempotency.ts'
import { Problem } from './problem.ts'

const config = { permission: 'edit' } as const

/** Counts what is done. A body can say how it answers. */
class Things {
  readonly api: AccessApi
  readonly client: Client
  done = 0
  /** Requests wait here while it is set. */
  gate: Promise<void> | undefined
  constructor(database: Database) {
    this.api = new AccessApi(database, 'open')
    void this.api.app.register(async (app) => this.routes(app), { prefix: '/api/v1' })
    this.client = this.api.client()
  }
  routes(app: FastifyInstance): void {
    const body = z.object({ name: z.string(), status: z.number().default(201), bytes: z.number().default(0) })
    app.post('/things', { config, schema: { body } }, async (request, reply) => {
      const { name, status, bytes } = request.body as z.output<typeof body>
      await this.gate
      this.done++
      if (status >= 400) throw new Problem(status, 'as asked')
      return reply
        .code(status)
        .header('etag', '"1"')
        .header('x-other', 'no')
        .send({ name, pad: 'x'.repeat(bytes) })
    })
    app.post('/stream', { config }, async (_request, reply) => {
      this.done++
      return reply.send(Readable.from(['a', 'b']))
    })
    app.put('/things', { config }, async () => ({ done: ++this.done }))
  }
  send(key: string, body: unknown, path = '/things', method = 'POST') {
    return this.client.send(method, path, body, { 'idempotency-key': key })
  }
}

testOnDatabases('a repeat gets the first answer and does nothing', async (database) => {
  const things = new Things(database)
  const first = await things.send('k1', { name: 'a' })
  const again = await things.send('k1', { name: 'a' })
  assert.deepEqual([again.status, again.body, again.headers['etag']], [201, first.body, '"1"'])
  assert.equal(again.headers['content-type'], first.headers['content-type'])
  assert.equal(again.headers['x-other'], undefined)
  assert.deepEqual([first.headers['idempotent-replayed'], again.headers['idempotent-replayed']], [undefined, 'true'])
  assert.equal(things.done, 1)
  assert.equal((await things.send('k2', { name: 'a' })).status, 201)
  assert.equal(things.done, 2)
  const refused = await things.send('k3', { name: 'a', status: 409 })
  const replayed = await things.send('k3', { name: 'a', status: 409 })
  assert.deepEqual([refused.status, replayed.status, things.done], [409, 409, 3])
  assert.deepEqual(replayed.body, refused.body)
})

testOnDatabases('a key is for one request of one caller', async (database) => {
  const things = new Things(database)
  const { key } = await things.client.ok('POST', '/keys', { name: 'ci', role: 'editor' })
  await things.send('k', { name: 'a' })
  assert.equal((await things.send('k', { name: 'b' })).status, 422)
  assert.equal((await things.send('k', { name: 'a' }, '/things?x=1')).status, 422)
  assert.equal((await things.send('k', {}, '/stream')).status, 422)
  things.client.key = key
  const other = await things.send('k', { name: 'a' })
  assert.deepEqual([other.status, /another request/.test(other.body.detail)], [422, true])
  assert.equal((await things.send('', { name: 'a' })).status, 400)
  assert.equal((await things.send('x'.repeat(256), { name: 'a' })).status, 400)
  assert.equal(things.done, 1)
})

testOnDatabases('of two at once one is done, at whichever controller', async (database) => {
  const [one, two] = [new Things(database), new Things(database)]
  const { promise, resolve } = Promise.withResolvers<void>()
  one.gate = promise
  two.gate = promise
  const both = [one.send('k', { name: 'a' }), two.send('k', { name: 'a' })]
  const early = await Promise.race(both)
  assert.deepEqual([early.status, early.headers['retry-after']], [409, '1'])
  resolve()
  const statuses = (await Promise.all(both)).map(({ status }) => status)
  assert.deepEqual(statuses.sort(), [201, 409])
  assert.equal((await two.send('k', { name: 'a' })).headers['idempotent-replayed'], 'true')
  assert.equal(one.done + two.done, 1)
})

testOnDatabases(
  'large answers, streams, faults, passing refusals and invalid requests are not kept',
  async (database) => {
    const things = new Things(database)
    for (const [path, body, status] of [
      ['/things', { name: 'a', bytes: 65_536 }, 201],
      ['/things', { name: 'a', status: 503 }, 503],
      ['/things', { name: 'a', status: 429 }, 429],
      ['/things', { name: 1 }, 422],
      ['/things?dry_run=true', { name: 'a' }, 201],
      ['/stream', {}, 200],
    ] as const) {
      for (let i = 0; i < 2; i++) {
        const answer = await things.send('k', body, path)
        assert.deepEqual([answer.status, answer.headers['idempotent-replayed']], [status, undefined], path)
      }
    }
    await things.send('k', {}, '/things', 'PUT')
    assert.equal((await database.db.selectFrom('idempotency').selectAll().execute()).length, 0)
    const kept = await things.send('k', { name: 'a', bytes: 65_000 })
    assert.equal((await things.send('k', { name: 'a', bytes: 65_000 })).body.pad.length, kept.body.pad.length)
  },
)

testOnDatabases('answers with secrets are not kept', async (database) => {
  const things = new Things(database)
  const body = { name: 'ci', role: 'viewer' }
  assert.equal((await things.send('k', body, '/keys')).status, 200)
  assert.equal((await things.send('k', body, '/keys')).status, 409, 'a new request')
  assert.equal((await database.db.selectFrom('idempotency').selectAll().execute()).length, 0)
})

testOnDatabases('answers last a day, and what nobody finished is free after a while', async (database) => {
  const things = new Things(database)
  const { clock, context } = things.api
  await things.send('k', { name: 'a' })
  clock.advance(KEPT_MS - 1)
  await forgetIdempotency(context)
  assert.equal((await things.send('k', { name: 'a' })).headers['idempotent-replayed'], 'true')
  clock.advance(1)
  assert.equal((await things.send('k', { name: 'b' })).headers['idempotent-replayed'], undefined)
  clock.advance(KEPT_MS)
  await forgetIdempotency(context)
  assert.equal((await database.db.selectFrom('idempotency').selectAll().execute()).length, 0)

  await things.send('gone', { name: 'a' })
  await database.db.updateTable('idempotency').set({ status: null, body: null }).execute()
  assert.equal((await things.send('gone', { name: 'a' })).status, 409)
  clock.advance(ABANDONED_AFTER_MS)
  assert.equal((await things.send('gone', { name: 'a' })).status, 201)
  assert.equal(things.done, 4)
})
