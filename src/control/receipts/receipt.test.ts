import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Estimate, receipt as receiptSchema } from '#contract/receipt.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { randomFrom } from '#std/random.ts'
import { shopTraffic } from '#test/support/log-traffic.ts'
import { inputOf, observed, wholeReceipt } from '#test/support/receipts.ts'
import { runChain } from '#test/support/replayed.ts'
import type { ReceiptInput } from './input.ts'
import { impactReceipt } from './receipt.ts'
import type { Rule } from './replayed.ts'

enableLinearRegex()

const live: Rule[] = [
  { id: 'no_debug', type: 'attribute_filter', params: { attribute: 'level', equals: 'debug' } },
  { id: 'mails', type: 'redact', params: { builtin: 'email' } },
  { id: 'half_cart', type: 'sample', params: { keep_ratio: 0.5 }, when: { field: 'service', equals: 'cart' } },
  { id: 'repeats', type: 'dedupe', params: { fields: ['service', 'message'], window_ms: 60_000 } },
]

const exact = (value: number): Estimate => ({ value, low: value, high: value })
const redactMails: Rule = { id: 'mails', type: 'redact', params: { builtin: 'email' } }

test('a sample that is everything makes a receipt without doubt, and the same rules make no difference', () => {
  const texts = shopTraffic({ seed: 3, records: 300 })
  const made = wholeReceipt(texts, { live, candidate: live })
  assert.deepEqual(receiptSchema.parse(made), made)
  assert.deepEqual(made.in.records, exact(300))
  assert.deepEqual(made.out.live, made.out.candidate)
  assert.deepEqual(made.out.difference, { records: exact(0), bytes: exact(0) })
  assert.deepEqual(made.lost_errors.lost, exact(0))
  assert.deepEqual(made.vanished_fields, [])
  assert.equal(made.sample.not_reproduced, 0)
  for (const { change, ended, edited } of made.rules) {
    assert.equal(change, 'unchanged')
    assert.deepEqual(ended.live, ended.candidate)
    assert.deepEqual(edited.live, edited.candidate)
  }
  assert.deepEqual(wholeReceipt(texts, { live, candidate: live }), made)
})

test('errors that the candidate ends, and the fields that go with them, have the rule that does it', () => {
  const texts = [
    ...Array.from({ length: 6 }, () => '{"level":"error","service":"pay","order":{"id":1}}'),
    ...Array.from({ length: 4 }, () => '{"level":"info","service":"web","path":"/"}'),
  ]
  const noPay: Rule = { id: 'no_pay', type: 'attribute_filter', params: { attribute: 'service', equals: 'pay' } }
  const made = wholeReceipt(texts, { live: [], candidate: [noPay] })
  assert.deepEqual(made.lost_errors, {
    ...{ lost: exact(6), regained: exact(0), sampled: 6 },
    by_rule: [{ pipeline: 'logs', rule: 'no_pay', records: exact(6) }],
  })
  assert.deepEqual(
    made.vanished_fields.map(({ path, sampled }) => [path, sampled]),
    [
      ['order', 6],
      ['order/id', 6],
    ],
  )
  const back = wholeReceipt(texts, { live: [noPay], candidate: [] })
  assert.deepEqual([back.lost_errors.lost, back.lost_errors.regained], [exact(0), exact(6)])
})

