import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type AlertRuleBody, alertRuleBody } from '#contract/alert.ts'
import { evaluate, NEVER_EVALUATED, type Standing } from './evaluate.ts'
import { type Point, pointsOf } from './points.ts'
import { preview } from './preview.ts'
import { type GatewayObservation, MINUTE_MS, type MinuteObservation, matches } from './source.ts'

const SEED = 20260102
const T0 = Date.UTC(2026, 0, 1)

function ruleOf(overrides: Record<string, unknown> = {}): AlertRuleBody {
  const condition = { kind: 'volume', measure: 'records', is: 'above', threshold: 10 }
  return alertRuleBody.parse({ name: 'a rule', condition, ...overrides })
}

/** `x`: breached, `.`: not, `?`: unknown. */
function pointsFrom(text: string): Point[] {
  return [...text].map((sign, i) => ({
    at: T0 + i * MINUTE_MS,
    value: sign === '?' ? null : sign === 'x' ? 20 : 5,
    breached: sign === '?' ? null : sign === 'x',
    subjects: [],
  }))
}

/** State after each minute, by its first letter. */
function statesOf(rule: AlertRuleBody, text: string): string {
  let standing: Standing = NEVER_EVALUATED
  return pointsFrom(text)
    .map((point) => {
      standing = evaluate(rule, [point], standing)
      return standing.state.charAt(0)
    })
    .join('')
}

test('a rule fires when its condition has held long enough, and is resolved when it has not', () => {
  const cases: [Record<string, unknown>, string, string][] = [
    [{}, '.x.x', 'ofof'],
    [{ for_minutes: 3 }, '.xx.xxx.', 'oppoppfo'],
    [{ for_minutes: 2, resolve_minutes: 3 }, 'xx.x..x....', 'pffffffffoo'],
    [{ for_minutes: 3 }, 'xx?xxx', 'ppnppf'],
    [{ for_minutes: 3, no_data: 'keep' }, 'xx?x', 'pppf'],
    [{ for_minutes: 2, no_data: 'alert' }, '.??.', 'opno'],
    [{ for_minutes: 2, no_data: 'alert' }, 'xx?x.', 'pfnfo'],
    [{ for_minutes: 1, resolve_minutes: 2 }, 'x??', 'ffn'],
    [{ no_data: 'keep' }, '?x??.', 'offfo'],
  ]
  for (const [options, text, states] of cases)
    assert.equal(statesOf(ruleOf(options), text), states, `${JSON.stringify(options)} ${text}`)
})

test('what fires says when, with what and why', () => {
  const rule = ruleOf({ for_minutes: 2, resolve_minutes: 2, no_data: 'alert' })
  const { transitions, state, since } = evaluate(rule, pointsFrom('xx..??'))
  assert.deepEqual(transitions, [
    { kind: 'fired', at: T0 + 2 * MINUTE_MS, value: 20, cause: 'condition', subjects: [] },
    { kind: 'resolved', at: T0 + 4 * MINUTE_MS, value: 5 },
    { kind: 'fired', at: T0 + 6 * MINUTE_MS, value: null, cause: 'no_data', subjects: [] },
  ])
  assert.equal(state, 'no_data')
  assert.equal(since, T0 + 5 * MINUTE_MS)
})

test('minutes without data that are made up for late change nothing', () => {
  const rule = ruleOf({ for_minutes: 2, no_data: 'alert' })
  assert.equal(evaluate(rule, pointsFrom('.????.'), NEVER_EVALUATED, T0 + 5 * MINUTE_MS).transitions.length, 0)
  assert.equal(evaluate(rule, pointsFrom('.????.'), NEVER_EVALUATED, 0).transitions.length, 2)
})

