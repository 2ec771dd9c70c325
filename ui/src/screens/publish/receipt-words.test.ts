import assert from 'node:assert/strict'
import { test } from 'node:test'
import { amount, compared, exactly, receiptOf } from './receipt-fixture.ts'
import { between, losing, sampleWords, sentencesOf, shareOf, totalRows, uncovered } from './receipt-words.ts'

test('a receipt says in sentences what would go on, a month of it, and that no error is lost', () => {
  assert.deepEqual(
    sentencesOf(receiptOf()).map(({ tone, text }) => `${tone}: ${text}`),
    [
      'ok: No record of severity error or above is lost in the sample.',
      'info: Of 1,000 records, 750 would go on instead of 1,000: −25 % in bytes.',
      'info: A month of such traffic would be 23.8 MiB less.',
    ],
  )
})

test('lost errors and lost redactions come first', () => {
  const lost = { value: 24, low: 9, high: 60 }
  const receipt = receiptOf({
    lost_errors: {
      lost,
      regained: exactly(0),
      sampled: 3,
      by_rule: [{ pipeline: 'p', rule: 'drop_auth', records: lost }],
    },
    redactions: [
      {
        pipeline: 'p',
        rule: 'hide_ssn',
        kinds: ['ssn'],
        change: 'removed',
        live: exactly(8),
        candidate: null,
        unprovable: exactly(8),
        sampled: 1,
        covered: false,
      },
    ],
  })
  const [first, second] = sentencesOf(receipt)
  assert.equal(first!.tone, 'bad')
  assert.equal(
    first!.text,
    'About 24 (9 to 60) records of severity error or above would be lost, by drop_auth: 3 of them stand in the sample.',
  )
  assert.equal(
    second!.text,
    'ssn (rule hide_ssn, removed) is no longer surely redacted: about 8 records were redacted by it and would go on.',
  )
  assert.equal(uncovered(receipt).length, 1)
})

test('without records nothing is claimed', () => {
  const receipt = receiptOf({ sample: { ...receiptOf().sample, records: 0 } })
  assert.deepEqual(
    sentencesOf(receipt).map(({ tone }) => tone),
    ['warn'],
  )
})

test('money is told with its currency, and only once it is sure which way it goes', () => {
  const sides = { live: exactly(10), candidate: exactly(7) }
  const totals = [
    { currency: 'EUR', ...sides, difference: { value: -3, low: -4, high: -2 } },
    { currency: 'USD', ...sides, difference: { value: -3, low: -7, high: 1 } },
  ]
  const texts = sentencesOf(receiptOf({ money: { totals, outputs: [], unpriced: [] } })).map(({ text }) => text)
  assert.equal(texts.at(-2), 'A month would cost €3.00 (€2.00 to €4.00) less.')
  assert.equal(texts.at(-1), 'A month would cost about $3.00 less, but that is not sure.')
  assert.equal(totalRows(receiptOf({ money: { totals, outputs: [], unpriced: [] } })).length, 6)
})

test('bounds that read the same are left out; shares keep their sign', () => {
  assert.equal(
    between({ value: 5, low: 5.001, high: 4.999 }, (value) => value.toFixed(1)),
    '5.0',
  )
  assert.equal(between({ value: 5, low: 1, high: 9 }, String), '5 (1 to 9)')
  assert.equal(shareOf(exactly(100), exactly(-25)), '−25 %')
  assert.equal(shareOf(exactly(100), exactly(25)), '+25 %')
  assert.equal(shareOf(exactly(0), exactly(25)), '–')
})

test('the sample is told, and groups that lose come first', () => {
  assert.equal(sampleWords(receiptOf()), '512 of the 12,003 records that one gateway saw in 2 min')
  const groups = [
    { name: 'a', in: amount(10, 10), out: compared(10, 9) },
    { name: 'b', in: amount(10, 10), out: compared(10, 10) },
    { name: 'c', in: amount(10, 10), out: compared(10, 2) },
  ]
  assert.deepEqual(
    losing(groups).map(({ name }) => name),
    ['c', 'a'],
  )
})
