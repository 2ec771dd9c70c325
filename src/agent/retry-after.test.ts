import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RETRY_AFTER_MS_MAX, retryAfterMs } from './retry-after.ts'

const NOW = Date.UTC(2026, 0, 1)

test('seconds and dates are waited for, within reason; anything else is nothing', () => {
  const cases: [string | undefined, number][] = [
    [undefined, 0],
    ['0', 0],
    ['30', 30_000],
    [' 30 ', 30_000],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 60_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['99999999999', RETRY_AFTER_MS_MAX],
    ['Fri, 01 Jan 2100 00:00:00 GMT', RETRY_AFTER_MS_MAX],
    ['-5', 0],
    ['1.5', 0],
    ['soon', 0],
    ['', 0],
  ]
  for (const [header, ms] of cases)
    assert.equal(
      retryAfterMs(header, NOW, () => 0),
      ms,
      header,
    )
  assert.equal(
    retryAfterMs('30', NOW, () => 1),
    36_000,
    'a fleet does not come back at once',
  )
})
