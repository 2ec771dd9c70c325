import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fromText } from '#std/bytes.ts'
import { ManualClock } from '#std/clock.ts'
import { Archive } from './archive.ts'
import { DeadLetters } from './dead-letters.ts'
import { Dropped } from './dropped.ts'

async function setUp(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'streamgate-test-'))
  const path = join(folder, 'kept.db')
  const clock = new ManualClock()
  const archive = new Archive(path, clock)
  await archive.open()
  t.after(() => {
    archive.close()
    rmSync(folder, { recursive: true })
  })
  return { archive, clock, path, deadLetters: new DeadLetters(archive, clock), dropped: new Dropped(archive, clock) }
}

const texts = (letters: { bytes: Buffer }[]) => letters.map(({ bytes }) => bytes.toString())

test('dead letters are kept by output, told by reason, and removed as asked', async (t) => {
  const { deadLetters, path } = await setUp(t)
  deadLetters.limit('a', 10_000)
  deadLetters.limit('b', 10_000)
  deadLetters.add('a', 'http.text', fromText('one'), 'http_400', 'no')
  deadLetters.add('a', 'http.text', fromText('two'), 'record_too_large', 'long')
  deadLetters.add('b', 'http.text', fromText('three'), 'http_400', 'x'.repeat(10_000))
  assert.deepEqual(texts(deadLetters.list({}, 10)), ['one', 'two', 'three'])
  assert.deepEqual(texts(deadLetters.list({ output: 'a', code: 'http_400' }, 10)), ['one'])
  assert.deepEqual(
    deadLetters.heads({ output: 'a', after: 1 }, 10).map(({ id, kind, bytes }) => [id, kind, bytes]),
    [[2, 'http.text', 3]],
  )
  assert.deepEqual([deadLetters.count({ code: 'http_400' }), deadLetters.count({ ids: [1, 7] })], [2, 1])
  assert.equal(deadLetters.list({ output: 'b' }, 10)[0]!.message.length, 500)
  assert.deepEqual(
    deadLetters.summary().map(({ output, code, records }) => [output, code, records]),
    [
      ['a', 'http_400', 1],
      ['a', 'record_too_large', 1],
      ['b', 'http_400', 1],
    ],
  )
  assert.equal(deadLetters.remove({ code: 'http_400' }), 2)
  assert.deepEqual(texts(deadLetters.list({}, 10)), ['two'])
  assert.equal(deadLetters.held('a').records, 1)
  assert.equal(deadLetters.held('b').records, 0)
  assert.equal(statSync(path).mode & 0o077, 0)
})

test('of dead letters the oldest give way, and none is kept where nobody wants them', async (t) => {
  const { archive, deadLetters } = await setUp(t)
  deadLetters.limit('a', 2_000)
  for (let i = 0; i < 100; i++) deadLetters.add('a', 'http.text', fromText(`record ${i}`), 'http_400', 'no')
  archive.flush()
  const kept = texts(deadLetters.list({}, 1000))
  assert.ok(kept.length > 5 && kept.length < 20, String(kept.length))
  assert.equal(kept.at(-1), 'record 99')
  assert.equal(deadLetters.overwritten + kept.length, 100)
  deadLetters.add('nobody', 'http.text', fromText('x'), 'http_400', 'no')
  deadLetters.add('a', 'http.text', Buffer.alloc(5_000), 'http_400', 'no')
  assert.equal(deadLetters.list({ output: 'nobody' }, 10).length, 0)
  assert.equal(deadLetters.list({}, 1000).length, kept.length)
})

test('dropped records are kept for a while and within bounds, newest first', async (t) => {
  const { dropped, clock } = await setUp(t)
  const keep = { bytesMax: 400, ageMsMax: 60_000 }
  const add = (rule: string, text: string) =>
    dropped.add('p', rule, keep, fromText(`${text}\n`), Int32Array.of(text.length + 1))
  add('r', 'first')
  clock.advance(30_000)
  add('r', 'second')
  add('other', 'else')
  const listed = () => dropped.list({ rule: 'r' }, 10).map(({ bytes }) => bytes.toString())
  assert.deepEqual(listed(), ['second\n', 'first\n'])
  clock.advance(40_000)
  assert.deepEqual(listed(), ['second\n'], 'the first is too old')
  for (let i = 0; i < 20; i++) add('r', `${i} ${'x'.repeat(30)}`)
  assert.ok(listed().length < 12)
  assert.match(listed()[0]!, /^19 /)
  assert.equal(dropped.list({ rule: 'other' }, 10).length, 1, 'another rule has room of its own')
})

test('what comes too fast is lost and counted, and what is written is written in turns', async (t) => {
  const { archive, clock, deadLetters } = await setUp(t)
  deadLetters.limit('a', 1e9)
  for (let i = 0; i < 10_000; i++) deadLetters.add('a', 'http.text', fromText(`record ${i}`), 'http_400', 'no')
  const large = Buffer.alloc(4 * 1024 * 1024)
  for (let i = 0; i < 4; i++) deadLetters.add('a', 'http.text', large, 'http_400', 'no')
  assert.ok(archive.lost >= 2 && archive.lost < 4, String(archive.lost))
  clock.advance(100)
  clock.advance(1_000)
  assert.ok(deadLetters.list({}, 20_000).length >= 10_000)
})
