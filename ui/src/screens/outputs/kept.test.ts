import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fullIn, Growth } from '#ui/screens/outputs/growth.ts'
import { ASKED_MAX, askable, contentOf, dropWords, groupsOf, replayWords } from '#ui/screens/outputs/kept.ts'
import { endsOf, waitsOf, wholeSteps } from '#ui/screens/outputs/over-time.ts'

test('what a replay did is said with what it left, and why', () => {
  assert.equal(replayWords({ replayed: 0, skipped: 0 }), 'There was nothing to send again.')
  assert.equal(replayWords({ replayed: 1, skipped: 0 }), '1 record sent again.')
  assert.equal(
    replayWords({ replayed: 1200, skipped: 3, reason: 'the output has no room' }),
    '1,200 records sent again, 3 left where they are: the output has no room.',
  )
  assert.equal(replayWords({ replayed: 0, skipped: 2 }), '0 records sent again, 2 left where they are.')
  assert.equal(dropWords({ dropped: 2 }), '2 records given up.')
  assert.equal(dropWords({ dropped: 0 }), 'There was nothing to give up.')
})

test('records are shown as text, as JSON over lines, or byte by byte', () => {
  assert.deepEqual(contentOf({ text: 'plain [text' }), { kind: 'text', text: 'plain [text' })
  assert.deepEqual(contentOf({ text: '{"a":1}' }), { kind: 'text', text: '{\n  "a": 1\n}' })
  assert.deepEqual(contentOf({ text: '{torn' }), { kind: 'text', text: '{torn' })
  const bytes = contentOf({ base64: btoa('\x00A\xffbcdefghijklmnopq') })
  assert.ok(bytes.kind === 'bytes')
  assert.equal(bytes.bytes, 19)
  const [first, second] = bytes.text.split('\n')
  assert.match(first ?? '', /^000000 {2}00 41 ff 62 .* \.A\.bcdefghijklmn$/)
  assert.match(second ?? '', /^000010 {2}6f 70 71 +opq$/)
  assert.deepEqual([contentOf({ omitted: true }), contentOf({})], [{ kind: 'omitted' }, { kind: 'none' }])
})

test('dead letters of one output over gateways, those with the most first', () => {
  const one = (output: string, code: string, records: number) => ({
    output,
    code,
    records,
    bytes: 1,
    oldest: 1,
    newest: 2,
  })
  const groups = groupsOf('dd', [
    { gateway: 'a', summary: [one('dd', 'http_400', 2), one('other', 'http_400', 9)] },
    { gateway: 'b', summary: [one('dd', 'http_413', 5)] },
  ])
  assert.deepEqual(
    groups.map(({ gateway, code, records }) => [gateway, code, records]),
    [
      ['b', 'http_413', 5],
      ['a', 'http_400', 2],
    ],
  )
})

test('gateways that cannot be asked say why, and those with the most are asked first', () => {
  const known = (id: string, more = {}) =>
    ({ id, name: id, online: true, transport: 'websocket', kind: 'streamgate', ...more }) as const
  const { asked, unreachable } = askable(
    [known('few'), known('away', { online: false }), known('poll', { transport: 'http' }), known('many')],
    new Map([['many', 100]]),
  )
  assert.deepEqual(
    asked.map(({ id }) => id),
    ['many', 'few'],
  )
  assert.deepEqual(
    unreachable.map(({ id }) => id),
    ['away', 'poll'],
  )
  assert.match(unreachable[0]?.reason ?? '', /not connected/)
  const crowd = askable(
    [...Array(ASKED_MAX + 2).keys()].map((i) => known(`g${i}`)),
    new Map(),
  )
  assert.deepEqual([crowd.asked.length, crowd.unreachable.length], [ASKED_MAX, 2])
})

test('growth is taken over the last half minute, and tells when it is full', () => {
  const growth = new Growth()
  assert.equal(growth.perSecond('a'), null)
  growth.see('a', 0, 5000)
  growth.see('a', 1000, 6000)
  assert.equal(growth.perSecond('a'), null, 'too short to tell')
  growth.see('a', 2000, 7000)
  growth.see('a', 2000, 9999)
  assert.equal(growth.perSecond('a'), 1000)
  growth.see('a', 40_000, 7000)
  assert.equal(growth.perSecond('a'), null, 'what is old does not count')
  growth.see('a', 42_000, 6000)
  assert.equal(growth.perSecond('a'), -500)
  assert.deepEqual(
    [fullIn(500, 1000, 100), fullIn(500, 1000, -1), fullIn(5, 5, 1), fullIn(1, 2, null)],
    [5000, null, null, null],
  )
})

test('series of one output are added up over its types, without the step under way', () => {
  const times = [0, 60_000, 120_000]
  const of = (output: string, type: string, values: Record<string, number[]>) => ({
    key: `${output}/${type}`,
    labels: { output, type },
    estimated: false,
    samples: null,
    values,
  })
  const data = {
    times,
    step: 'minute' as const,
    series: [
      of('dd', 'datadog', { delivered_records: [1, 2, 3], lost_records: [1, 0, 0], queue_bytes: [9, 9, 9] }),
      of('dd', 'http', { delivered_records: [10, 0, 0], overwritten_records: [1, 0, 0] }),
      of('other', 'http', { delivered_records: [100, 100, 100] }),
    ],
  }
  assert.equal(wholeSteps(data, 150_000), 2)
  assert.equal(wholeSteps(data, 10_000), 1)
  const ends = endsOf(data, 'dd', 2)
  assert.deepEqual(ends.find(({ key }) => key === 'delivered')?.values, [11, 2])
  assert.deepEqual(ends.find(({ key }) => key === 'lost')?.values, [2, 0])
  assert.deepEqual(
    waitsOf(data, 'dd', 2).map(({ values }) => values),
    [
      [0, 0],
      [9, 9],
    ],
  )
})