test('redactions: what is unchanged or wider is covered, what is gone cannot be proved, what is new is counted', () => {
  const texts = ['a@b.co 4111 1111 1111 1111', 'x@y.org', 'none', '4111 1111 1111 1111']
  const cards: Rule = { id: 'cards', type: 'redact', params: { builtin: 'credit_card' } }
  const of = (rules: Rule[]) => wholeReceipt(texts, { live: [redactMails], candidate: rules }).redactions

  const [same, added] = of([redactMails, cards])
  assert.deepEqual([same!.change, same!.covered, same!.candidate], ['unchanged', true, exact(2)])
  assert.deepEqual(
    [added!.change, added!.live, added!.candidate, added!.kinds],
    ['new', null, exact(2), ['credit_card']],
  )

  const [renamed] = of([{ ...redactMails, id: 'other' }])
  assert.deepEqual([renamed!.change, renamed!.covered, renamed!.candidate], ['unchanged', true, exact(2)])

  const [wider] = of([{ ...redactMails, params: { builtins: 'email, ssn' } }])
  assert.deepEqual([wider!.change, wider!.covered, wider!.unprovable], ['changed', true, exact(0)])

  for (const weaker of [{ required: false }, { on_error: 'pass' as const }, { when: { field: 'a', exists: true } }]) {
    const [row] = of([{ ...redactMails, ...weaker }])
    assert.deepEqual([row!.covered, row!.unprovable, row!.candidate], [false, exact(2), null], JSON.stringify(weaker))
  }
  const [gone] = of([])
  assert.deepEqual([gone!.change, gone!.covered, gone!.unprovable, gone!.sampled], ['removed', false, exact(2), 2])
})

test("rules of gateways' own files are named, and their redactions are not sure unless the candidate has taken them over", () => {
  const texts = ['a@b.co DEBUG', 'x@y.org', 'none']
  const noDebug: Rule = { id: 'no_debug', type: 'filter', params: { value: 'DEBUG' } }
  const of = (candidate: Rule[]) => {
    const own = [redactMails, noDebug]
    const random = randomFrom(1)
    const run = runChain(own, texts, { random })
    const before = runChain([redactMails], texts, { random })
    const records = observed(run, before, [...texts.keys()])
    const window = { pipeline: 'logs', from: 0, to: 60_000, seen: { records: 3, bytes: 30 }, records }
    return impactReceipt({ ...inputOf([window], { live: [], candidate }, random), live: null })
  }
  const made = of([])
  assert.deepEqual(receiptSchema.parse(made), made)
  const [row] = made.redactions
  assert.deepEqual(
    [row!.rule, row!.change, row!.live, row!.unprovable, row!.sampled, row!.covered],
    ['mails', 'removed', exact(2), exact(2), 2, false],
  )
  const named = ({ not_covered: gaps }: typeof made) =>
    gaps.filter(({ kind }) => kind === 'gateway_rules').map(({ subject }) => subject)
  assert.deepEqual(named(made), ['logs: mails, no_debug'])
  const taken = of([redactMails, noDebug])
  assert.deepEqual(
    taken.redactions.map(({ change, covered }) => [change, covered]),
    [['new', true]],
  )
})

test('redactions of pipelines without a sample are judged by rules, new ones by who shares their sources', () => {
  const base = inputOf([], { live: [redactMails], candidate: [] }, randomFrom(1))
  const [pipeline] = base.pipelines
  const of = (...pipelines: ReceiptInput['pipelines']) =>
    impactReceipt({ ...base, pipelines }).redactions.map(({ pipeline, rule, covered }) => [pipeline, rule, covered])
  const idle = { ...pipeline!, replayed: undefined }
  const both = { sources: ['s'], outputs: [], rules: [redactMails] }
  assert.deepEqual(of(idle), [['logs', 'mails', false]])
  assert.deepEqual(of({ ...idle, signal: 'traces' }), [['logs', 'mails', false]])
  assert.deepEqual(of({ ...idle, candidate: both }), [['logs', 'mails', true]])

  const old = { ...idle, candidate: undefined }
  const fresh = { ...idle, id: 'fresh', live: undefined }
  assert.deepEqual(of(old, { ...fresh, candidate: { ...both, rules: [] } }), [['fresh', 'mails', false]])
  assert.deepEqual(of(old, { ...fresh, candidate: both }), [])
  assert.deepEqual(of(old, { ...fresh, candidate: { ...both, rules: [], sources: ['other'] } }), [])
})