test('it does not matter in how many parts the minutes come', () => {
  const texts = fc.array(fc.constantFrom('x', '.', '?'), { maxLength: 60 })
  const options = fc.record({
    for_minutes: fc.integer({ min: 1, max: 5 }),
    resolve_minutes: fc.integer({ min: 1, max: 5 }),
    no_data: fc.constantFrom('ok', 'alert', 'keep'),
  })
  fc.assert(
    fc.property(texts, options, fc.array(fc.nat(60), { maxLength: 5 }), (signs, option, cuts) => {
      const rule = ruleOf(option)
      const points = pointsFrom(signs.join(''))
      const whole = evaluate(rule, points)
      let standing: Standing = NEVER_EVALUATED
      const transitions = []
      const edges = [0, ...cuts.sort((a, b) => a - b), points.length]
      for (let i = 1; i < edges.length; i++) {
        const { transitions: some, ...next } = evaluate(rule, points.slice(edges[i - 1], edges[i]), standing)
        transitions.push(...some)
        standing = next
      }
      assert.deepEqual({ ...standing, transitions }, whole)
      // What fires and what is resolved take turns.
      for (const [i, { kind }] of transitions.entries()) assert.equal(kind, i % 2 === 0 ? 'fired' : 'resolved')
      assert.equal(whole.fired, transitions.length % 2 === 1)
    }),
    { seed: SEED, numRuns: 500 },
  )
})

const QUIET: Omit<MinuteObservation, 'at'> = {
  in: { records: 100, bytes: 1000 },
  out: { records: 40, bytes: 300 },
  bypassedBytes: 0,
  held: false,
  spoolBytes: 0,
  deadLetters: 0,
  lost: 0,
}

function measured(condition: object, minutes: (Partial<MinuteObservation> | null)[]): (number | boolean | null)[][] {
  const observed = minutes.flatMap((it, i) => (it === null ? [] : [{ ...QUIET, at: T0 + i * MINUTE_MS, ...it }]))
  const rule = ruleOf({ condition })
  return pointsOf(rule, { minutes: observed, gateways: [] }, T0, T0 + minutes.length * MINUTE_MS).map(
    ({ value, breached }) => [value, breached],
  )
}

test('each kind measures what it says', () => {
  const none = [null, null]
  assert.deepEqual(
    measured({ kind: 'volume', is: 'below', threshold: 1000 }, [
      {},
      { in: { records: 1, bytes: 999 } },
      null,
      { in: null },
    ]),
    [[1000, false], [999, true], none, none],
  )
  assert.deepEqual(
    measured({ kind: 'volume', direction: 'out', measure: 'records', is: 'above', threshold: 39 }, [{}]),
    [[40, true]],
  )
  assert.deepEqual(
    measured({ kind: 'reduction', is: 'below', threshold: 50 }, [
      {},
      { out: { records: 100, bytes: 900 } },
      { in: { records: 0, bytes: 0 } },
      { out: { records: 100, bytes: 1500 } },
    ]),
    [[70, false], [10, true], none, [-50, true]],
  )
  assert.deepEqual(measured({ kind: 'bypass' }, [{}, { bypassedBytes: 1 }, { held: true }, { bypassedBytes: null }]), [
    [0, false],
    [1, true],
    [0, true],
    none,
  ])
  const letters = [1, 2, 3, null, 0].map((deadLetters) => ({ deadLetters }))
  assert.deepEqual(measured({ kind: 'dead_letters', more_than: 4, within_minutes: 2 }, letters), [
    [1, false],
    [3, false],
    [5, true],
    none,
    [0, false],
  ])
  assert.deepEqual(
    measured({ kind: 'lost' }, [{}, { lost: 1 }, {}, {}, {}, {}, {}]).map(([, breached]) => breached),
    [false, true, true, true, true, true, false],
  )
  const spool = [5, 6, 7, 7, 8, null, 9, 10, 11].map((spoolBytes) => ({ spoolBytes }))
  assert.deepEqual(
    measured({ kind: 'spool_growth', growing_minutes: 2 }, spool).map(([, breached]) => breached),
    [false, false, true, false, false, null, false, false, true],
  )
  assert.deepEqual(measured({ kind: 'spool_growth', bytes_above: 6, growing_minutes: 9 }, spool.slice(0, 3)), [
    [5, false],
    [6, false],
    [7, true],
  ])
})

function gateway(name: string, overrides: Partial<GatewayObservation>): GatewayObservation {
  return { uid: name, name, configuration: 'default', online: true, since: 0, failed: null, ...overrides }
}

