import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ServerToAgent } from '#codecs/opamp/messages.ts'
import { NODE_CAPABILITY } from '#contract/fleet.ts'
import { ManualClock } from '#std/clock.ts'
import { uuidv7 } from '#std/uuid.ts'
import { openAgent } from './credentials.ts'
import { newGateway } from './gateway.ts'
import { KEPT_QUESTIONS_MAX, KeptQuestions } from './kept-questions.ts'
import { LiveGateway } from './live.ts'

const SUMMARY = [{ output: 'dd', code: 'http_400', records: 1, bytes: 2, oldest: 3, newest: 4 }]

class World {
  readonly clock = new ManualClock()
  readonly live: LiveGateway
  /** What the gateway was asked. */
  readonly asked: { request: string; topic: string; ask: unknown }[] = []
  readonly questions = new KeptQuestions(this.clock, (org, uid) =>
    org === 'default' && uid === this.live.gateway.uid ? this.live : undefined,
  )

  constructor(uid = uuidv7(1)) {
    const gateway = newGateway('default', uid, 'open', 'websocket', 1)
    this.live = new LiveGateway({ ...gateway, customCapabilities: [NODE_CAPABILITY] }, new Map(), '{}')
    this.live.connection = {
      transport: 'websocket',
      principal: openAgent,
      endpoint: undefined,
      isOpen: true,
      send: ({ customMessage }: ServerToAgent) =>
        void this.asked.push(JSON.parse(Buffer.from(customMessage!.data).toString())),
      probe: async () => true,
      close: () => undefined,
    }
  }

  ask(timeoutMs = 1000) {
    return this.questions.ask('default', this.live.gateway.uid, 'dead_letters_summary', {}, timeoutMs)
  }

  hear(value: object, live = this.live): boolean {
    return this.questions.heard(live, { request: this.asked.at(-1)?.request, ...value })
  }
}

test('a question is sent and answered', async () => {
  const world = new World()
  const outcome = world.ask()
  assert.partialDeepStrictEqual(world.asked, [{ topic: 'dead_letters_summary', ask: {} }])
  assert.equal(world.hear({ answer: SUMMARY }), true)
  assert.deepEqual(await outcome, { answer: SUMMARY })
  assert.equal(world.hear({ answer: SUMMARY }), true, 'once more hurts nobody')
  assert.equal(world.hear({ request: 7 }), false)
})

test('a refusal, an answer that is none, silence and a gateway that goes away are told apart', async () => {
  const world = new World()
  const refused = world.ask()
  world.hear({ refused: 'nothing_kept' })
  assert.deepEqual(await refused, { refused: 'nothing_kept' })
  const strange = world.ask()
  assert.equal(world.hear({ answer: [{ output: 'dd' }] }), false)
  assert.deepEqual(await strange, { refused: 'strange' })
  const silent = world.ask(1000)
  world.clock.advance(1000)
  assert.deepEqual(await silent, { refused: 'silent' })
  const gone = world.ask()
  world.questions.left(new World().live)
  world.questions.left(world.live)
  assert.deepEqual(await gone, { refused: 'gone' })
  const closed = world.ask()
  world.questions.close()
  assert.deepEqual(await closed, { refused: 'gone' })
  assert.equal(world.clock.nextAt, undefined, 'no timer is left')
})

test('nobody answers for another gateway', async () => {
  const world = new World()
  const outcome = world.ask(1000)
  world.hear({ answer: SUMMARY }, new World(uuidv7(2)).live)
  world.clock.advance(1000)
  assert.deepEqual(await outcome, { refused: 'silent' })
})

test('who cannot be asked is not, and only so many questions wait', async () => {
  const world = new World()
  const { live, questions } = world
  assert.deepEqual(await questions.ask('other', live.gateway.uid, 'dropped_summary', {}, 1), { refused: 'away' })
  const many = Array.from({ length: KEPT_QUESTIONS_MAX }, () => world.ask())
  assert.deepEqual(await world.ask(), { refused: 'crowded' })
  questions.close()
  await Promise.all(many)
  const { connection } = live
  live.connection = undefined
  assert.deepEqual(await world.ask(), { refused: 'http' })
  live.connection = connection
  live.gateway = { ...live.gateway, customCapabilities: [] }
  assert.deepEqual(await world.ask(), { refused: 'foreign' })
  live.gateway = { ...live.gateway, customCapabilities: [NODE_CAPABILITY], connectedAt: null }
  assert.deepEqual(await world.ask(), { refused: 'away' })
  assert.equal(world.asked.length, KEPT_QUESTIONS_MAX)
})