test('what remembers records is counted as it was seen, and named where it is new or changed', () => {
  const texts = ['a', 'a', 'a', 'b']
  const repeats: Rule = { id: 'repeats', type: 'dedupe', params: { window_ms: 60_000 } }
  const noB: Rule = { id: 'no_b', type: 'filter', params: { value: 'b' } }
  const kept = wholeReceipt(texts, { live: [repeats], candidate: [repeats, noB] })
  assert.deepEqual([kept.out.live.records, kept.out.candidate.records], [exact(2), exact(1)])
  assert.deepEqual(kept.not_covered, [])

  const removed = wholeReceipt(texts, { live: [repeats], candidate: [] })
  assert.deepEqual(removed.out.candidate.records, exact(4))
  const changed = wholeReceipt(texts, { live: [repeats], candidate: [{ ...repeats, params: {} }] })
  assert.deepEqual(changed.out.candidate.records, exact(2))
  const made = wholeReceipt(texts, { live: [], candidate: [repeats] })
  assert.deepEqual(made.out.candidate.records, exact(4))
  for (const {
    not_covered: [gap],
  } of [removed, changed, made]) {
    assert.deepEqual([gap!.kind, gap!.subject], ['stateful_rule', 'logs/repeats'])
  }
})

test('a fate that redacted text cannot repeat stays as it was seen', () => {
  const texts = ['from a@b.co', 'from nobody']
  const noA: Rule = { id: 'no_a', type: 'filter', params: { value: 'a@b.co' } }
  const noNobody: Rule = { id: 'no_nobody', type: 'filter', params: { value: 'nobody' } }
  const made = wholeReceipt(texts, { live: [noA, redactMails], candidate: [noA, redactMails, noNobody] })
  assert.deepEqual([made.out.live.records, made.out.candidate.records], [exact(1), exact(0)])
  assert.equal(made.sample.not_reproduced, 1)
  assert.equal(made.not_covered[0]!.kind, 'reproduction')
})

test('what has no sample is named, and money is added by currency', () => {
  const random = randomFrom(1)
  const base = inputOf([], { live: [], candidate: [] }, random).pipelines[0]!
  const side = { rules: [], outputs: ['vendor', 'archive', 'free'], sources: ['s'] }
  const texts = Array.from({ length: 1000 }, () => 'x'.repeat(1000))
  const { pipelines, ...rest } = inputOf([], { live: [], candidate: [] }, random)
  const run = runChain([], texts, { random })
  const records = observed(run, run, [...texts.keys()])
  const window = { pipeline: 'logs', from: 0, to: 60_000, seen: { records: 1000, bytes: 1_000_000 }, records }
  const replayed = { live: runChain([], texts, { random }), candidate: runChain([], texts, { random }) }
  const made = impactReceipt({
    ...rest,
    pipelines: [
      {
        ...base,
        live: side,
        candidate: side,
        samples: [{ gateway: 'g', answered_at: 0, windows: [window] }],
        replayed,
      },
      { ...base, id: 'idle', replayed: undefined, samples: [] },
      { ...base, id: 'fresh', live: undefined },
      { ...base, id: 'old', candidate: undefined },
      { ...base, id: 'spans', signal: 'traces' },
    ],
    gateways: { asked: 3, answered: 2 },
    prices: [
      { output: 'vendor', currency: 'EUR', per_gb: 9, per_million_events: 0, since: 0 },
      { output: 'vendor', currency: 'EUR', per_gb: 2, per_million_events: 0, since: 5 },
      { output: 'vendor', currency: 'EUR', per_gb: 9, per_million_events: 0, since: 1e15 },
      { output: 'archive', currency: 'USD', per_gb: 0, per_million_events: 3, since: 0 },
    ],
  })
  assert.equal(pipelines.length, 1)
  assert.deepEqual(
    made.not_covered.map(({ kind }) => kind),
    ['no_sample', 'pipeline_new', 'pipeline_removed', 'signal', 'gateways_missing'],
  )
  // A minute of a megabyte and a thousand records, 30.44 days long.
  const minutes = 30.44 * 24 * 60
  const round = (value: number) => Math.round(value * 1e4) / 1e4
  assert.deepEqual(
    made.money.totals.map(({ currency, live: { value } }) => [currency, value]),
    [
      ['EUR', round(minutes * 0.001 * 2)],
      ['USD', round(minutes * 0.001 * 3)],
    ],
  )
  assert.deepEqual(made.money.unpriced, ['free'])
  assert.equal(made.sample.minutes, 1)
})

