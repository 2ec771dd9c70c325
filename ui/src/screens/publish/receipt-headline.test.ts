import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compared, exactly, receiptOf } from './receipt-fixture.ts'
import { headlineOf } from './receipt-headline.ts'

const total = (currency: string, difference: number) => ({
  currency,
  live: exactly(400),
  candidate: exactly(400 + difference),
  difference: exactly(difference),
})

test('one sentence says bytes, money and errors', () => {
  const money = { totals: [total('EUR', -95.26), total('USD', -3.4)], outputs: [], unpriced: [] }
  const { isBad, text } = headlineOf(receiptOf({ money }))!
  assert.equal(isBad, false)
  assert.match(
    text,
    /^Sends 25 % fewer bytes, saves about \S*95\S* and \S*3\.40 a month, and loses no errors in the sample\.$/,
  )
})

test('without prices there is no money in it, and what is not sure is not said', () => {
  assert.equal(headlineOf(receiptOf())!.text, 'Sends 25 % fewer bytes and loses no errors in the sample.')
  const unsure = { ...total('EUR', -5), difference: { value: -5, low: -12, high: 2 } }
  const money = { totals: [unsure], outputs: [], unpriced: [] }
  assert.doesNotMatch(headlineOf(receiptOf({ money }))!.text, /saves/)
  assert.match(headlineOf(receiptOf({ out: compared(1000, 1000) }))!.text, /^Sends as many bytes as today and/)
})

test('lost errors make it bad news, and an empty sample none at all', () => {
  const lost_errors = { lost: exactly(24), regained: exactly(0), sampled: 3, by_rule: [] }
  assert.deepEqual(headlineOf(receiptOf({ lost_errors })), {
    isBad: true,
    text: 'Sends 25 % fewer bytes and loses about 24 errors.',
  })
  const { sample } = receiptOf()
  assert.equal(headlineOf(receiptOf({ sample: { ...sample, records: 0 } })), undefined)
})
