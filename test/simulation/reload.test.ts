/** Configurations change while records flow: nothing lost, nothing twice, no record through half of one and half of another. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProcessorPlan } from '#component/plan.ts'
import { numbered, startNode } from '#test/support/node-harness.ts'

/** Both marks of a version must be on a record, or its chain was torn. */
function version(n: number): Partial<ProcessorPlan>[] {
  return [
    { type: 'mark', options: { with: ` ${n}` } },
    { type: 'mark', options: { with: ` ${n}` } },
  ]
}

for (const engines of [1, 2]) {
  test(`200 reloads under full load lose, double and tear nothing, with ${engines} engine(s)`, async () => {
    await using it = await startNode({ processors: version(0), overflow: 'block', engines })
    const perPut = 500
    let sent = 0
    let done = false
    const sending = (async () => {
      while (!done) {
        if (it.put(numbered(sent, perPut, ''), sent)) sent += perPut
        else await new Promise((resolve) => setImmediate(resolve))
        if (sent % (20 * perPut) === 0) await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    for (let n = 1; n <= 200; n++) await it.node.apply(it.plan(version(n)))
    done = true
    await sending
    await it.settle()
    assert.equal(it.node.stats().config.reloads, 200)
    assert.equal(it.out.length, sent)
    const seen = new Set<string>()
    let newest = 0
    for (const line of it.out) {
      const [number, first, second, ...rest] = line.split(' ').filter(Boolean)
      assert.ok(number !== undefined && first !== undefined && first === second && rest.length === 0, `torn: ${line}`)
      seen.add(number)
      newest = Math.max(newest, Number(first))
      if (engines === 1) assert.equal(Number(first), newest, 'no record goes back to an older version')
    }
    assert.equal(seen.size, sent, 'nothing lost, nothing twice')
    assert.equal(newest, 200)
  })
}

test('a configuration that the engines refuse changes nothing', async () => {
  await using it = await startNode({ processors: version(1) })
  it.put(numbered(0, 10))
  await assert.rejects(it.node.apply(it.plan([{ type: 'no_such_type', options: {} }])), { code: 'SG_RELOAD' })
  it.put(numbered(10, 10))
  await it.settle()
  assert.equal(it.out.length, 20)
  assert.ok(it.out.every((line) => line.endsWith(' 1 1')))
  const { config } = it.node.stats()
  assert.deepEqual([config.reloads, config.failed], [0, 1])
  assert.match(config.last_error ?? '', /no_such_type/)
})

test('a configuration whose source cannot start changes nothing: rules and outputs go back too', async () => {
  await using it = await startNode({ processors: version(1) })
  const { hash } = it.node.stats().config
  for (let round = 0; round < 3; round++) {
    it.put(numbered(20 * round, 10))
    const plan = it.plan(version(2))
    plan.sources.push({ ...plan.sources[0]!, id: 'cannot', type: 'cannot_listen' })
    plan.outputs[0] = { ...plan.outputs[0]!, id: 'elsewhere', options: { name: 'elsewhere' } }
    plan.pipelines[0] = { ...plan.pipelines[0]!, sources: ['in', 'cannot'], outputs: ['elsewhere'] }
    await assert.rejects(it.node.apply(plan), /cannot_listen/)
    it.put(numbered(20 * round + 10, 10))
    await it.settle()
  }
  const seen = [...it.out, ...(it.collected.get('elsewhere') ?? [])]
  assert.equal(seen.length, 60, 'nothing lost, nothing twice')
  for (const line of numbered(0, 60).filter((_, i) => i % 20 >= 10))
    assert.ok(it.out.includes(`${line} 1 1`), `${line} went through what was refused`)
  const { config, sources, outputs } = it.node.stats()
  assert.deepEqual([config.hash, config.reloads, config.failed], [hash, 0, 3])
  assert.match(config.last_error ?? '', /cannot_listen/)
  assert.deepEqual([sources.map(({ id }) => id), outputs.map(({ id }) => id)], [['in'], ['out', 'elsewhere']])
})

test('a reload while an engine hangs takes effect in its successor', async () => {
  await using it = await startNode({
    processors: [{ type: 'fault_spin', options: { times: 1 } }],
    failOpen: { stallMs: 100, killMs: 400, probeMs: 50 },
  })
  it.put(['FAULT'])
  await it.until(() => it.books.state === 'bypass', 'the engine to hang')
  await it.node.apply(it.plan(version(7)))
  it.put(numbered(0, 5))
  await it.settle()
  assert.deepEqual(
    it.out.slice(-5),
    numbered(0, 5).map((line) => `${line} 7 7`),
  )
})

test('what a source has brought before a reload takes it away goes through the pipelines that it had', async () => {
  await using it = await startNode({ processors: version(1) })
  const count = 100_000
  for (let from = 0; from < count; from += 1000) it.put(numbered(from, 1000))
  const plan = it.plan(version(2))
  plan.sources = [{ ...plan.sources[0]!, id: 'another' }]
  plan.pipelines[0]!.sources = ['another']
  await it.node.apply(plan)
  await it.settle()
  assert.equal(it.out.length, count)
  assert.ok(it.out.every((line) => line.endsWith(' 1 1')))
})
