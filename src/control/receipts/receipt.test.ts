/**
 * The receipt against what happens: traffic of a made-up shop goes whole through the real chains, live and candidate; a small
 * uniform sample of it, redacted by the live rules, is what the receipt is made from.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventTexts } from '#codecs/event/event-of.ts'
import type { ObservedRecord, SampleWindow } from '#contract/observation.ts'
import { type Estimate, type Receipt, receipt as receiptSchema } from '#contract/receipt.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { randomFrom } from '#std/random.ts'
import { shopTraffic } from '#test/support/log-traffic.ts'
import { runChain, traits } from '#test/support/replayed.ts'
import { severityName } from './groups.ts'
import type { ReceiptInput } from './input.ts'
import { impactReceipt } from './receipt.ts'
import type { Replayed, Rule } from './replayed.ts'
import { replayedRules } from './rules.ts'

enableLinearRegex()

const live: Rule[] = [
  { id: 'no_debug', type: 'attribute_filter', params: { attribute: 'level', equals: 'debug' } },
  { id: 'mails', type: 'redact', params: { builtin: 'email' } },
  { id: 'half_cart', type: 'sample', params: { keep_ratio: 0.5 }, when: { field: 'service', equals: 'cart' } },
  { id: 'repeats', type: 'dedupe', params: { fields: ['service', 'message'], window_ms: 60_000 } },
]
const candidate: Rule[] = [
  { id: 'no_probes', type: 'filter', params: { pattern: 'GET /healthz HTTP' } },
  ...live,
  { id: 'no_search', type: 'attribute_filter', params: { attribute: 'service', equals: 'search' } },
  { id: 'tenth_audit', type: 'sample', params: { keep_ratio: 0.1 }, when: { field: 'service', equals: 'audit' } },
  { id: 'cards', type: 'redact', params: { builtin: 'credit_card' } },
]

const MINUTES = 10
const STEP_MS = 20
const price = { output: 'vendor', currency: 'EUR', per_gb: 2.5, per_million_events: 1.7, since: 0 }
const monthFactor = (30.44 * 24 * 60) / MINUTES

interface Case {
  receipt: Receipt
  texts: string[]
  liveRun: Replayed
  candidateRun: Replayed
}

interface Scale {
  seed: number
  records: number
  sampled: number
}

function caseOf({ seed, records, sampled }: Scale, rules = { live, candidate }): Case {
  const texts = shopTraffic({ seed, records })
  const random = randomFrom(seed ^ 0x5eed)
  const liveRun = runChain(rules.live, texts, { random, stepMs: STEP_MS })
  const candidateRun = runChain(rules.candidate, texts, { random, stepMs: STEP_MS })
  const redactions = rules.live.filter(({ type }) => type === 'redact')
  const windows = [0, 1].map((half): SampleWindow => {
    const from = half * Math.floor(records / 2)
    const to = half === 0 ? Math.floor(records / 2) : records
    const drawn = drawnFrom(from, to, half === 0 ? Math.floor(sampled / 4) : sampled - Math.floor(sampled / 4), random)
    const before = runChain(
      redactions,
      drawn.map((i) => texts[i]!),
      { random },
    )
    return {
      pipeline: 'logs',
      from: half * (MINUTES / 2) * 60_000,
      to: (half + 1) * (MINUTES / 2) * 60_000,
      seen: { records: to - from, bytes: liveRun.records.slice(from, to).reduce((sum, r) => sum + r.bytes_in, 0) },
      records: drawn.map((i, d): ObservedRecord => {
        const { errors: _, ...run } = liveRun.records[i]!
        return {
          ...run,
          edited_by: [...run.edited_by],
          pipeline: 'logs',
          source: 's',
          at: i,
          before: before.records[d]!.after!,
        }
      }),
    }
  })
  return { receipt: impactReceipt(inputOf(windows, rules, random)), texts, liveRun, candidateRun }
}

function inputOf(
  windows: SampleWindow[],
  rules: { live: Rule[]; candidate: Rule[] },
  random: () => number,
): ReceiptInput {
  const before = windows.flatMap((window) => window.records.map((record) => record.before.text!))
  const chains = replayedRules(rules.live, rules.candidate, traits)
  return {
    now: MINUTES * 60_000,
    live: 'a',
    candidate: 'b',
    pipelines: [
      {
        id: 'logs',
        signal: 'logs',
        live: { rules: rules.live, outputs: ['vendor'] },
        candidate: { rules: rules.candidate, outputs: ['vendor'] },
        samples: [{ gateway: 'g', windows }],
        replayed: {
          live: runChain(chains.live, before, { random }),
          candidate: runChain(chains.candidate, before, { random }),
        },
      },
    ],
    traits,
    prices: [price],
    gateways: { asked: 1, answered: 1 },
  }
}

/** `count` different numbers of [from, to), in order: Vitter's algorithm S. */
function drawnFrom(from: number, to: number, count: number, random: () => number): number[] {
  const drawn: number[] = []
  for (let i = from; i < to; i++) if (random() * (to - i) < count - drawn.length) drawn.push(i)
  return drawn
}

