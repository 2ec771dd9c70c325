import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ledgerCsv } from '#ui/screens/savings/ledger-csv.ts'
import { exampleSavings } from '#ui/screens/savings/ledger-fixture.ts'

const FORMULA = ''

test('the ledger as CSV has a line for each part and currency', () => {
  const total = exampleSavings()
  const lines = ledgerCsv({ formula: FORMULA, total, buckets: [total] }).split('\r\n')
  assert.equal(
    lines[0],
    'part,from,to,configuration,pipeline,name,type,saved_records,saved_bytes,currency,amount,estimated_from_samples',
  )
  assert.deepEqual(lines.slice(1, 4), [
    'total,2026-01-01,2026-01-02,,,,,4000000,5000000000,EUR,6.32,',
    'period,2026-01-01,2026-01-02,,,,,4000000,5000000000,EUR,6.32,',
    'kind,2026-01-01,2026-01-02,,,dropped,,4000000,4000000000,EUR,6.176,',
  ])
  assert.ok(lines.includes('rule,2026-01-01,2026-01-02,default,main,drop_debug,filter,4000000,4000000000,EUR,6.176,'))
  assert.ok(lines.includes('output,2026-01-01,2026-01-02,default,,vendor,http,4000000,6000000000,EUR,6.32,'))
  assert.equal(lines.at(-1), 'service,2026-01-01,2026-01-02,,,,,4000000,5000000000,EUR,6.32,0')
})

test('names from records cannot break a line, nor become formulas; without a price there is no amount', () => {
  const total = exampleSavings({
    money: [],
    by_service: [
      { service: '=HYPERLINK("http://x")', estimated: true, samples: 7, saved: { records: 1.4, bytes: 2 }, money: [] },
      { service: 'a,"b"\nc', estimated: true, samples: 1, saved: { records: 1, bytes: 2 }, money: [] },
    ],
  })
  const text = ledgerCsv({ formula: FORMULA, total, buckets: [] })
  assert.ok(text.includes(`,"'=HYPERLINK(""http://x"")",,1,2,,,7`))
  assert.ok(text.includes(',"a,""b""\nc",,1,2,,,1'))
  assert.ok(text.includes('total,2026-01-01,2026-01-02,,,,,4000000,5000000000,,,\r\n'))
})
