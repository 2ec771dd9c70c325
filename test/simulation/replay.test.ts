/** Rules tried on records: what a replay says is what a node would do, and rules that never end do not hold it up. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProcessorPlan } from '#component/plan.ts'
import { find } from '#component/registry.ts'
import { type ReplayInput, replay } from '#engine/replay.ts'
import { replayInWorker } from '#engine/replay-runner.ts'
import { traitsOf } from '#engine/traits.ts'
import { registry } from '#registry.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { faultProcessors } from '#test/support/fault-processors.ts'
import { numbered, startNode } from '#test/support/node-harness.ts'

enableLinearRegex()

const ALL = { ...registry, processors: [...registry.processors, ...faultProcessors] }
const PRODUCT = new URL('../../src/replay-worker.ts', import.meta.url)
const FAULTY = new URL('../support/replay-worker.ts', import.meta.url)

function plan(id: string, type: string, options: object, more: Partial<ProcessorPlan> = {}): ProcessorPlan {
  const parsed = find(ALL.processors, type)?.config.parse(options) ?? {}
  return { id, type, options: parsed, when: undefined, required: false, onError: 'pass', ...more }
}

const RULES = [
  plan('drop', 'filter', { value: 'DEBUG' }),
  plan('once', 'dedupe', { window_ms: 1000 }),
  plan('redact', 'redact', { pattern: 'password=\\S+' }),
  plan('pass', 'fault_throw', { on: 'passes' }),
  plan('stop', 'fault_throw', { on: 'stuck' }, { onError: 'quarantine' }),
]

const texts = (lines: string[]): ReplayInput[] => lines.map((text) => ({ text }))

test('a replay tells what becomes of each record, which rules did it, and what each rule did', () => {
  const lines = ['a', 'DEBUG b', 'a', 'password=1', 'passes', 'stuck', 'two\nlines']
  const { records, rules, cpu_ns_per_record } = replay(RULES, ALL, [...texts(lines), { base64: '/w==' }])
  assert.deepEqual(
    records.map(({ fate, rule, edited_by: by, after, errors }) => [fate, rule, by, after, errors]),
    [
      ['forwarded', null, [], { text: 'a' }, []],
      ['dropped', 'drop', [], null, []],
      ['deduplicated', 'once', [], null, []],
      ['forwarded', null, ['redact'], { text: '[redacted]' }, []],
      ['forwarded', null, [], { text: 'passes' }, ['pass']],
      ['quarantined', 'stop', [], null, ['stop']],
      ['forwarded', null, [], { text: 'two\nlines' }, []],
      ['forwarded', null, [], { base64: '/w==' }, []],
    ],
  )
  assert.deepEqual(rules, [
    { id: 'drop', ended: 1, edited: 0, errors: 0, bytes: 7 },
    { id: 'once', ended: 1, edited: 0, errors: 0, bytes: 1 },
    { id: 'redact', ended: 0, edited: 1, errors: 0, bytes: 0 },
    { id: 'pass', ended: 0, edited: 0, errors: 1, bytes: 0 },
    { id: 'stop', ended: 1, edited: 0, errors: 1, bytes: 5 },
  ])
  assert.equal(cpu_ns_per_record, null)
})

test('time and chance are given: the same seed ends the same, and a window ends by the time of arrival', () => {
  const rules = [plan('once', 'dedupe', { window_ms: 1000 }), plan('some', 'sample', { keep_ratio: 0.5 })]
  const at = Date.UTC(2026, 1, 1)
  const again = replay(rules.slice(0, 1), ALL, [
    { text: 'a', at },
    { text: 'a', at: at + 10 },
    { text: 'a', at: at + 5000 },
  ])
  assert.deepEqual(
    again.records.map(({ fate }) => fate),
    ['forwarded', 'deduplicated', 'forwarded'],
  )
  const records = texts(numbered(0, 1000))
  const fatesOf = (seed: number) => replay(rules, ALL, records, { seed }).records.map(({ fate }) => fate)
  assert.deepEqual(fatesOf(5), fatesOf(5))
  assert.notDeepEqual(fatesOf(5), fatesOf(6))
})

test('a replay says what a node does', async () => {
  const lines = numbered(0, 1000).map(
    (line, i) => `${i % 3 === 0 ? 'DEBUG' : 'INFO'} ${line.slice(-9)} password=${i % 7}`,
  )
  const { records, rules } = replay(RULES, ALL, texts(lines))
  await using it = await startNode({ processors: RULES })
  it.put(lines)
  const books = await it.settle()
  assert.deepEqual(
    it.out,
    records.flatMap(({ after }) => (after === null ? [] : [after.text])),
  )
  assert.deepEqual(
    rules.map(({ ended, edited }) => [ended, edited]),
    books.rules.map(({ ended, edited }) => [ended.records, edited.records]),
  )
})

test('a worker tries candidates side by side and measures them', async () => {
  const records = texts(numbered(0, 500, 'DEBUG password=1'))
  const candidates = [
    { id: 'none', processors: [] },
    { id: 'some', processors: RULES.slice(0, 3) },
  ]
  const [none, some] = await replayInWorker({ candidates, records, measureCpu: true }, PRODUCT, 60_000)
  assert.deepEqual([none?.id, none?.rules, none?.records[0]?.fate], ['none', [], 'forwarded'])
  assert.equal(some?.rules[0]?.ended, 500)
  assert.ok(some.cpu_ns_per_record !== null && some.cpu_ns_per_record > 0)
  assert.ok(none!.cpu_ns_per_record! < some.cpu_ns_per_record * 10)
})

test('rules that never end, that end the thread, or that cannot be compiled are told', async () => {
  const run = (processors: ProcessorPlan[], timeoutMs = 60_000) =>
    replayInWorker({ candidates: [{ id: 'c', processors }], records: texts(['FAULT']) }, FAULTY, timeoutMs)
  await assert.rejects(run([plan('spin', 'fault_spin', {})], 1_500), { code: 'SG_REPLAY', message: /1500 ms/ })
  await assert.rejects(run([plan('exit', 'fault_exit', {})]), { code: 'SG_REPLAY' })
  await assert.rejects(run([plan('hoard', 'fault_memory', {})]), { code: 'SG_REPLAY' })
  await assert.rejects(run([plan('none', 'no_such_type', {})]), {
    code: 'SG_CONFIG_UNKNOWN_TYPE',
    path: 'candidates/0/processors/0/type',
  })
  assert.throws(() => replay([], ALL, new Array<ReplayInput>(50_001).fill({ text: '' })), { code: 'SG_REPLAY' })
})

test('what is declared of processors can be asked', () => {
  assert.deepEqual(traitsOf('dedupe', registry), {
    stateful: true,
    mutates: true,
    outcome: 'deduplicated',
    signals: ['logs'],
  })
  assert.equal(traitsOf('filter', registry)?.stateful, false)
  assert.equal(traitsOf('none', registry), undefined)
})
