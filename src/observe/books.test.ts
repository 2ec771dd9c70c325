import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OutputLedger, PipelineLedger, SourceLedger } from './books.ts'

test('what is in flight counts as in, and as nothing else yet', () => {
  const ledger = new PipelineLedger()
  ledger.in.add(10, 1000)
  ledger.outcomes.dropped.add(3, 300)
  ledger.outcomes.forwarded.add(7, 690)
  ledger.edited.add(1, -10)
  const books = ledger.snapshot('p', 'normal', 5, { records: 2, bytes: 200 })
  assert.deepEqual(books.in, { records: 12, bytes: 1200 })
  assert.equal(books.in.records, books.dropped.records + books.forwarded.records + books.in_flight.records)
  assert.equal(books.in.bytes + books.edited.bytes, books.dropped.bytes + books.forwarded.bytes + books.in_flight.bytes)
})

test('a rule keeps its numbers over reloads, and starts anew as another type', () => {
  const ledger = new PipelineLedger()
  ledger.rule('a', 'filter').ended.add(1, 10)
  assert.equal(ledger.rule('a', 'filter').ended.records, 1)
  assert.equal(ledger.rule('a', 'redact').ended.records, 0)
})

test('rules that come and go for ever do not fill the memory', () => {
  const ledger = new PipelineLedger()
  for (let i = 0; i < 10_000; i++) ledger.rule(`rule_${i}`, 'filter')
  assert.equal(ledger.rules.size, 4096)
  assert.ok(ledger.rules.has('rule_9999'))
})

test('what an output has not settled is in flight', () => {
  const ledger = new OutputLedger()
  ledger.forwarded.add(10, 100)
  ledger.delivered.add(4, 40)
  ledger.rejected.add(1, 10)
  ledger.expired.add(2, 20)
  assert.deepEqual(ledger.inFlight(), { records: 3, bytes: 30 })
})

test('refusals are counted by their reason', () => {
  const ledger = new SourceLedger()
  ledger.reject('malformed', 1, 5)
  ledger.reject('malformed', 2, 6)
  assert.deepEqual(ledger.snapshot('s', 'http', 'x', 0).rejected, { malformed: { records: 3, bytes: 11 } })
})
