import assert from 'node:assert/strict'
import { test } from 'node:test'
import { priceBody } from '#contract/savings.ts'
import { bodyOf, formOf, missingIn, newPrice } from '#ui/screens/savings/price-form.ts'

const NOW = Date.UTC(2026, 10, 21)

test('a new price begins with the month, and says what is missing', () => {
  const form = newPrice(NOW, 'EUR')
  assert.equal(form.since, '2026-11-01')
  assert.match(missingIn(form)!, /which output/)
  assert.match(missingIn({ ...form, output: 'vendor' })!, /Give a price/)
  assert.equal(missingIn({ ...form, output: 'vendor', perGb: '0' }), undefined)
})

test('what the form sends is a price, and comes back as the same form', () => {
  const form = {
    ...newPrice(NOW, 'CHF'),
    output: ' vendor ',
    configuration: 'edge',
    perGb: '0.12',
    unit: 'GiB' as const,
  }
  const body = bodyOf(form)
  assert.deepEqual(priceBody.parse(body), body)
  const price = { ...body, id: 'p', updated_at: 0, updated_by: 'ada' }
  assert.deepEqual(formOf(price), { ...form, output: 'vendor' })
})

test('a price of a type is of no configuration', () => {
  const form = {
    ...newPrice(NOW, 'EUR'),
    target: 'output_type' as const,
    output: 'vendor',
    outputType: 'http',
    configuration: 'edge',
  }
  const body = bodyOf({ ...form, perMillionEvents: '1.4' })
  assert.deepEqual(
    [body.output, body.output_type, body.configuration, body.per_gb, body.per_million_events],
    [null, 'http', null, null, 1.4],
  )
  assert.ok(priceBody.safeParse(body).success)
})
