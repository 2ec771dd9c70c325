import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Compared, Estimate, Receipt } from './receipt.ts'
import { receiptText } from './receipt-text.ts'

const about = (value: number, low = value, high = value): Estimate => ({ value, low, high })
const compared = (live: number, candidate: number): Compared => ({
  live: { records: about(live), bytes: about(1000 * live) },
  candidate: { records: about(candidate), bytes: about(1000 * candidate) },
  difference: {
    records: about(candidate - live, candidate - live - 10, candidate - live + 10),
    bytes: about(1000 * (candidate - live)),
  },
})

const receipt: Receipt = {
  ...{ version: 1, made_at: 0, live: '0123456789abcdef', candidate: 'fedcba9876543210' },
  sample: {
    ...{ records: 500, seen: { records: 10_000, bytes: 1e7 }, from: 0, to: 600_000, windows: 1, minutes: 10 },
    ...{ gateways: { asked: 3, answered: 2 }, not_reproduced: 0 },
  },
  method: { confidence: 0.95, month_days: 30.44, statement: '' },
  in: { records: about(10_000), bytes: about(1e7) },
  out: compared(8000, 6000),
  month: { in: { records: about(1), bytes: about(1) }, out: compared(35e9, 26e9) },
  money: {
    totals: [{ currency: 'EUR', live: about(1234.5), candidate: about(900), difference: about(-334.5, -400, -300) }],
    ...{ outputs: [], unpriced: ['archive'] },
  },
  rules: Array.from({ length: 14 }, (_, i) => ({
    ...{ pipeline: 'logs', id: `rule_${i}`, type: 'filter', change: 'new', errors: 0 },
    ended: { live: null, candidate: { records: about(5, 2, 9), bytes: about(5) } },
    edited: { live: null, candidate: about(0) },
  })),
  services: [{ name: '\u001b[2Jweb\n', in: { records: about(1), bytes: about(2_000_000) }, out: compared(10, 5) }],
  severities: [],
  lost_errors: {
    ...{ lost: about(40, 30, 60), regained: about(2), sampled: 2 },
    by_rule: [{ pipeline: 'logs', rule: 'rule_0', records: about(40, 30, 60) }],
  },
  vanished_fields: [{ pipeline: 'logs', path: 'order/id', records: about(10), sampled: 1 }],
  redactions: [
    {
      ...{ pipeline: 'logs', rule: 'mails', kinds: ['email'], change: 'removed', live: about(9), candidate: null },
      ...{ unprovable: about(9, 7, 12), sampled: 3, covered: false },
    },
  ],
  cpu: [{ pipeline: 'logs', live_ns_per_record: 210.04, candidate_ns_per_record: 400 }],
  not_covered: [{ kind: 'signal', subject: 'spans', reason: `it ${'x'.repeat(200)}` }],
}

test('a receipt as text has what somebody must know first, and lines that fit', () => {
  const text = receiptText(receipt)
  for (const line of text.split('\n')) assert.ok(line.length <= 120, line)
  for (const part of [
    'Impact of fedcba987654 beside 0123456789ab',
    'sample of 500 of 10,000 records of 10 minutes, 2 of 3 gateways',
    /records out +8,000 +6,000 +-2,000 \(-2,010 to -1,990\) +-25 %/,
    /bytes out a month +35 TB +26 TB +-9 TB/,
    /EUR a month +1,234.50 +900.00 +-334.50 \(-400.00 to -300.00\)/,
    'No price: archive',
    'LOST ERRORS: 40 (30 to 60) records of severity error or above (2 in the sample), by',
    /logs\/mails +removed +email +9 +\? +NOT SURELY REDACTED: 9 \(7 to 12\)/,
    /logs: order\/id +10/,
    '  and 2 more',
    /\?\[2Jweb\? +2 MB +10 kB +5 kB/,
    'Not covered',
  ]) {
    if (typeof part === 'string') assert.ok(text.includes(part), `${part}\n${text}`)
    else assert.match(text, part)
  }
  assert.ok(receiptText({ ...receipt, live: null }).includes('beside nothing live'))
})