/** What the receipt estimates, beside what is so. */
function comparisons({ receipt, texts, liveRun, candidateRun }: Case): [string, Estimate, number][] {
  const reader = new EventTexts()
  const facts = texts.map((text) => reader.read(text))
  const sum = (run: Replayed, of: 'bytes_out' | 'records', holds: (i: number) => boolean = () => true) =>
    run.records.reduce((total, record, i) => {
      if (record.fate !== 'forwarded' || !holds(i)) return total
      return total + (of === 'records' ? 1 : record.bytes_out)
    }, 0)
  const cost = (run: Replayed) =>
    monthFactor *
    ((sum(run, 'bytes_out') / 1e9) * price.per_gb + (sum(run, 'records') / 1e6) * price.per_million_events)
  const lost = texts.filter(
    (_, i) =>
      facts[i]!.severity >= 17 &&
      liveRun.records[i]!.fate === 'forwarded' &&
      candidateRun.records[i]!.fate !== 'forwarded',
  ).length
  const total = receipt.money.totals[0]!
  const { out } = receipt
  const pairs: [string, Estimate, number][] = [
    ['records live', out.live.records, sum(liveRun, 'records')],
    ['records', out.candidate.records, sum(candidateRun, 'records')],
    ['bytes live', out.live.bytes, sum(liveRun, 'bytes_out')],
    ['bytes', out.candidate.bytes, sum(candidateRun, 'bytes_out')],
    ['fewer records', out.difference.records, sum(candidateRun, 'records') - sum(liveRun, 'records')],
    ['fewer bytes', out.difference.bytes, sum(candidateRun, 'bytes_out') - sum(liveRun, 'bytes_out')],
    ['money live', total.live, cost(liveRun)],
    ['money', total.candidate, cost(candidateRun)],
    ['less money', total.difference, cost(candidateRun) - cost(liveRun)],
    ['errors lost', receipt.lost_errors.lost, lost],
  ]
  for (const row of receipt.services) {
    const is = (i: number) => (facts[i]!.service ?? '(none)') === row.name
    pairs.push([`${row.name} records`, row.out.candidate.records, sum(candidateRun, 'records', is)])
    pairs.push([`${row.name} bytes`, row.out.candidate.bytes, sum(candidateRun, 'bytes_out', is)])
    pairs.push([`${row.name} in`, row.in.records, texts.filter((_, i) => is(i)).length])
  }
  for (const row of receipt.severities) {
    const is = (i: number) => severityName(facts[i]!.severity) === row.name
    pairs.push([`${row.name} records`, row.out.candidate.records, sum(candidateRun, 'records', is)])
    pairs.push([`${row.name} bytes`, row.out.candidate.bytes, sum(candidateRun, 'bytes_out', is)])
  }
  for (const row of receipt.rules) {
    const ended = candidateRun.records.filter((record) => record.rule === row.id)
    pairs.push([`${row.id} ended`, row.ended.candidate!.records, ended.length])
    pairs.push([`${row.id} bytes`, row.ended.candidate!.bytes, ended.reduce((bytes, r) => bytes + r.bytes_in, 0)])
    const edited = candidateRun.records.filter((record) => record.edited_by.includes(row.id)).length
    if (row.type === 'redact') pairs.push([`${row.id} edited`, row.edited.candidate!, edited])
  }
  return pairs
}

test('what the receipt predicts is what happens, as often as it says', () => {
  let covered = 0
  let all = 0
  const missed = new Map<string, number>()
  const seeds = 20
  for (let seed = 1; seed <= seeds; seed++) {
    for (const [name, { low, high, value }, truth] of comparisons(caseOf({ seed, records: 20_000, sampled: 1000 }))) {
      assert.ok(low <= value && value <= high, `${name}: ${low} ≤ ${value} ≤ ${high} (seed ${seed})`)
      all++
      if (low <= truth && truth <= high) covered++
      else missed.set(name, (missed.get(name) ?? 0) + 1)
    }
  }
  assert.ok(covered / all >= 0.93, `${covered} of ${all} intervals cover; missed most: ${JSON.stringify([...missed])}`)
  // Intervals that cover always would be too wide to be of use.
  assert.ok(covered / all <= 0.995, `${covered} of ${all} intervals cover`)
})

/** A receipt of `texts`, all of them looked at. */
function wholeReceipt(texts: string[], rules: { live: Rule[]; candidate: Rule[] }, change: Partial<ReceiptInput> = {}) {
  const random = randomFrom(1)
  const run = runChain(rules.live, texts, { random })
  const before = runChain(
    rules.live.filter(({ type }) => type === 'redact'),
    texts,
    { random },
  )
  const records = texts.map((_, i): ObservedRecord => {
    const { errors: _errors, ...record } = run.records[i]!
    const text = before.records[i]!.after!
    return { ...record, edited_by: [...record.edited_by], pipeline: 'logs', source: 's', at: 0, before: text }
  })
  const bytes = records.reduce((sum, record) => sum + record.bytes_in, 0)
  const window = { pipeline: 'logs', from: 0, to: 60_000, seen: { records: texts.length, bytes }, records }
  return impactReceipt({ ...inputOf([window], rules, random), ...change })
}

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
  const side = { rules: [], outputs: ['vendor', 'archive', 'free'] }
  const texts = Array.from({ length: 1000 }, () => 'x'.repeat(1000))
  const { pipelines, ...rest } = inputOf([], { live: [], candidate: [] }, random)
  const records = runChain([], texts, { random }).records.map((run): ObservedRecord => {
    const { errors: _, ...record } = run
    return { ...record, edited_by: [], pipeline: 'logs', source: 's', at: 0, before: record.after! }
  })
  const window = { pipeline: 'logs', from: 0, to: 60_000, seen: { records: 1000, bytes: 1_000_000 }, records }
  const replayed = { live: runChain([], texts, { random }), candidate: runChain([], texts, { random }) }
  const made = impactReceipt({
    ...rest,
    pipelines: [
      { ...base, live: side, candidate: side, samples: [{ gateway: 'g', windows: [window] }], replayed },
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
