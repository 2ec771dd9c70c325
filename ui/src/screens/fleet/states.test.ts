import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DriftCause, driftCauses, type FiveStates } from '#contract/fleet.ts'
import { fiveOf } from '#ui/screens/fleet/states.ts'
import { driftWords, verdictOf, whyOf } from '#ui/words/gateway-state.ts'

const AT = 1_700_000_000_000
const well: FiveStates = {
  desired: { configuration: 'edge', version: 3, hash: 'aa' },
  offered: { configuration: 'edge', version: 3, hash: 'aa', at: AT },
  reported: { hash: 'aa', version: 3, status: 'applied', error: '', at: AT },
  effective: { hash: 'ff', at: AT, matches: true },
  health: { healthy: true, since: AT, status: 'ok', last_error: '' },
}
const nothing: FiveStates = { desired: null, offered: null, reported: null, effective: null, health: null }

test('a gateway on which all agrees is in sync, state by state', () => {
  const gateway = { online: true, in_sync: true, drift: null, states: well }
  assert.deepEqual(verdictOf(gateway), { word: 'In sync', tone: 'ok' })
  assert.deepEqual(
    fiveOf(gateway).map(({ id, tone, word }) => [id, tone, word]),
    [
      ['desired', 'ok', 'Version 3'],
      ['offered', 'ok', 'Version 3'],
      ['reported', 'ok', 'Applied 3'],
      ['effective', 'ok', 'Matches'],
      ['healthy', 'ok', 'Healthy'],
    ],
  )
})

test('the verdict is the drift, then being away, then health, then what is not there yet', () => {
  const verdict = (more: object) => verdictOf({ online: true, in_sync: false, drift: null, states: well, ...more }).word
  for (const drift of driftCauses) assert.equal(verdict({ drift }), driftWords[drift].word)
  assert.equal(verdict({ online: false }), 'Offline')
  assert.equal(verdict({ online: false, drift: 'pending' satisfies DriftCause }), 'Offline')
  assert.equal(verdict({ states: { ...well, health: { ...well.health, healthy: false } } }), 'Unhealthy')
  assert.equal(verdict({ states: nothing }), 'Nothing published')
  assert.equal(verdict({}), 'Settling', 'it has not been well for long enough')
})

test('what a gateway says of another version than the desired one is no agreement', () => {
  const states: FiveStates = {
    ...well,
    offered: { ...well.offered!, hash: 'bb', version: 2 },
    reported: { ...well.reported!, hash: 'bb', version: 2 },
    effective: { ...well.effective!, matches: false },
  }
  const [, offered, reported, effective] = fiveOf({ online: true, states })
  assert.deepEqual([offered?.tone, reported?.tone, effective?.tone], ['warn', 'warn', 'warn'])
  assert.equal(reported?.word, 'Applied 2')
  assert.match(reported?.detail ?? '', /not the desired version/)
})

test('an error is shown as it was said, and health that is old is no health', () => {
  const error = 'outputs/vendor: there is no file "/etc/vendor.key"'
  const states: FiveStates = { ...well, reported: { ...well.reported!, status: 'failed', error } }
  const five = fiveOf({ online: false, states })
  assert.deepEqual([five[2]?.tone, five[2]?.detail], ['bad', error])
  assert.deepEqual([five[4]?.tone, five[4]?.word], ['neutral', 'Was healthy'])
  assert.deepEqual(
    fiveOf({ online: true, states: nothing }).map(({ tone }) => tone),
    Array(5).fill('neutral'),
  )
})

test('why a gateway is not as it should be is what it says of what is wrong now', () => {
  const unwell = { ...well, health: { ...well.health!, healthy: false, last_error: 'not well: output/siem' } }
  const refused = { ...unwell, reported: { ...well.reported!, error: 'no such processor' } }
  const why = (given: { online?: boolean; drift?: DriftCause | null; states: FiveStates }) =>
    whyOf({ online: true, in_sync: false, drift: null, ...given })
  assert.equal(why({ states: well }), undefined)
  assert.equal(why({ states: unwell }), 'not well: output/siem')
  assert.equal(why({ states: unwell, online: false }), undefined)
  assert.equal(why({ states: refused, drift: 'failed' }), 'no such processor')
})
