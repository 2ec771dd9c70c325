import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteBudget } from '#listeners/byte-budget.ts'
import { FakeIntake, type StoredEntry } from '#test/support/fake-intake.ts'
import { SyslogEntries } from './entries.ts'
import { type Framing, SyslogFraming } from './framing.ts'

const SEED = 20_260_131

interface Outcome {
  records: string[]
  dropped: number[]
  malformed: number[]
  refused: boolean
  budgetUsed: number
}

interface Conditions {
  framing?: Framing
  max?: number
  tooLong?: 'cut' | 'drop'
  budgetBytes?: number
  /** The intake has room for one entry only, each time that it is asked again. */
  full?: boolean
  gatheredBytes?: number
}

function recordsOf({ framing, truncated, bytes }: StoredEntry): string[] {
  const mark = truncated ? 'cut:' : ''
  const text = bytes.toString('latin1')
  if (framing === 'syslog_record') return [mark + text]
  assert.equal(framing, 'syslog_lines')
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.map((line) => mark + line.replace(/\r$/, ''))
}

/** Feeds `chunks`; what is given to the framing is used for something else when it returns. */
function frame(chunks: readonly Buffer[], conditions: Conditions = {}): Outcome & { entries: StoredEntry[] } {
  const { framing = 'auto', max = 1000, tooLong = 'cut', budgetBytes = 1e9, full = false } = conditions
  const intake = new FakeIntake(Math.max(64, max + 2))
  const budget = new ByteBudget(budgetBytes)
  const [dropped, malformed]: [number[], number[]] = [[], []]
  let refused = false
  const limits = {
    ...{ framing, messageBytesMax: max, tooLong, budget },
    gathered: Buffer.alloc(conditions.gatheredBytes ?? 48),
    dropped: (bytes: number) => void dropped.push(bytes),
    malformed: (bytes: number) => void malformed.push(bytes),
  }
  const framer = new SyslogFraming(new SyslogEntries(intake, 7, 'UTC'), limits, () => {
    refused = true
  })
  const room = () => full && intake.setRoom(1)
  if (full) intake.setRoom(0)
  for (const chunk of chunks) {
    let rest = Buffer.from(chunk)
    for (let turn = 0; rest.length > 0; turn++) {
      assert.ok(turn < 10_000, 'it goes on')
      const taken = framer.take(rest)
      const kept = Buffer.from(rest.subarray(taken))
      rest.fill(0x21)
      rest = kept
      if (rest.length > 0) room()
    }
  }
  for (let turn = 0; !framer.end(); turn++) {
    assert.ok(turn < 10_000, 'it ends')
    room()
  }
  assert.equal(framer.end(), true)
  assert.equal(intake.oversized, 0)
  assert.ok(intake.entries.every(({ origin }) => origin === 7))
  const { entries } = intake
  return { records: entries.flatMap(recordsOf), dropped, malformed, refused, budgetUsed: budget.used, entries }
}

const table: [name: string, chunks: string[], records: string[], conditions?: Conditions][] = [
  ['counted', ['5 <1>ab7 <1>c\nde'], ['<1>ab', '<1>c\nde']],
  ['lines', ['<1>a\n<2>b\r\n<3>c'], ['<1>a', '<2>b', '<3>c']],
  ['both, in turns', ['5 <1>ab<2>c\n5 <3>de<4>f\n<5>g\n4 <6>h'], ['<1>ab', '<2>c', '<3>de', '<4>f', '<5>g', '<6>h']],
  [
    'a line that begins with a date',
    ['2026-01-31 12:00 <x\n1 apple\n12 <'],
    ['2026-01-31 12:00 <x', '1 apple', 'cut:<'],
  ],
  ['a number that is too long or begins with 0', ['123456789 <x\n05 <1>ab\n'], ['123456789 <x', '05 <1>ab']],
  ['a length, byte by byte', ['1', '2', ' ', '<', '1>abcdefghi', '4', ' <1>z'], ['<1>abcdefghi', '<1>z']],
  ['a number that is none, byte by byte', ['1', '2', ' ', 'x', '\n'], ['12 x']],
  ['a number at the end', ['<1>a\n12'], ['<1>a', '12']],
  [
    'line ends behind counted messages',
    ['5 <1>ab\n5 <1>cd\r\n5 <1>ef\0', '\n4 <1>g'],
    ['<1>ab', '<1>cd', '<1>ef', '<1>g'],
  ],
  ['line ends that were counted', ['6 <1>ab\n7 <1>cd\r\n'], ['<1>ab', '<1>cd']],
  ['lines ended by NUL', ['<1>a\0<2>b\0', '4 <3>c<4>d\0'], ['<1>a', '<2>b', '<3>c', '<4>d']],
  ['a NUL inside a counted message', ['6 <1>a\0b'], ['<1>a\0b']],
  ['an unfinished counted message', ['20 <1>ab'], ['cut:<1>ab']],
  ['a counted message in three reads', ['9 <1>', 'ab', 'cdef4 <2>g'], ['<1>abcdef', '<2>g']],
  ['octet counting without priorities', ['2 ab3 c\nd\n1 e'], ['ab', 'c\nd', 'e'], { framing: 'octet_counting' }],
  ['newline alone', ['5 <1>ab\n5 <2>c'], ['5 <1>ab', '5 <2>c'], { framing: 'newline' }],
  ['newline with NUL', ['<1>a\0<2>b\n'], ['<1>a', '<2>b'], { framing: 'newline' }],
]
for (const [name, chunks, records, conditions] of table) {
  test(`syslog framing: ${name}`, () => {
    for (const full of [false, true]) {
      const got = frame(
        chunks.map((chunk) => Buffer.from(chunk, 'latin1')),
        { ...conditions, full },
      )
      assert.deepEqual([got.records, got.refused, got.budgetUsed], [records, false, 0])
    }
  })
}