test('records that the sample does not hold whole keep the fate that was seen', () => {
  const texts = [`{"level":"error","message":"${'x'.repeat(20_000)}"}`, '{"level":"error","message":"short"}']
  const random = randomFrom(1)
  const run = runChain([], texts, { random })
  const whole = observed(run, run, [0, 1])
  const records = [{ ...whole[0]!, before: { text: texts[0]!.slice(0, 16_384) } }, whole[1]!]
  const window = { pipeline: 'logs', from: 0, to: 60_000, seen: { records: 2, bytes: 1 }, records }
  const noX: Rule = { id: 'no_x', type: 'filter', params: { value: 'x' } }
  const made = impactReceipt(inputOf([window], { live: [], candidate: [noX] }, random))
  assert.deepEqual(made.out.candidate.records, exact(2))
  assert.deepEqual(
    made.not_covered.map(({ kind, subject }) => [kind, subject]),
    [['clipped_records', '1 records of the sample']],
  )
})

test('services beyond the bound share a row, and nothing is lost of the sum', () => {
  const texts = Array.from({ length: 300 }, (_, i) => `{"service":"s${i % 60}","pad":"${'x'.repeat(i % 60)}"}`)
  const { services, severities } = wholeReceipt([...texts, 'no service', ''], { live: [], candidate: [] })
  assert.equal(services.length, 51)
  assert.deepEqual(services.find(({ name }) => name === 'other')!.in.records, exact(52))
  assert.equal(
    services.reduce((sum, row) => sum + row.in.records.value, 0),
    302,
  )
  assert.deepEqual(
    severities.map(({ name, in: { records } }) => [name, records.value]),
    [['unknown', 302]],
  )
})

const pool: Rule[] = [
  { id: 'a', type: 'attribute_filter', params: { attribute: 'level', equals: 'debug' } },
  { id: 'b', type: 'filter', params: { pattern: 'GET /healthz' } },
  { id: 'c', type: 'filter', params: { value: 'basket' }, when: { field: 'service', equals: 'web' } },
  { id: 'd', type: 'redact', params: { builtin: 'email' } },
  { id: 'e', type: 'redact', params: { pattern: '"tier":"a",?', replacement: '' } },
  { id: 'f', type: 'attribute_filter', params: { attribute: 'service', regex: '^(cart|mail)$' } },
  { id: 'g', type: 'redact', params: { builtin: 'credit_card' }, when: { field: 'service', equals: 'payments' } },
  {
    id: 'h',
    type: 'filter',
    params: { value: '"level":"warn"', mode: 'keep' },
    when: { field: 'service', equals: 'search' },
  },
]

test('of rules that look at each record alone, a receipt of everything is what happens, whatever changed', () => {
  const texts = shopTraffic({ seed: 11, records: 250 })
  const rules = fc.shuffledSubarray(pool)
  fc.assert(
    fc.property(rules, rules, (before, after) => {
      const made = wholeReceipt(texts, { live: before, candidate: after })
      const truth = runChain(after, texts, { random: randomFrom(1) }).records
      const out = truth.filter(({ fate }) => fate === 'forwarded')
      assert.deepEqual(made.out.candidate.records, exact(out.length))
      for (const { id, ended } of made.rules) {
        if (ended.candidate === null) continue
        assert.deepEqual(ended.candidate.records, exact(truth.filter(({ rule }) => rule === id).length), id)
      }
      assert.equal(made.sample.not_reproduced, 0)
    }),
    { seed: 20_251_121, numRuns: 60 },
  )
})
