import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { alertRuleBody } from '#contract/alert.ts'
import { newWebhook } from '#contract/webhook.ts'
import { silentLogger } from '#observe/log.ts'
import { ManualClock } from '#std/clock.ts'
import { testOnDatabases } from '#test/support/databases.ts'
import { ExampleNode } from '#test/support/series.ts'
import { HttpSink } from '#test/support/sinks.ts'
import type { ControlContext } from '../context.ts'
import type { Runtime } from '../runtime.ts'
import { SecretBox } from '../secret-box.ts'
import { SeriesWriter } from '../series/ingest.ts'
import { Alerts } from './alerts.ts'
import { insertRule } from './rules.ts'
import { insertWebhook } from './webhooks.ts'

const START = Date.UTC(2026, 0, 1)
const SECONDS_MAX = 600

testOnDatabases('from the books of a gateway to the webhook, by itself, with two controllers', async (database) => {
  await using sink = await HttpSink.start()
  const { db, dialect } = database
  const clock = new ManualClock(START)
  const box = new SecretBox(randomBytes(32))
  const context: ControlContext = {
    db,
    dialect,
    clock,
    log: silentLogger,
    runtime: {} as Runtime,
    box,
    version: '1.2.3',
  }
  const doing = { by: 'a test', at: START }
  const rule = alertRuleBody.parse({ name: 'Refused', condition: { kind: 'dead_letters' } })
  const webhook = newWebhook.parse({ id: 'ops', name: 'Ops', url: sink.url, events: ['alert.*'] })
  await db.transaction().execute(async (tx) => {
    await insertRule(tx, 'default', 'refused', rule, doing)
    await insertWebhook(tx, box, 'default', webhook, doing)
  })
  const node = new ExampleNode(START)
  const writer = new SeriesWriter(database)
  const controllers = ['a', 'b'].map((holder) => new Alerts(context, { holder, allowPrivate: true }))
  for (const controller of controllers) controller.start()

  node.take({ pipeline: 'app', records: 10, bytes: 1000, output: 'vendor' })
  node.outputs.get('vendor')!.rejected.add(3, 300)
  for (let second = 0; second < SECONDS_MAX && sink.requests.length < 2; second++) {
    if (second % 10 === 0) {
      const arrival = { org: 'default', gateway: 'g', configuration: 'default', stats: node.stats(), windows: [] }
      await writer.write([{ ...arrival, at: clock.wall() }])
    }
    clock.advance(1000)
    // Whoever was called back asks the database now.
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
    await db.selectFrom('leases').selectAll().execute()
  }
  for (const controller of controllers) await controller.stop()
  assert.equal(clock.nextAt, undefined, 'nothing is left that runs')
  assert.deepEqual(
    sink.requests.map(({ body }) => JSON.parse(body).type),
    ['alert.firing', 'alert.resolved'],
  )
  const { data } = JSON.parse(sink.requests[0]!.body)
  assert.equal(data.text, '[warning] Refused: more than 0 dead letters within 5 min (3) for 1 min')
  assert.equal(data.event.started_at, START + 60_000)
})
