import assert from 'node:assert/strict'
import type { NodeStats } from '#contract/stats.ts'
import { testOnDatabases } from '#test/support/databases.ts'
import { ExampleNode } from '#test/support/series.ts'
import { alertMinutes } from './alert-minutes.ts'
import { SeriesWriter } from './ingest.ts'

const START = Date.UTC(2026, 0, 1)
const MINUTE_MS = 60_000

testOnDatabases('alerts see traffic, bypass, what waits and what was lost; and that nothing came', async (database) => {
  const { db } = database
  const writer = new SeriesWriter(database)
  const nodes = { g: new ExampleNode(START), h: new ExampleNode(START) }
  const say = async (gateway: 'g' | 'h', minute: number, change: (stats: NodeStats) => void = () => undefined) => {
    const stats = nodes[gateway].stats()
    change(stats)
    const at = START + minute * MINUTE_MS
    await writer.write([{ org: 'o', gateway, configuration: `${gateway}-conf`, stats, windows: [], at }])
  }
  nodes.g.take({ pipeline: 'main', records: 10, bytes: 100, bypassed: 2, output: 'out' })
  nodes.h.take({ pipeline: 'side', records: 7, bytes: 70, output: 'out' })
  nodes.g.outputs.get('out')!.expired.add(3, 30)
  nodes.g.outputs.get('out')!.rejected.add(2, 20)
  await say('g', 0, ({ pipelines, outputs }) => {
    pipelines[0]!.state = 'bypass'
    outputs[0]!.spool = { bytes: 500, bytes_max: 1000, failures: 0, broken_bytes: 0, failure: null }
  })
  await say('h', 0)
  await say('g', 1)
  const all = await alertMinutes(db, 'o', {}, undefined, START, START + 3 * MINUTE_MS)
  assert.deepEqual(all, [
    {
      at: START,
      in: { records: 17, bytes: 170 },
      out: { records: 17, bytes: 170 },
      bypassedBytes: 20,
      held: true,
      spoolBytes: 500,
      deadLetters: 2,
      lost: 3,
    },
    {
      at: START + MINUTE_MS,
      in: { records: 0, bytes: 0 },
      out: { records: 0, bytes: 0 },
      bypassedBytes: 0,
      held: false,
      spoolBytes: 0,
      deadLetters: 0,
      lost: 0,
    },
  ])
  assert.deepEqual(await alertMinutes(db, 'o', {}, ['g', 'h'], START, START + 3 * MINUTE_MS), all)
  const [side] = await alertMinutes(db, 'o', { pipeline: 'si*' }, undefined, START, START + MINUTE_MS)
  assert.deepEqual([side!.in, side!.held, side!.lost], [{ records: 7, bytes: 70 }, false, null])
  const [output] = await alertMinutes(db, 'o', { output: 'out' }, undefined, START, START + MINUTE_MS)
  assert.deepEqual([output!.in, output!.deadLetters, output!.lost], [null, 2, 3])
  const h = await alertMinutes(db, 'o', { configuration: 'h-*' }, undefined, START, START + 3 * MINUTE_MS)
  assert.deepEqual(
    h.map(({ in: taken }) => taken?.records),
    [7],
  )
  const one = await alertMinutes(db, 'o', {}, ['h'], START, START + 3 * MINUTE_MS)
  assert.deepEqual(
    one.map(({ at, in: taken, held }) => [at, taken?.records, held]),
    [[START, 7, false]],
  )
  assert.deepEqual(await alertMinutes(db, 'other', {}, undefined, START, START + 3 * MINUTE_MS), [])
})
