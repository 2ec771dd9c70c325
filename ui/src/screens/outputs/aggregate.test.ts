import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LiveEntry } from '#contract/series.ts'
import type { OutputBooks, UpstreamState } from '#contract/stats.ts'
import { outputsOf, troubledFirst } from '#ui/screens/outputs/aggregate.ts'
import { outputStateOf, worstOf } from '#ui/words/output-state.ts'

const none = { records: 0, bytes: 0 }
const some = { records: 5, bytes: 500 }
const error = { code: 'http_503', message: 'the server answered 503', at: 10 }
const healthy: OutputBooks = {
  id: 'dd',
  type: 'datadog',
  forwarded: none,
  replayed: none,
  delivered: none,
  rejected: none,
  expired: none,
  overwritten: none,
  lost: none,
  kept: none,
  in_flight: none,
  retries: 0,
  splits: 0,
  last_error: null,
  queue: { bytes: 0, bytes_max: 100 },
  spool: { bytes: 0, bytes_max: 1000, failures: 0, broken_bytes: 0, failure: null },
  dead_letters: none,
  upstream: null,
}
const spooled = { ...healthy.spool!, bytes: 700 }
const rates = (delivered: boolean, forwarded = delivered) => ({
  id: 'dd',
  forwarded: forwarded ? some : none,
  delivered: delivered ? some : none,
})

function upstream(state: 'closed' | 'open' | 'half_open', id = 'dd', shared = false): UpstreamState {
  return {
    id,
    shared,
    balance: 'round_robin',
    panic: false,
    breaker: { state, opened: 1 },
    concurrency: null,
    active: 0,
    requests: { answered: 0, failed: 0, overflow: 0, breaker_open: 0, cancelled: 0 },
    retries: 0,
    targets: [],
  }
}

test('an output is what its books say, in a word', () => {
  const cases: [expected: string, books: Partial<OutputBooks>, rates?: ReturnType<typeof rates>][] = [
    ['idle', {}],
    ['idle', {}, rates(false)],
    ['delivering', {}, rates(true)],
    ['delivering', { in_flight: some }, rates(false)],
    ['delivering', {}, rates(false, true)],
    ['delivering', { spool: spooled }, rates(true)],
    ['spooling', { spool: spooled }, rates(false)],
    ['spooling', { spool: spooled, last_error: error, in_flight: some }, rates(false, true)],
    ['retrying', { last_error: error, in_flight: some }, rates(false)],
    ['retrying', { last_error: error, in_flight: some, spool: spooled }, rates(true)],
    ['failing', { last_error: error }, rates(false, true)],
    ['failing', { spool: { ...spooled, failure: { code: 'ENOSPC', message: 'full' } } }, rates(true)],
  ]
  for (const [expected, books, rate] of cases)
    assert.equal(outputStateOf({ ...healthy, ...books }, [], rate), expected, JSON.stringify(books))
})

test('the breaker is that of the way it sends by, its own or a shared one', () => {
  const failing = { ...healthy, last_error: error, in_flight: some }
  assert.equal(outputStateOf(failing, [upstream('open')], undefined), 'breaker_open')
  assert.equal(outputStateOf(failing, [upstream('open', 'dd', true)], undefined), 'retrying', 'another of that name')
  const sharing = { ...failing, upstream: 'pool' }
  assert.equal(outputStateOf(sharing, [upstream('open', 'pool', true)], undefined), 'breaker_open')
  const refused = { ...healthy, last_error: error }
  assert.equal(outputStateOf(refused, [upstream('half_open')], undefined), 'retrying')
})

test('an output over its gateways shows the worst, the sums, and the newest error', () => {
  assert.equal(worstOf(['idle', 'retrying', 'delivering']), 'retrying')
  assert.equal(worstOf([]), 'idle')
  const entry = (gateway: string, books: Partial<OutputBooks>, delivered: boolean) =>
    ({
      gateway,
      at: 1,
      stats: { outputs: [{ ...healthy, ...books }], upstreams: [] },
      rates: { pipelines: [], outputs: [rates(delivered)] },
    }) as unknown as LiveEntry
  const [output, ...others] = outputsOf([
    entry('a', { queue: { bytes: 10, bytes_max: 100 }, dead_letters: some }, true),
    entry('b', { last_error: error, dead_letters: some, retries: 3 }, false),
    entry('c', { last_error: { ...error, at: 20 }, spool: null, dead_letters: null }, false),
  ])
  assert.equal(others.length, 0)
  assert.deepEqual([output?.state, output?.inState, output?.gateways.length], ['failing', 2, 3])
  assert.deepEqual(output?.queue, { bytes: 10, max: 300 })
  assert.deepEqual(output?.spool, { bytes: 0, max: 2000 })
  assert.deepEqual(output?.deadLetters, { records: 10, bytes: 1000 })
  assert.deepEqual([output?.delivered, output?.retries], [some, 3])
  assert.deepEqual(output?.lastError, { ...error, at: 20, gateway: 'c' })
})

test('outputs that do not deliver stand first, and keep their places among each other', () => {
  const ids = (...states: string[]) =>
    troubledFirst(states.map((state, index) => ({ id: `${index}`, state }) as never)).map(({ id }) => id)
  assert.deepEqual(ids('delivering', 'retrying', 'idle', 'breaker_open'), ['1', '3', '0', '2'])
  assert.deepEqual(ids('delivering', 'breaker_open', 'idle', 'retrying'), ['1', '3', '0', '2'])
})
