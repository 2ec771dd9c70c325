/** What a node shows of records: true to what became of them, redacted where it must be, and never to the harm of the records. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { putMetricRecord } from '#codecs/metric/decoder.ts'
import { MetricWriter } from '#codecs/metric/writer.ts'
import type { ProcessorPlan } from '#component/plan.ts'
import type { ObservedRecord, TapBatch, TapSelection } from '#contract/observation.ts'
import { allocate } from '#std/bytes.ts'
import { writePoint } from '#test/support/metrics.ts'
import { type NodeHarness, numbered, startNode } from '#test/support/node-harness.ts'
import { requestOf } from '#test/support/otlp-blocks.ts'

const SECRET = '[redacted]'
const REDACT: Partial<ProcessorPlan> = {
  id: 'redact',
  type: 'redact',
  options: { pattern: 'password=\\S+', replacement: SECRET },
  required: true,
  onError: 'quarantine',
}
const DROP: Partial<ProcessorPlan> = { id: 'drop', type: 'filter', options: { value: 'DEBUG' } }

class Watcher {
  readonly records: ObservedRecord[] = []
  skipped = 0
  batches = 0
  readonly close: () => void

  constructor(it: NodeHarness, selection: Partial<TapSelection> = {}) {
    this.close = it.node.tap({ raw: false, per_second_max: 1000, ...selection }, (batch) => this.take(batch))
  }

  take({ records, skipped }: TapBatch): void {
    this.records.push(...records)
    this.skipped += skipped
    this.batches++
  }

  get total(): number {
    return this.records.length + this.skipped
  }

  of(text: string): ObservedRecord {
    const record = this.records.find(({ before }) => before.text?.includes(text))
    assert.ok(record, `nothing shown of ${text}: ${JSON.stringify(this.records)}`)
    return record
  }
}

/** All records of the samples, and how many they stand for. */
function sampled(it: NodeHarness): { records: ObservedRecord[]; seen: number; bytes: number } {
  const windows = it.node.samples()
  return {
    records: windows.flatMap(({ records }) => records),
    seen: windows.reduce((sum, window) => sum + window.seen.records, 0),
    bytes: windows.reduce((sum, window) => sum + window.seen.bytes, 0),
  }
}

test('a tap shows what came in, what became of it, and which rule did it', async () => {
  await using it = await startNode({
    processors: [
      { ...DROP },
      { id: 'none', type: 'sample', options: { keep_ratio: 0 }, when: { field: 'kind', equals: 'sampled' } },
      { id: 'once', type: 'dedupe', options: { window_ms: 60_000 } },
      REDACT,
      { id: 'mark', type: 'mark', options: { with: '!' }, when: { field: 'kind', equals: 'edited' } },
      { id: 'pass', type: 'fault_throw', options: { on: 'passes' } },
      { id: 'drops', type: 'fault_throw', options: { on: 'loses' }, onError: 'drop' },
      { id: 'stops', type: 'fault_throw', options: { on: 'stuck' }, onError: 'quarantine' },
    ],
  })
  const watcher = new Watcher(it)
  it.put([
    'plain',
    'DEBUG password=hidden',
    '{"kind":"sampled"}',
    'again',
    'again',
    '{"kind":"edited","m":"password=hidden "}',
    'passes',
    'loses',
    'stuck',
  ])
  await it.until(() => watcher.total === 9, 'nine records to be shown')
  await it.settle()
  const outcomes = watcher.records.map(({ fate, rule, edited_by: by, after }) => [fate, rule, by.join(), after?.text])
  assert.deepEqual(outcomes, [
    ['forwarded', null, '', 'plain'],
    ['dropped', 'drop', '', undefined],
    ['sampled', 'none', '', undefined],
    ['forwarded', null, '', 'again'],
    ['deduplicated', 'once', '', undefined],
    ['forwarded', null, 'redact,mark', `{"kind":"edited","m":"${SECRET} "}!`],
    ['forwarded', null, '', 'passes'],
    ['dropped', 'drops', '', undefined],
    ['quarantined', 'stops', '', undefined],
  ])
  const dropped = watcher.of('DEBUG')
  assert.deepEqual(dropped.before, { text: `DEBUG ${SECRET}` })
  assert.deepEqual([dropped.bytes_in, dropped.bytes_out], ['DEBUG password=hidden'.length, 0])
  assert.equal(watcher.of('edited').bytes_out, `{"kind":"edited","m":"${SECRET} "}!`.length)
  const inSample = sampled(it).records.map(({ before, after, fate, rule }) => ({ before, after, fate, rule }))
  const inTap = watcher.records.map(({ before, after, fate, rule }) => ({ before, after, fate, rule }))
  await it.until(() => sampled(it).seen === 9, 'the counts')
  assert.deepEqual(inSample, inTap)
  watcher.close()
})

