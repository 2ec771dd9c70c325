import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exampleStats } from '#test/support/stats-fixture.ts'
import { type Reading, viewOf } from './top-rates.ts'
import { ageText, bytesText, countText, headLines, type Layout, percent, tableLines } from './top-table.ts'

const NOW = 1_767_225_660_000
const layout: Layout = { width: 300, sorting: 'configured', reversed: false, now: NOW, paint: (_, text) => text }
const coloured: Layout = { ...layout, paint: (format, text) => `<${format}>${text}</>` }

function view(change: (stats: ReturnType<typeof exampleStats>) => void = () => undefined) {
  const after = exampleStats()
  change(after)
  const reading = (now: number, node: Reading['nodes'][number]): Reading => ({ now, at: NOW, nodes: [node] })
  return viewOf(reading(0, exampleStats()), reading(1000, after))
}

test('numbers are short, and their units are those of bytes and of time', () => {
  const counts = [null, 0, 0.04, 0.3, 9.94, 9.96, 999, 999.6, 1000, 1250, 12_500, 3_400_000, -20]
  assert.deepEqual(counts.map(countText), [
    '–',
    '0',
    '0',
    '0.3',
    '9.9',
    '10',
    '999',
    '1k',
    '1k',
    '1.3k',
    '13k',
    '3.4M',
    '-20',
  ])
  const bytes = [null, 0, 12, 1023.6, 1536, 20_000, 5 * 1024 ** 3, -2048]
  assert.deepEqual(bytes.map(bytesText), ['–', '0', '12 B', '1 KiB', '1.5 KiB', '20 KiB', '5 GiB', '-2 KiB'])
  assert.deepEqual([0, 0.051, 0.5, 1, -0.2].map(percent), ['0%', '5.1%', '50%', '100%', '-20%'])
  assert.deepEqual([-1, 0, 119_999, 120_000, 7_200_000, 172_800_000].map(ageText), [
    '0s',
    '0s',
    '119s',
    '2m',
    '2h',
    '2d',
  ])
})

test('tables of pipelines, rules and outputs', () => {
  const shown = view((stats) => {
    stats.pipelines[0]!.in = { records: 1100, bytes: 110_000 }
    stats.pipelines[0]!.forwarded = { records: 560, bytes: 56_000 }
    stats.outputs[0]!.last_error = { code: 'http_503', message: 'busy\nnow', at: NOW - 5000 }
  })
  assert.deepEqual(headLines(shown, layout), [
    'node-1  0.1.0  up 60s  configuration abc  engines 0/1  restarts 1  intake 0.0%',
  ])
  assert.deepEqual(tableLines(shown, layout), [
    'PIPELINE  STATE    FOR  IN/S  BYTES/S  OUT/S  BYTES/S  LESS  BYPASSED/S  IN FLIGHT',
    'main      pressed  59s    1k   98 KiB    500   49 KiB   50%           0          4',
    '',
    'RULE        TYPE    PIPELINE  ENDED/S  BYTES/S  EDITED/S  ERRORS',
    'drop_debug  filter  main            0        0         0       3',
    '',
    'OUTPUT  TYPE  SENT/S  BYTES/S  REFUSED/S      QUEUE      SPOOL  RETRIES  DEAD  LAST ERROR',
    'out     http       0        0          0  505 B 12%  700 B 70%        6     2  http_503 5s ago: busy now',
  ])
})

test('what is wrong is red: bypass, what went past rules, stalled engines, a broken disk', () => {
  const shown = view((stats) => {
    stats.pipelines[0]!.state = 'bypass'
    stats.pipelines[0]!.bypassed = { records: 3, bytes: 300 }
    stats.outputs[0]!.spool!.failure = { code: 'ENOSPC', message: 'full' }
    stats.config.last_error = 'no such rule'
  })
  const text = [...headLines(shown, coloured), ...tableLines(shown, coloured)].join('\n')
  for (const red of [
    'bypass *',
    ' +2',
    'engines 0/1',
    ' *broken',
    'disk: ENOSPC full',
    'last reload failed: no such rule',
  ])
    assert.match(text, new RegExp(`<red>${red}</>`), red)
})

test('lines are cut at the right edge, however narrow, and hold nothing that moves a cursor', () => {
  const shown = view((stats) => {
    stats.pipelines[0]!.id = 'a\u001b[2Jb'
    stats.outputs[0]!.last_error = { code: 'x', message: 'long '.repeat(100), at: NOW }
  })
  for (const width of [1, 10, 40, 80, 120]) {
    for (const line of tableLines(shown, { ...layout, width })) assert.ok(line.length <= width, `${width}: ${line}`)
  }
  assert.ok(!tableLines(shown, layout).join('').includes('\u001b'))
})

test('rows are sorted as asked; nodes are named where there are several', () => {
  const [slow, fast] = [exampleStats(), { ...exampleStats(), id: 'node-2' }]
  const later = structuredClone(fast)
  later.pipelines[0]!.in = { records: 200, bytes: 10_001 }
  const both = viewOf({ now: 0, at: NOW, nodes: [slow, fast] }, { now: 1000, at: NOW, nodes: [slow, later] })
  const order = (part: Partial<Layout>) =>
    tableLines(both, { ...layout, ...part })
      .slice(0, 3)
      .map((line) => line.split(' ', 1)[0])
  assert.deepEqual(order({}), ['NODE', 'node-1', 'node-2'])
  assert.deepEqual(order({ sorting: 'records' }), ['NODE', 'node-2', 'node-1'])
  assert.deepEqual(order({ sorting: 'records', reversed: true }), ['NODE', 'node-1', 'node-2'])
})

test('a node without rules says so', () => {
  const shown = view((stats) => {
    stats.pipelines[0]!.rules = []
  })
  assert.deepEqual(tableLines(shown, layout).slice(3, 5), [
    'RULE  TYPE  PIPELINE  ENDED/S  BYTES/S  EDITED/S  ERRORS',
    'none',
  ])
})
