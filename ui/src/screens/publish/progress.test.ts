import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FiveStates, GatewaySummary } from '#contract/fleet.ts'
import { isSettled, progressSentence, type StepName, stepOf } from './progress.ts'

const desired = { configuration: 'default', version: 3, hash: 'h3' }
const offered = { ...desired, at: 10 }
const reported = { hash: 'h3', version: 3, status: 'applied', error: '', at: 20 } as const

function gatewayOf(states: Partial<FiveStates>, change: Partial<GatewaySummary> = {}): GatewaySummary {
  return {
    id: 'g',
    name: 'g',
    labels: {},
    kind: 'streamgate',
    product: 'streamgate',
    version: '1',
    host: 'g',
    configuration: 'default',
    online: true,
    in_sync: false,
    drift: 'pending',
    states: { desired, offered: null, reported: null, effective: null, health: null, ...states },
    transport: 'websocket',
    connected_at: 0,
    last_seen_at: 0,
    first_seen_at: 0,
    note: null,
    ...change,
  }
}

test('each step of a publication has its name', () => {
  const cases: [StepName, GatewaySummary][] = [
    ['pending', gatewayOf({ desired: null }, { drift: null })],
    ['pending', gatewayOf({ desired: { ...desired, version: 2, hash: 'h2' } }, { drift: null })],
    ['pending', gatewayOf({ offered: { ...offered, version: 2, hash: 'h2' } })],
    ['offered', gatewayOf({ offered })],
    ['offered', gatewayOf({ offered, reported: { ...reported, hash: 'h2' } })],
    ['applying', gatewayOf({ offered, reported: { ...reported, status: 'applying' } })],
    ['applied', gatewayOf({ offered, reported }, { drift: null })],
    ['applied', gatewayOf({ offered }, { drift: null })],
    ['changed_there', gatewayOf({ offered, reported }, { drift: 'local_override' })],
    ['failed', gatewayOf({ offered, reported: { ...reported, status: 'failed' } }, { drift: 'failed' })],
    ['failed', gatewayOf({ offered }, { drift: 'stale' })],
    ['offline', gatewayOf({ offered }, { drift: 'unreachable', online: false })],
    ['cannot', gatewayOf({}, { drift: 'no_capability' })],
    ['replaced', gatewayOf({ desired: { ...desired, version: 4 } })],
  ]
  for (const [name, gateway] of cases) assert.equal(stepOf(gateway, 3).name, name, JSON.stringify(gateway.states))
})

test('a failure is told as the gateway said it', () => {
  const error = 'SG_CONFIG: there is no output "x"'
  const gateway = gatewayOf({ offered, reported: { ...reported, status: 'failed', error } }, { drift: 'rolled_back' })
  assert.deepEqual(stepOf(gateway, 3), { name: 'failed', at: 20, reason: `${error} It went back to what it had.` })
})

test('the whole is told in a sentence, and waits for nobody who is away', () => {
  const step = (name: StepName) => ({ name, at: undefined, reason: '' })
  assert.equal(progressSentence([step('applied')]), '1 of 1 gateway has applied it.')
  const steps = [step('applied'), step('applied'), step('failed'), step('offline')]
  assert.equal(progressSentence(steps), '2 of 4 gateways have applied it, 1 failed, 1 offline.')
  assert.equal(isSettled(steps), true)
  assert.equal(isSettled([...steps, step('offered')]), false)
  assert.match(progressSentence([]), /No gateway follows/)
})
