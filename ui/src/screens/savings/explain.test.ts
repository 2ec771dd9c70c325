import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SavingsSummary } from '#contract/savings.ts'
import * as explain from '#ui/screens/savings/explain.ts'
import { exampleSavings } from '#ui/screens/savings/ledger-fixture.ts'

const lines = ({ steps }: explain.Explanation) => steps.map(({ label, formula, value }) => [label, formula, value])

test('money is explained by what the output would have sent, at its price', () => {
  assert.deepEqual(lines(explain.explainMoney('January', exampleSavings())), [
    ['At vendor', '6 GB × €0.12 + 4 million events × €1.40', '€6.32'],
    ['Together in EUR', undefined, '€6.32'],
  ])
})

test('where a price has changed, each is named and no single product is claimed', () => {
  const savings = exampleSavings()
  const output = savings.by_output[0]!
  output.prices.push({ ...output.prices[0]!, id: 'p2', since: '2026-01-15', per_gb: 0.1 })
  const [first] = explain.explainOutput(output).steps.slice(2)
  assert.equal(
    first?.formula,
    'day by day at €0.12 per GB + €1.40 per million events since 2026-01-01; €0.10 per GB + €1.40 per million events since 2026-01-15',
  )
})

test('what a rule has saved shows its product only where that adds up to its money', () => {
  const savings = exampleSavings()
  const rule = savings.by_rule[0]!
  assert.deepEqual(lines(explain.explainRule(rule, savings))[1], [
    'At vendor',
    '4.8 GB × €0.12 + 4 million events × €1.40',
    '€6.18',
  ])
  // Of several days with other ratios: the sum of the days is another one.
  const other = explain.explainRule({ ...rule, money: [{ currency: 'EUR', amount: 5 }] }, savings)
  assert.deepEqual(
    lines(other).map(([label]) => label),
    ['What it took away', 'Together in EUR'],
  )
})

test('what is saved is the sum of its kinds; what is nothing is left out', () => {
  const { steps } = explain.explainSaved(exampleSavings())
  assert.deepEqual(
    steps.map(({ label }) => label),
    ['Came in', 'Dropped', 'Made smaller', 'Saved'],
  )
  assert.equal(steps.at(-1)?.value, '4.66 GiB · 4 M records')
})

test('currencies are never added, and outputs without a price are named', () => {
  const savings = exampleSavings({
    money: [
      { currency: 'EUR', amount: 6.32 },
      { currency: 'USD', amount: 1 },
    ],
  })
  savings.by_output.push({ ...savings.by_output[0]!, output: 'archive', money: [], prices: [] })
  const { steps, notes } = explain.explainMoney('January', savings)
  assert.deepEqual(
    steps.filter(({ isResult }) => isResult).map(({ value }) => value),
    ['€6.32', '$1.00'],
  )
  assert.ok(notes.includes('Without a price, and not in the money: archive.'))
  assert.ok(notes.some((note) => note.includes('never added')))
})

test('the forecast is what is, and as much per day for what is left of the month', () => {
  const summary = {
    month_to: Date.UTC(2026, 1, 1),
    money: [{ currency: 'EUR', amount: 20 }],
    per_day: [{ currency: 'EUR', amount: 2 }],
    forecast: [{ currency: 'EUR', amount: 41 }],
    days: 7,
  } as SavingsSummary
  const now = Date.UTC(2026, 0, 21, 12)
  assert.deepEqual(lines(explain.explainForecast(summary, now)), [
    ['In EUR', '€20.00 + €2.00 × 10.5 days left', '€41.00'],
  ])
  assert.deepEqual(lines(explain.explainPerDay(summary)), [['In EUR', '€14.00 on 7 days / 7', '€2.00']])
})

test('what is not counted names what outputs lost', () => {
  const { steps } = explain.explainNotCounted(exampleSavings())
  assert.equal(steps[0]?.value, '100 B · 1 record')
  assert.deepEqual([steps.at(-1)?.label, steps.at(-1)?.value], ['Lost by vendor', '300 B · 3 records'])
})