test('what must not leave does not leave the engine, wherever the rule stands, unless raw was asked for', async () => {
  await using it = await startNode({
    processors: [
      DROP,
      { id: 'struck', type: 'fault_redact', options: { on: 'FAULT' }, required: true, onError: 'pass' },
      REDACT,
    ],
  })
  const shown = new Watcher(it)
  const raw = new Watcher(it, { raw: true })
  it.put(['DEBUG password=hidden', 'INFO password=hidden', 'DEBUG FAULT password=hidden', 'FAULT password=hidden'])
  await it.until(() => shown.total === 4 && raw.total === 4, 'all to be seen')
  assert.deepEqual(
    shown.records.map(({ before }) => before.text),
    [`DEBUG ${SECRET}`, `INFO ${SECRET}`],
    'where a rule that protects fails, nothing is shown',
  )
  assert.equal(shown.skipped, 2)
  assert.equal(raw.of('DEBUG FAULT').before.text, 'DEBUG FAULT password=hidden')
  await it.until(() => sampled(it).seen === 4, 'the counts')
  assert.doesNotMatch(JSON.stringify(it.node.samples()), /hidden/)
  assert.equal(sampled(it).records.length, 2)
})

test('the sample is uniform over records and blocks, and its counts are exact', async () => {
  await using it = await startNode({ engines: 2, overflow: 'block' })
  const count = 60_000
  const perPut = 150
  let bytes = 0
  for (let from = 0; from < count; from += perPut) {
    const lines = numbered(from, perPut, 'INFO some text')
    bytes += lines.join('').length
    while (!it.put(lines, from / perPut)) await new Promise((resolve) => setImmediate(resolve))
  }
  await it.settle()
  await it.until(() => sampled(it).seen === count, 'the counts')
  assert.equal(sampled(it).bytes, bytes)
  // Over the end of a minute there are two windows, each with a sample of its own, so each is looked at by its weight.
  const cells = new Array<number>(10).fill(0)
  for (const { records, seen } of it.node.samples()) {
    assert.ok(records.length >= Math.min(seen.records, 200), `${records.length} of ${seen.records}`)
    const weight = seen.records / records.length
    for (const { before } of records) cells[Math.floor((Number(before.text!.slice(0, 8)) * 10) / count)]! += weight
  }
  const taken = sampled(it).records.length
  const expected = count / cells.length
  const chiSquare = cells.reduce((sum, weight) => sum + (weight - expected) ** 2 / expected, 0) * (taken / count)
  // 9 degrees of freedom: above 33.7 in one of ten thousand cases.
  assert.ok(chiSquare < 33.7, `chi-square ${chiSquare}: ${cells.map(Math.round)}`)
  assert.equal(new Set(sampled(it).records.map(({ before }) => before.text)).size, taken, 'no record twice')
})

test('taps change no books and no order, and what is beyond the bound is counted', async () => {
  const processors = [DROP, REDACT]
  const lines = numbered(0, 20_000, 'INFO password=hidden').map((line, i) => (i % 4 === 0 ? `DEBUG ${line}` : line))
  const run = async (selections: Partial<TapSelection>[]) => {
    await using it = await startNode({ processors, overflow: 'block' })
    const watchers = selections.map((selection) => new Watcher(it, selection))
    for (let from = 0; from < lines.length; from += 500) {
      it.put(lines.slice(from, from + 500))
      await new Promise((resolve) => setImmediate(resolve))
    }
    const { state: _state, state_since: _since, ...books } = (await it.settle()) as unknown as Record<string, unknown>
    const totals = selections.map((selection) => (selection.rule === undefined ? lines.length : lines.length / 4))
    await it.until(() => watchers.every(({ total }, w) => total === totals[w]), 'all to be shown or counted')
    for (const watcher of watchers) assert.ok(watcher.records.length > 0 && watcher.skipped > 0)
    return { books: JSON.stringify(books, (key, value) => (key === 'since' ? 0 : value)), out: it.out }
  }
  const alone = await run([])
  const watched = await run([{ per_second_max: 5 }, { raw: true }, { rule: 'drop', per_second_max: 3 }])
  assert.deepEqual(watched, alone)
})

