import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cpuMicros as wallMicros } from './cpu-time.browser.ts'
import { cpuMicros } from './cpu-time.ts'

test('time goes on, in microseconds', () => {
  for (const now of [cpuMicros, wallMicros]) {
    const before = now()
    for (const until = performance.now() + 30; performance.now() < until; );
    const used = now() - before
    assert.ok(used > 1_000 && used < 5_000_000, `${used}`)
  }
})
