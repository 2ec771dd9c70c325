import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayOf, type Span, spans, stretchOf } from '#ui/screens/savings/span.ts'

const NOW = Date.UTC(2026, 0, 31, 23, 59)

test('spans are whole days and months in UTC, also over the turn of a year', () => {
  const expected: Record<Span, [string, string, string]> = {
    '7d': ['2026-01-25', '2026-02-01', 'day'],
    '30d': ['2026-01-02', '2026-02-01', 'day'],
    '90d': ['2025-11-03', '2026-02-01', 'day'],
    month: ['2026-01-01', '2026-02-01', 'day'],
    'last-month': ['2025-12-01', '2026-01-01', 'day'],
    '3m': ['2025-11-01', '2026-02-01', 'month'],
    '6m': ['2025-08-01', '2026-02-01', 'month'],
    '12m': ['2025-02-01', '2026-02-01', 'month'],
  }
  for (const span of spans) {
    const { from, to, by } = stretchOf(span, NOW)
    assert.deepEqual([dayOf(from), dayOf(to), by], expected[span], span)
  }
})

test('a span stays the same until midnight, so its query does', () => {
  assert.deepEqual(stretchOf('30d', NOW), stretchOf('30d', NOW - 3_600_000))
})
