import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteBudget } from '#listeners/byte-budget.ts'
import { FakeIntake } from '#test/support/fake-intake.ts'
import { LineFraming, type LineTooLong } from './line-framing.ts'

const SEED = 20_260_101

interface Outcome {
  records: string[]
  dropped: number[]
  budgetUsed: number
}

/** Feeds `chunks`, with an intake that has room only every `roomEvery`th time it is asked for one entry. */
function frame(
  chunks: Buffer[],
  lineBytesMax: number,
  lineTooLong: LineTooLong,
  budgetBytes = 1e9,
  full = false,
): Outcome {
  const intake = new FakeIntake(lineBytesMax + 7)
  const dropped: number[] = []
  const budget = new ByteBudget(budgetBytes)
  const framing = new LineFraming(intake, 1, {
    lineBytesMax,
    lineTooLong,
    budget,
    dropped: (bytes) => dropped.push(bytes),
  })
  const room = () => full && intake.setRoom(1)
  if (full) intake.setRoom(0)
  for (const chunk of chunks) {
    // As in a source: the rest is copied, and the chunk's own memory is used for something else.
    let rest = Buffer.from(chunk)
    for (;;) {
      const taken = framing.take(rest)
      if (taken === rest.length) break
      const kept = Buffer.from(rest.subarray(taken))
      rest.fill(0x21)
      rest = kept
      room()
    }
    rest.fill(0x21)
  }
  while (!framing.end()) room()
  assert.equal(intake.oversized, 0)
  // latin1, so that bytes that are no text compare too
  const records = intake.entries.flatMap((entry) => {
    if (entry.framing === 'record') return [`piece:${entry.bytes.toString('latin1')}`]
    const lines = entry.bytes.toString('latin1').split('\n')
    if (lines.at(-1) === '') lines.pop()
    return lines.map((line) => (entry.truncated ? 'last:' : 'line:') + line)
  })
  return { records, dropped, budgetUsed: budget.used }
}

/** The definition: split at newlines, then cut or drop what is too long. */
function expected(stream: Buffer, max: number, policy: LineTooLong): Omit<Outcome, 'budgetUsed'> {
  const lines = stream.toString('latin1').split('\n')
  if (lines.at(-1) === '') lines.pop()
  const records: string[] = []
  const dropped: number[] = []
  for (const line of lines) {
    if (line.length <= max) records.push(`line:${line}`)
    else if (policy === 'drop') dropped.push(line.length)
    else {
      let at = 0
      for (; line.length - at > max; at += max) records.push(`piece:${line.slice(at, at + max)}`)
      records.push(`last:${line.slice(at)}`)
    }
  }
  return { records, dropped }
}

const lineBytesMax = fc.integer({ min: 1, max: 12 })
const piece = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('\n', '\r\n', '\n\n', '\r') },
  { weight: 3, arbitrary: fc.stringMatching(/^[a-z]{0,14}$/) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes).toString('latin1')) },
)
const stream = fc.array(piece, { maxLength: 30 }).map((pieces) => Buffer.from(pieces.join(''), 'latin1'))
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 })

function split(bytes: Buffer, at: number[]): Buffer[] {
  const places = [0, ...at.map((share) => Math.floor(share * bytes.length)), bytes.length].sort((a, b) => a - b)
  return places.slice(1).map((place, i) => bytes.subarray(places[i], place))
}

for (const policy of ['cut', 'drop'] as const) {
  test(`any split of any stream into chunks gives the same records (${policy})`, () => {
    fc.assert(
      fc.property(stream, cuts, lineBytesMax, fc.boolean(), (bytes, at, max, full) => {
        const { budgetUsed, ...got } = frame(split(bytes, at), max, policy, 1e9, full)
        assert.deepEqual(got, expected(bytes, max, policy))
        assert.equal(budgetUsed, 0)
      }),
      { seed: SEED, numRuns: 4000 },
    )
  })

  test(`one byte at a time gives the same records (${policy})`, () => {
    fc.assert(
      fc.property(stream, lineBytesMax, (bytes, max) => {
        const { records } = frame(
          Array.from(bytes, (byte) => Buffer.of(byte)),
          max,
          policy,
        )
        assert.deepEqual(records, expected(bytes, max, policy).records)
      }),
      { seed: SEED, numRuns: 1000 },
    )
  })
}

const table: [name: string, policy: LineTooLong, chunks: string[], records: string[], dropped: number[]][] = [
  ['a line at the limit passes', 'cut', ['abcd\n'], ['line:abcd'], []],
  ['a line one above the limit is cut', 'cut', ['abcde\n'], ['piece:abcd', 'last:e'], []],
  ['a line of twice the limit has two pieces', 'cut', ['abcdefgh\nx\n'], ['piece:abcd', 'last:efgh', 'line:x'], []],
  ['a line one above the limit is dropped once', 'drop', ['abc', 'de', '\nx'], ['line:x'], [5]],
  ['a last line without newline counts', 'cut', ['a\nb'], ['line:a', 'line:b'], []],
  ['a last line that is too long is dropped at the end', 'drop', ['abcdef'], [], [6]],
  ['empty lines are lines', 'cut', ['\n\n', '\n'], ['line:', 'line:', 'line:'], []],
  ['a carriage return counts as a byte of the line', 'cut', ['abcd\r\n'], ['piece:abcd', 'last:\r'], []],
]
for (const [name, policy, chunks, records, dropped] of table) {
  test(name, () => {
    const got = frame(
      chunks.map((chunk) => Buffer.from(chunk)),
      4,
      policy,
    )
    assert.deepEqual([got.records, got.dropped], [records, dropped])
  })
}

test('when the budget for unfinished lines is used up, a line is cut early and no byte is lost', () => {
  const chunks = Array.from({ length: 300 }, (_, i) => Buffer.from(`${'x'.repeat(97)}${i % 100 === 99 ? '\n' : ''}`))
  const { records, budgetUsed } = frame(chunks, 10_000, 'cut', 2000)
  const text = records.map((record) => record.slice(record.indexOf(':') + 1)).join('')
  assert.equal(text, 'x'.repeat(97 * 300))
  assert.ok(records.length > 3)
  assert.ok(records.every((record) => !record.startsWith('line:')))
  assert.equal(budgetUsed, 0)
})

test('a piece that the budget forced, right before the newline, leaves no empty record behind', () => {
  const chunks = ['x'.repeat(700), '\n', 'y\n'].map((chunk) => Buffer.from(chunk))
  assert.deepEqual(frame(chunks, 10_000, 'cut', 600).records, [`piece:${'x'.repeat(700)}`, 'line:y'])
})

test('an entry never exceeds the limit of the intake, and whole lines share one', () => {
  const intake = new FakeIntake(1000)
  const framing = new LineFraming(intake, 1, {
    lineBytesMax: 400,
    lineTooLong: 'cut',
    budget: new ByteBudget(1e6),
    dropped: () => assert.fail('nothing is too long'),
  })
  const chunk = Buffer.from('0123456789\n'.repeat(300))
  assert.equal(framing.take(chunk), chunk.length)
  assert.equal(intake.oversized, 0)
  assert.equal(intake.entries.length, 4)
  assert.ok(intake.records().every((record) => record === '0123456789'))
})
