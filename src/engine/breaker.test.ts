import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Breaker } from './breaker.ts'

const plan = { atBufferRatio: 0.8, stallMs: 250, killMs: 2000, probeMs: 1000, errorRatio: 0.5 }

function breaker(hasRequired = false): Breaker {
  const breaker = new Breaker(plan, hasRequired, 0)
  breaker.configure(plan, hasRequired)
  return breaker
}

function goodBlocks(breaker: Breaker, count: number): void {
  for (let i = 0; i < count; i++) breaker.observeBlock(10, 0)
}

test('a full intake presses the pipeline, and relief lets it probe and close again', () => {
  const it = breaker()
  assert.equal(it.update(0.79, false, 0, 0), false)
  assert.equal(it.update(0.8, false, 1, 1), true)
  assert.equal(it.state, 'pressed')
  assert.equal(it.requiredOnly, true)
  it.update(0.3, false, 500, 500)
  assert.equal(it.state, 'pressed', 'it stays pressed for probe_ms')
  it.update(0.5, false, 1500, 1500)
  assert.equal(it.state, 'pressed', 'and until the intake has emptied well below the mark')
  it.update(0.3, false, 1600, 1600)
  assert.equal(it.state, 'probing')
  assert.equal(it.requiredOnly, false)
  it.update(0.3, false, 2700, 2700)
  assert.equal(it.state, 'probing', 'no block has gone well yet')
  goodBlocks(it, 8)
  it.update(0.3, false, 2800, 2800)
  assert.equal(it.state, 'normal')
  assert.equal(it.since, 2800)
})

test('a stalled engine is bypassed when nothing is required, and held when something is', () => {
  const free = breaker(false)
  free.update(0, true, 0, 0)
  assert.equal(free.state, 'bypass')
  const strict = breaker(true)
  strict.update(0, true, 0, 0)
  assert.equal(strict.state, 'hold')
  strict.update(0, false, 10, 10)
  assert.equal(strict.state, 'probing')
  strict.update(0, true, 20, 20)
  assert.equal(strict.state, 'hold', 'a stall while probing opens it again')
})

test('processors that fail on half of a thousand records press the pipeline until it has rested', () => {
  const it = breaker()
  it.observeBlock(999, 999)
  assert.equal(it.update(0, false, 0, 0), false, 'the window is not full')
  it.observeBlock(1, 0)
  assert.equal(it.update(0, false, 1, 1), true)
  assert.equal(it.state, 'pressed')
  it.update(0, false, 1002, 1002)
  assert.equal(it.state, 'probing')
  goodBlocks(it, 8)
  it.update(0, false, 2003, 2003)
  assert.equal(it.state, 'normal')
})