test('each gateway is offline for so long by itself', () => {
  const gateways = [
    gateway('eu-1', { online: false, since: T0 }),
    gateway('eu-2', { online: false, since: T0 + 3 * MINUTE_MS }),
    gateway('us-1', { online: false, since: 0 }),
    gateway('eu-3', { online: true, since: T0 }),
  ]
  const rule = ruleOf({
    condition: { kind: 'gateway_offline', gateways: 2 },
    scope: { gateway: 'eu-*' },
    for_minutes: 2,
  })
  const points = pointsOf(rule, { minutes: [], gateways }, T0, T0 + 6 * MINUTE_MS)
  assert.deepEqual(
    points.map(({ value }) => value),
    [0, 1, 1, 1, 2, 2],
  )
  assert.deepEqual(points.at(-1)?.subjects, ['eu-1', 'eu-2'])
  assert.equal(evaluate(rule, points).transitions[0]?.at, T0 + 5 * MINUTE_MS)
})

test('a gateway that refused its version counts from then on', () => {
  const failed = { version: '7', at: T0 + MINUTE_MS + 1 }
  const rule = ruleOf({ condition: { kind: 'config_failed' }, scope: { configuration: 'edge' } })
  const gateways = [gateway('a', { failed }), gateway('b', { failed, configuration: 'edge' })]
  const points = pointsOf(rule, { minutes: [], gateways }, T0, T0 + 3 * MINUTE_MS)
  assert.deepEqual(
    points.map(({ value, breached }) => [value, breached]),
    [
      [0, false],
      [1, true],
      [1, true],
    ],
  )
  assert.deepEqual(points[1]?.subjects, ['b'])
})

test('a rule is confined only by what its kind knows of', () => {
  const parse = (condition: object, scope: object) => alertRuleBody.safeParse({ name: 'x', condition, scope })
  const refused = parse({ kind: 'bypass' }, { pipeline: 'a', output: 'b' })
  assert.deepEqual(
    refused.error?.issues.map(({ path }) => path.join('/')),
    ['scope/output'],
  )
  assert.ok(parse({ kind: 'lost' }, { output: 'b*' }).success)
  assert.ok(!parse({ kind: 'spool_growth' }, {}).success)
})

test('a preview says when a rule would have fired, over what is stored', () => {
  const minutes = Array.from({ length: 2000 }, (_, i) => ({
    ...QUIET,
    at: T0 + i * MINUTE_MS,
    in: { records: i % 1000 < 5 ? 20 : 1, bytes: 0 },
  }))
  const to = T0 + 2010 * MINUTE_MS
  const it = preview(ruleOf({ for_minutes: 3 }), { minutes, gateways: [] }, T0 - 7 * 86_400_000, to)
  assert.equal(it.from, T0)
  assert.equal(it.minutes, 2010)
  assert.equal(it.minutes_without_data, 10)
  assert.deepEqual(
    it.firings.map(({ started_at, resolved_at }) => [(started_at - T0) / MINUTE_MS, (resolved_at! - T0) / MINUTE_MS]),
    [
      [3, 6],
      [1003, 1006],
    ],
  )
  assert.ok(it.series.length <= 336)
  // The second row of five lies in two points of six minutes each.
  assert.equal(it.series.filter(({ breached }) => breached).length, 3)
  assert.ok(it.exact)
  const empty = preview(ruleOf(), { minutes: [], gateways: [] }, T0, to)
  assert.deepEqual([empty.minutes, empty.firings, empty.series], [0, [], []])
})

test('patterns match as with a regular expression', () => {
  const letters = fc.array(fc.constantFrom('a', 'b', '.'), { maxLength: 12 }).map((it) => it.join(''))
  const patterns = fc
    .array(fc.constantFrom('a', 'b', '.', '*'), { minLength: 1, maxLength: 8 })
    .map((it) => it.join(''))
  fc.assert(
    fc.property(patterns, letters, (pattern, text) => {
      const expected = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`).test(text)
      assert.equal(matches(pattern, text), expected, `${pattern} ${text}`)
    }),
    { seed: SEED, numRuns: 2000 },
  )
  assert.ok(matches(undefined, 'anything'))
})
