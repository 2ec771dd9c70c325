import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LOOK_INTERVAL_MS, Watchdog } from './watchdog.ts'

test('silence is counted only while there is work and nothing moves', () => {
  const watchdog = new Watchdog()
  watchdog.look(1, true, 50)
  assert.equal(watchdog.silentMs, 0)
  watchdog.look(1, true, 50)
  watchdog.look(1, true, 50)
  assert.equal(watchdog.silentMs, 100)
  watchdog.look(2, true, 50)
  assert.equal(watchdog.silentMs, 0, 'a sign of life')
  watchdog.look(2, true, 50)
  watchdog.look(2, false, 50)
  assert.equal(watchdog.silentMs, 0, 'nothing to do')
})

test('a wire thread that was held up itself does not blame the engine for it', () => {
  const watchdog = new Watchdog()
  watchdog.look(0, true, 10_000)
  assert.equal(watchdog.silentMs, 2 * LOOK_INTERVAL_MS)
})