test('a tap asks for a field, for a fate, for a rule that ended or edited', async () => {
  await using it = await startNode({ processors: [DROP, REDACT] })
  const byField = new Watcher(it, { when: { field: 'service', equals: 'checkout' } })
  const byFate = new Watcher(it, { fate: 'dropped' })
  const byRule = new Watcher(it, { rule: 'redact' })
  it.put(['{"service":"checkout"}', '{"service":"other"}', 'DEBUG', 'password=1', 'DEBUG password=2'])
  await it.until(() => byField.total > 0 && byFate.total > 1 && byRule.total > 0, 'what was asked for')
  assert.deepEqual(
    [byField, byFate, byRule].map(({ records }) => records.map(({ before }) => before.text)),
    [['{"service":"checkout"}'], ['DEBUG', `DEBUG ${SECRET}`], [SECRET]],
  )
})

test('what cannot be selected is refused at once, and so are too many taps', async () => {
  await using it = await startNode({ processors: [DROP] })
  const open = (selection: Partial<TapSelection>) => new Watcher(it, selection)
  assert.throws(() => open({ when: { field: 'a' } }), { code: 'SG_CONFIG_INVALID', path: 'when' })
  assert.throws(() => open({ when: { field: 'a', regex: '(' } }), { code: 'SG_PATTERN_SYNTAX', path: 'when/regex' })
  assert.throws(() => open({ pipeline: 'none' }), { code: 'SG_TAP', path: 'pipeline' })
  assert.throws(() => open({ rule: 'none' }), { code: 'SG_TAP', path: 'rule' })
  const taps = Array.from({ length: 16 }, () => open({}))
  assert.throws(() => open({}), { code: 'SG_TAP' })
  taps[0]!.close()
  taps[0]!.close()
  open({})
})

test('a watcher that is slow loses records and is told how many; the pipeline goes on', async () => {
  await using it = await startNode()
  const { promise, resolve } = Promise.withResolvers<void>()
  const watcher = new Watcher({ node: { tap: () => () => undefined } } as unknown as NodeHarness)
  it.node.tap({ raw: false, per_second_max: 10 }, (batch) => {
    watcher.take(batch)
    return promise
  })
  it.put(['first'])
  await it.until(() => watcher.batches === 1, 'the first batch')
  for (let n = 0; n < 100; n++) it.put(numbered(100 * n, 100))
  const books = await it.settle()
  assert.equal(books.forwarded.records, 10_001)
  assert.equal(watcher.batches, 1)
  resolve()
  await it.until(() => watcher.total === 10_001, 'the rest to be counted')
  assert.ok(watcher.records.length <= 30, String(watcher.records.length))
})

test('a watcher that throws is sent no more, and harms nobody', async () => {
  await using it = await startNode()
  let calls = 0
  it.node.tap({ raw: false, per_second_max: 10 }, () => {
    calls++
    throw new Error('gone')
  })
  const other = new Watcher(it)
  it.put(['one'])
  await it.until(() => other.total === 1, 'one')
  it.put(['two'])
  await it.until(() => other.total === 2, 'two')
  assert.equal(calls, 1)
})

test('a tap and the sample last over a reload; a new rule that protects makes the older sample go', async () => {
  await using it = await startNode({ processors: [DROP] })
  const watcher = new Watcher(it)
  it.put(['one password=hidden'])
  await it.until(() => watcher.total === 1 && sampled(it).seen === 1, 'one')
  await it.node.apply(it.plan([{ ...DROP, options: { value: 'TRACE' } }]))
  it.put(['two TRACE', 'three'])
  await it.until(() => watcher.total === 3 && sampled(it).seen === 3, 'three')
  assert.equal(watcher.of('two').fate, 'dropped')
  assert.equal(sampled(it).records.length, 3)
  await it.node.apply(it.plan([DROP, REDACT]))
  assert.deepEqual(it.node.samples(), [])
  it.put(['four password=hidden'])
  await it.until(() => watcher.total === 4 && sampled(it).seen === 1, 'four')
  assert.deepEqual(sampled(it).records[0]?.before, { text: `four ${SECRET}` })
  assert.equal(watcher.of('four').before.text, `four ${SECRET}`)
  await it.node.apply(it.plan([REDACT, DROP]))
  it.put(['five'])
  await it.until(() => watcher.total === 5 && sampled(it).seen === 2, 'five')
  await it.node.apply(it.plan([]))
  assert.equal(sampled(it).seen, 2, 'what was redacted may be shown where nothing must be')
})

