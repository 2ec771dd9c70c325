import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ListedDroppedRecord, Replayed } from '#contract/kept.ts'
import type { KeptTopic } from '#contract/kept-messages.ts'
import type { KeptRecords } from '#observe/admin-routes.ts'
import { silentLogger } from '#observe/log.ts'
import { KEPT_ASKED_MAX, KEPT_BYTES_MAX, KEPT_RECORD_BYTES_MAX, KeptAnswers } from './kept.ts'

interface Said {
  request: string
  answer?: { items: ListedDroppedRecord[]; more: boolean }
  refused?: string
}

/** Records with the ids `count-1.0` down to `0.0`. */
class World {
  readonly said: Said[] = []
  readonly bytes: number[] = []
  contents: string[] = []
  replays: PromiseWithResolvers<Replayed>[] = []
  keeps = true
  readonly answers = new KeptAnswers({
    kept: () => (this.keeps ? (this.kept as KeptRecords) : undefined),
    send: ({ data }) => {
      this.said.push(JSON.parse(Buffer.from(data).toString()))
      this.bytes.push(data.length)
    },
    log: silentLogger,
  })
  readonly kept: Partial<KeptRecords> = {
    deadLetterSummary: () => {
      throw new Error('disk I/O error')
    },
    listDropped: ({ before = `${this.contents.length}.0` }, limit) =>
      this.contents
        .map((text, i) => ({ id: `${i}.0`, pipeline: 'p', rule: 'r', at: 1, text }))
        .reverse()
        .filter(({ id }) => Number(id) < Number(before))
        .slice(0, limit),
    replayDeadLetters: () => {
      const replay = Promise.withResolvers<Replayed>()
      this.replays.push(replay)
      return replay.promise
    },
  }

  async ask(topic: KeptTopic, ask: unknown, request = 'q'): Promise<Said | undefined> {
    const before = this.said.length
    await this.answers.answer({ request, topic, ask })
    return this.said[before]
  }
}

test('a list has as many as were asked for, and says whether there are more', async () => {
  const world = new World()
  world.contents = Array.from({ length: 100 }, (_, i) => `record ${i}`)
  const first = (await world.ask('dropped', { limit: 70 }))!.answer!
  assert.equal(first.items.length, 70)
  assert.equal(first.more, true)
  const rest = (await world.ask('dropped', { limit: 70, before: first.items.at(-1)!.id }))!.answer!
  assert.deepEqual([rest.items.length, rest.items[0]!.text, rest.more], [30, 'record 29', false])
  assert.deepEqual((await world.ask('dropped', { limit: 30, before: '30.0' }))!.answer!.more, false)
})

test('an answer is of a bounded size, whatever the records are', async () => {
  const world = new World()
  world.contents = Array.from({ length: 40 }, () => 'x'.repeat(KEPT_RECORD_BYTES_MAX / 2))
  const { items, more } = (await world.ask('dropped', { limit: 40 }))!.answer!
  assert.ok(items.length >= 3 && items.length < 5 && more, String(items.length))
  assert.ok(world.bytes[0]! < KEPT_BYTES_MAX + 1000)
  world.contents = ['small', 'x'.repeat(KEPT_RECORD_BYTES_MAX)]
  const large = (await world.ask('dropped', { limit: 2 }))!.answer!
  assert.deepEqual(
    large.items.map(({ text, omitted }) => [text, omitted]),
    [
      [undefined, true],
      ['small', undefined],
    ],
  )
})

test('where nothing is kept, the disk fails, or the question is none, that is said', async () => {
  const world = new World()
  assert.deepEqual(await world.ask('dead_letters_summary', {}), { request: 'q', refused: 'failed' })
  assert.deepEqual(await world.ask('dropped', { limit: 0 }), { request: 'q', refused: 'failed' })
  world.keeps = false
  assert.deepEqual(await world.ask('dead_letters_summary', {}), { request: 'q', refused: 'nothing_kept' })
})

test('a question that comes twice is answered once, and only some are answered at once', async () => {
  const world = new World()
  const selection = { all: true }
  const asked = Array.from({ length: KEPT_ASKED_MAX }, (_, i) =>
    world.ask('dead_letters_replay', { selection }, `${i}`),
  )
  void world.ask('dead_letters_replay', { selection }, '0')
  assert.equal(world.replays.length, KEPT_ASKED_MAX)
  assert.deepEqual(await world.ask('dropped', { limit: 1 }, 'more'), { request: 'more', refused: 'busy' })
  for (const replay of world.replays) replay.resolve({ replayed: 1, skipped: 0 })
  await Promise.all(asked)
  assert.deepEqual(
    world.said
      .slice(1)
      .map(({ request }) => request)
      .sort(),
    ['0', '1', '2', '3'],
  )
  assert.equal((await world.ask('dropped', { limit: 1 }))!.refused, undefined)
})
