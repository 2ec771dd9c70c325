import assert from 'node:assert/strict'
import { test } from 'node:test'
import { excerptOf } from '#ui/screens/studio/excerpt.ts'

test('a short record stands there whole', () => {
  assert.deepEqual(excerptOf('abc', [[1, 2]]), { text: 'abc', spans: [[1, 2]] })
})

test('what is pointed out is in sight, however far behind', () => {
  const text = `${'x'.repeat(5000)}needle${'y'.repeat(5000)}needle`
  const { text: shown, spans } = excerptOf(text, [
    [5000, 5006],
    [10_006, 10_012],
  ])
  assert.ok(shown.length <= 402 && shown.startsWith('…') && shown.endsWith('…'))
  assert.deepEqual(
    spans.map(([from, to]) => shown.slice(from, to)),
    ['needle'],
  )
})
