/**
 * The receipt against what happens: traffic of a made-up shop goes whole through the real chains, live and candidate;
 * a small uniform sample of it, redacted by the live rules, is what the receipt is made from.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventTexts } from '#codecs/event/event-of.ts'
import { severityName } from '#codecs/event/level.ts'
import type { SampleWindow } from '#contract/observation.ts'
import type { Estimate, Receipt } from '#contract/receipt.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { randomFrom } from '#std/random.ts'
import { shopTraffic } from '#test/support/log-traffic.ts'
import { inputOf, MINUTES, observed, price, redacted } from '#test/support/receipts.ts'
import { runChain } from '#test/support/replayed.ts'
import { impactReceipt } from './receipt.ts'
import type { Replayed, Rule } from './replayed.ts'

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

const STEP_MS = 20
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
  const windows = [0, 1].map((half): SampleWindow => {
    const from = half * Math.floor(records / 2)
    const to = half === 0 ? Math.floor(records / 2) : records
    const drawn = drawnFrom(from, to, half === 0 ? Math.floor(sampled / 4) : sampled - Math.floor(sampled / 4), random)
    const before = redacted(
      rules.live,
      drawn.map((i) => texts[i]!),
      random,
    )
    return {
      pipeline: 'logs',
      from: half * (MINUTES / 2) * 60_000,
      to: (half + 1) * (MINUTES / 2) * 60_000,
      seen: { records: to - from, bytes: liveRun.records.slice(from, to).reduce((sum, r) => sum + r.bytes_in, 0) },
      records: observed(liveRun, before, drawn),
    }
  })
  return { receipt: impactReceipt(inputOf(windows, rules, random)), texts, liveRun, candidateRun }
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