test('syslog framing: a message that is too long is left out with exactly its bytes, and the next one is read', () => {
  const long = `<1>${'x'.repeat(1200)}`
  const stream = Buffer.from(`4 <1>a${long.length} ${long}4 <1>b${long.length} ${long}4 <1>c`)
  for (const size of [1, 7, 100, 5000]) {
    const chunks = Array.from({ length: Math.ceil(stream.length / size) }, (_, i) =>
      stream.subarray(i * size, (i + 1) * size),
    )
    const { records, dropped, budgetUsed } = frame(chunks, { max: 480 })
    assert.deepEqual([records, dropped, budgetUsed], [['<1>a', '<1>b', '<1>c'], [1203, 1203], 0])
  }
  assert.deepEqual(frame([Buffer.from(`${long}\n<1>b\n`)], { max: 1000 }).records.length, 3)
  const { records, dropped } = frame([Buffer.from(`${long}\n<1>b\n`)], { max: 1000, tooLong: 'drop' })
  assert.deepEqual([records, dropped], [['<1>b'], [1203]])
})

test('syslog framing: a length of eight digits takes no memory', () => {
  const { dropped, records } = frame([Buffer.from('99999999 <1>'), Buffer.from('abc')])
  assert.deepEqual([records, dropped], [[], [99_999_999]])
})

test('syslog framing: memory for unfinished messages is bounded, and the stream stays in step', () => {
  const { records, dropped, budgetUsed } = frame(
    [Buffer.from('900 <1>'), Buffer.alloc(600, 'x'), Buffer.alloc(297, 'y'), Buffer.from('4 <1>a')],
    { budgetBytes: 512 },
  )
  assert.deepEqual([records, dropped, budgetUsed], [['<1>a'], [900], 0])
})

test('syslog framing: octet counting closes a stream that is out of step', () => {
  const { records, malformed, refused } = frame([Buffer.from('5 <1>abhello\n5 <1>ab')], { framing: 'octet_counting' })
  assert.deepEqual([records, malformed, refused], [['<1>ab'], [13], true])
})

test('syslog framing: many messages of one read are one entry, and lines are handed over as they came', () => {
  const counted = Buffer.from('12 <1>message 1'.repeat(500))
  const { entries, records } = frame([counted], { gatheredBytes: 100_000, max: 100_000 })
  assert.deepEqual([entries.length, records.length], [1, 500])
  const lines = Buffer.from('<1>message 1\n'.repeat(500))
  assert.deepEqual(
    frame([lines], { max: 100_000 }).entries.map(({ bytes }) => bytes),
    [lines],
  )
})

test(`syslog framing: any split of any stream gives the same messages (seed ${SEED})`, () => {
  const line = fc
    .stringMatching(/^[<> a-z0-9\r\u00ff]{0,14}$/)
    .filter((text) => !/^[1-9]\d{0,7} </.test(text))
    .map((text) => ({ wire: `${text}\n`, record: text.replace(/\r$/, '') }))
  const counted = fc
    .string({ unit: fc.constantFrom('a', '\n', '\r', '\0', '1', ' ', '<'), maxLength: 16 })
    .map((text) => ({
      wire: `${text.length + 1} <${text}`,
      // A line end at the end is none of the message, and neither is what is left of one.
      record: withoutEnd(`<${text}`.replace(/\r?\n$/, '')),
    }))
  const frames = fc.array(fc.oneof(line, counted), { maxLength: 20 })
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 })
  fc.assert(
    fc.property(frames, cuts, fc.boolean(), fc.integer({ min: 8, max: 60 }), (parts, at, full, gatheredBytes) => {
      // Line ends behind a counted message belong to nobody, so an empty line there is none.
      const used: typeof parts = []
      for (const part of parts) if (!/^[\r\n]/.test(part.wire) || !isCounted(used.at(-1)?.wire ?? '')) used.push(part)
      const stream = Buffer.from(used.map(({ wire }) => wire).join(''), 'latin1')
      const places = [0, ...at.map((share) => Math.floor(share * stream.length)), stream.length].sort((a, b) => a - b)
      const chunks = places.slice(1).map((place, i) => stream.subarray(places[i], place))
      const got = frame(chunks, { full, gatheredBytes, max: 62 })
      assert.deepEqual(
        got.records,
        used.map(({ record }) => record),
      )
      assert.deepEqual([got.dropped, got.malformed, got.budgetUsed], [[], [], 0])
    }),
    { seed: SEED, numRuns: 4000 },
  )
})

function withoutEnd(text: string): string {
  return text.includes('\n') ? text : text.replace(/\r$/, '')
}

function isCounted(wire: string): boolean {
  return /^[1-9]\d{0,7} </.test(wire)
}

test(`syslog framing: noise neither throws nor stalls, whatever the framing (seed ${SEED})`, () => {
  const noise = fc.array(
    fc.oneof(fc.constantFrom('7 <', '\n', '99999999 <', '3 ', '\0', '1'), fc.string({ unit: 'binary', maxLength: 9 })),
  )
  fc.assert(
    fc.property(
      noise,
      fc.constantFrom<Framing>('auto', 'octet_counting', 'newline'),
      fc.boolean(),
      (parts, framing, full) => {
        const { budgetUsed } = frame(
          parts.map((part) => Buffer.from(part)).filter(({ length }) => length > 0),
          { framing, full, max: 8 },
        )
        assert.equal(budgetUsed, 0)
      },
    ),
    { seed: SEED, numRuns: 3000 },
  )
})