test('an engine that ends takes no tap along, and shows no record twice', async () => {
  await using it = await startNode({
    processors: [{ type: 'fault_exit', options: { on: 'FAULT', times: 1 } }],
    failOpen: { stallMs: 20_000, killMs: 25_000 },
  })
  const watcher = new Watcher(it)
  it.put(['before'])
  await it.until(() => watcher.total === 1 && sampled(it).seen === 1, 'the first')
  it.put(['FAULT', 'with it'])
  await it.until(() => it.node.stats().engines[0]!.restarts === 1, 'the engine to be replaced')
  await it.settle()
  it.put(['after'])
  await it.until(() => watcher.records.some(({ before }) => before.text === 'after'), 'the last')
  await it.until(() => sampled(it).seen === 4, 'the counts')
  const texts = watcher.records.map(({ before }) => before.text)
  assert.equal(new Set(texts).size, texts.length)
  assert.deepEqual(it.out, ['before', 'FAULT', 'with it', 'after'])
})

test('a record that ends the engine only when it is looked at is not looked at again', async () => {
  await using it = await startNode({
    processors: [DROP, { type: 'fault_redact', options: { on: 'FAULT', how: 'exit' }, required: true }],
    failOpen: { stallMs: 20_000, killMs: 25_000 },
  })
  it.put(['DEBUG FAULT', 'other'])
  await it.until(() => it.node.stats().engines[0]!.restarts === 1, 'the engine to be replaced')
  const books = await it.settle()
  assert.equal(books.dropped.records, 1)
  assert.equal(books.quarantined.records, 0)
  assert.deepEqual(it.out, ['other'])
  // What the engine had not told when it ended is as if it had not come.
  it.put(['another'])
  await it.until(() => sampled(it).seen === 1, 'the counts')
  assert.equal(it.node.stats().engines[0]!.restarts, 1)
})

test('long records and records that are no text are shown as far as they can be', async () => {
  await using it = await startNode({ processors: [REDACT] })
  const watcher = new Watcher(it)
  const secretAtTheCut = `${'x'.repeat(16_380)} password=hidden ${'y'.repeat(10_000)}`
  it.put([secretAtTheCut, 'z'.repeat(300_000)])
  it.putBytes(Uint8Array.of(0x61, 0xff, 0x62))
  await it.until(() => watcher.total === 3, 'all three')
  const [long, huge, binary] = watcher.records
  assert.equal(long!.before.text, `${'x'.repeat(16_380)} ${SECRET}`.slice(0, 16_384))
  assert.equal(long!.bytes_in, secretAtTheCut.length)
  assert.deepEqual([huge!.before, huge!.after, huge!.bytes_in], [{ text: '' }, { text: '' }, 300_000])
  assert.deepEqual(binary!.before, { base64: 'Yf9i' })
})

test('records of OpenTelemetry are shown as JSON, with what they share; an edit of that is an edit of each', async () => {
  await using it = await startNode({ processors: [DROP, REDACT] })
  const watcher = new Watcher(it)
  const byRule = new Watcher(it, { rule: 'redact' })
  const body = (text: string) => ({ body: { string_value: text } })
  const resource = { attributes: [{ key: 'host', value: { string_value: 'password=hidden' } }] }
  it.putBytes(requestOf('logs', [body('DEBUG a'), body('b'), body('password=hidden')], { resource }), {
    framing: 'otlp_logs',
  })
  await it.until(() => watcher.total === 3 && byRule.total === 2, 'all three')
  const shown = watcher.records.map(({ fate, edited_by: by, before, after }) => {
    const [old, now] = [before, after].map((side) => (side === null ? null : JSON.parse(side.text!)))
    return [fate, by.join(), old.message ?? old.body, JSON.stringify(old).includes(SECRET), now?.message ?? now?.body]
  })
  assert.deepEqual(shown, [
    ['dropped', '', 'DEBUG a', true, undefined],
    ['forwarded', 'redact', 'b', true, 'b'],
    ['forwarded', 'redact', SECRET, true, SECRET],
  ])
  assert.doesNotMatch(JSON.stringify([watcher.records, byRule.records, it.node.samples()]), /hidden/)
})

