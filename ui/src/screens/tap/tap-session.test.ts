import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { ObservedRecord } from '#contract/observation.ts'
import { ApiError } from '#ui/api/client.ts'
import { AUTO_STOP_MS, TapSession } from '#ui/screens/tap/tap-session.ts'
import type { TapEvent } from '#ui/screens/tap/tap-stream.ts'

test('records show, stand still while paused, and are all there afterwards', async (t) => {
  const { session, tap } = begin(t)
  session.start({})
  assert.equal(session.view().phase, 'connecting')
  await tap.say({ kind: 'open' })
  assert.equal(session.view().phase, 'watching')
  await tap.say({ kind: 'records', gateway: 'g', records: [recordOf('a')], skipped: 3 })
  t.mock.timers.tick(200)
  assert.deepEqual(texts(session), ['a'])
  assert.equal(session.view().skipped, 3)
  session.setPaused(true)
  await tap.say({ kind: 'records', gateway: 'g', records: [recordOf('b'), recordOf('c')], skipped: 0 })
  t.mock.timers.tick(200)
  assert.deepEqual(texts(session), ['a'])
  assert.equal(session.view().behind, 2)
  session.setPaused(false)
  assert.deepEqual(texts(session), ['c', 'b', 'a'])
  assert.equal(session.view().behind, 0)
  session.stop()
  assert.equal(session.view().phase, 'stopped')
  assert.equal(tap.signal()!.aborted, true)
})

test('it ends by itself, and goes on with what was there', async (t) => {
  const { session, tap } = begin(t)
  session.start({})
  await tap.say({ kind: 'records', gateway: 'g', records: [recordOf('a')], skipped: 0 })
  t.mock.timers.tick(AUTO_STOP_MS)
  assert.equal(session.view().phase, 'over')
  assert.equal(tap.signal()!.aborted, true)
  session.start({}, true)
  assert.deepEqual(texts(session), ['a'])
  session.start({})
  assert.deepEqual(texts(session), [])
  session.stop()
})

test('gateways that end their part are named; the controller ends all', async (t) => {
  const { session, tap } = begin(t)
  session.start({})
  await tap.say({ kind: 'end', gateway: 'g', reason: 'its time is over' })
  assert.equal(session.view().phase, 'connecting')
  await tap.say({ kind: 'end', gateway: null, reason: 'an hour is over' })
  assert.equal(session.view().phase, 'over')
  assert.deepEqual(session.view().ends, [
    { gateway: 'g', reason: 'its time is over' },
    { gateway: null, reason: 'an hour is over' },
  ])
})

test('a broken connection is opened again, a refusal is not', async (t) => {
  const { session, tap } = begin(t)
  session.start({})
  await tap.fail(new Error('gone'))
  assert.equal(session.view().phase, 'retrying')
  assert.equal(tap.opened(), 1)
  t.mock.timers.tick(1000)
  await turn()
  assert.equal(tap.opened(), 2)
  await tap.say({ kind: 'open' })
  assert.equal(session.view().phase, 'watching')
  assert.equal(session.view().error, null)
  const refusal = new ApiError({
    type: 'about:blank',
    title: 'Too many',
    status: 429,
    detail: 'too many taps are open',
  })
  await tap.fail(refusal)
  assert.equal(session.view().phase, 'stopped')
  assert.equal(session.view().error, refusal)
})

function begin(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] })
  const tap = new FakeTap()
  return { tap, session: new TapSession((_query, signal) => tap.open(signal)) }
}

class FakeTap {
  #signals: AbortSignal[] = []
  #waiting: PromiseWithResolvers<TapEvent> = Promise.withResolvers()

  async *open(signal: AbortSignal): AsyncGenerator<TapEvent> {
    this.#signals.push(signal)
    for (;;) yield await this.#waiting.promise
  }

  async say(event: TapEvent): Promise<void> {
    const { resolve } = this.#waiting
    this.#waiting = Promise.withResolvers()
    resolve(event)
    await turn()
  }

  async fail(error: unknown): Promise<void> {
    const { reject } = this.#waiting
    this.#waiting = Promise.withResolvers()
    reject(error)
    await turn()
  }

  opened = () => this.#signals.length
  signal = () => this.#signals.at(-1)
}

function texts(session: TapSession): (string | undefined)[] {
  return session.view().entries.map(({ record }) => record.before.text)
}

function recordOf(text: string): ObservedRecord {
  const common = { pipeline: 'p', source: 's', at: 0, fate: 'forwarded', rule: null } as const
  return { ...common, edited_by: [], before: { text }, after: null, bytes_in: 1, bytes_out: 1 }
}