test('messages of syslog are shown as JSON', async () => {
  await using it = await startNode({ processors: [REDACT] })
  const watcher = new Watcher(it)
  const message = '<34>1 2026-01-01T00:00:00Z host app 7 - - password=hidden'
  it.putBytes(Buffer.from(message), { framing: 'syslog_record' })
  await it.until(() => watcher.total === 1, 'the message')
  const [record] = watcher.records
  assert.equal(record?.bytes_in, message.length)
  assert.equal(JSON.parse(record.before.text!).message, SECRET)
  assert.deepEqual([record.after, record.edited_by], [record.before, ['redact']])
})

test('points are shown as JSON, also those that a rule has merged', async () => {
  await using it = await startNode({
    signal: 'metrics',
    processors: [{ id: 'rollup', type: 'aggregate', options: { interval_ms: 3_600_000 } }],
  })
  const watcher = new Watcher(it)
  const writer = new MetricWriter()
  writer.begin()
  writePoint(writer, { kind: 'sum', temporality: 'delta', labels: { __name__: 'hits', host: 'a' }, value: 3 })
  const target = allocate(1024)
  it.putBytes(target.subarray(0, putMetricRecord(writer.bytes, 0, writer.at, target, 0)), { framing: 'metric_records' })
  await it.until(() => watcher.total === 1, 'the point')
  const [record] = watcher.records
  assert.deepEqual([record?.fate, record?.rule, record?.after], ['aggregated', 'rollup', null])
  assert.match(record!.before.text!, /"hits".*"host":"a"/)
})

test('each pipeline of a source shows what it does itself, and a tap of one shows no other', async () => {
  await using it = await startNode({ processors: [DROP] })
  const plan = it.plan([DROP])
  const [first] = plan.pipelines
  const second = it.plan([{ ...REDACT }, { id: 'mark', type: 'mark', options: { with: '!' } }]).pipelines[0]!
  plan.pipelines = [first!, { ...second, id: 'second' }]
  await it.node.apply(plan)
  const all = new Watcher(it)
  const one = new Watcher(it, { pipeline: 'second' })
  it.put(['DEBUG password=hidden'])
  await it.until(() => all.total === 2 && one.total === 1, 'both')
  assert.deepEqual(
    all.records.map(({ pipeline, fate, edited_by: by, before }) => [pipeline, fate, by.join(), before.text]),
    [
      ['pipeline', 'dropped', '', 'DEBUG password=hidden'],
      ['second', 'forwarded', 'redact,mark', `DEBUG ${SECRET}`],
    ],
  )
  assert.deepEqual(one.records, all.records.slice(1))
  await it.until(() => it.node.samples().length === 2 && sampled(it).seen === 2, 'both samples')
})

test('a pressed node shows that only required rules ran', async () => {
  await using it = await startNode({
    processors: [DROP, REDACT, { id: 'fails', type: 'fault_throw' }],
    failOpen: { probeMs: 600_000, stallMs: 20_000, killMs: 25_000 },
  })
  it.put(Array.from({ length: 2000 }, () => 'FAULT'))
  await it.until(() => it.books.state === 'pressed', 'the node to be pressed')
  await it.settle()
  const watcher = new Watcher(it)
  it.put(['DEBUG password=hidden'])
  await it.until(() => watcher.total === 1, 'the record')
  const last = watcher.of('DEBUG')
  assert.deepEqual([last.fate, last.edited_by, last.after], ['forwarded', ['redact'], { text: `DEBUG ${SECRET}` }])
})

test('a block that is done again because it was too large is shown once and counted once', async () => {
  await using it = await startNode({
    processors: [{ id: 'mark', type: 'mark', options: { with: 'x'.repeat(50_000) } }],
    overflow: 'block',
  })
  const watcher = new Watcher(it)
  it.put(numbered(0, 1000))
  const books = await it.settle()
  assert.equal(books.forwarded.records, 1000)
  await it.until(() => watcher.total === 1000 && sampled(it).seen === 1000, 'all to be seen')
  const texts = watcher.records.map(({ before }) => before.text)
  assert.equal(new Set(texts).size, texts.length)
  const inSample = sampled(it).records.map(({ before }) => before.text)
  assert.equal(new Set(inSample).size, inSample.length)
})
