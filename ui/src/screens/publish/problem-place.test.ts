import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Target } from '#ui/editor/diff-view-words.ts'
import { placeOfProblem } from './problem-place.ts'

const DRAFT = {
  pipelines: [{ id: 'p', processors: [{ id: 'a' }, { id: 'drop_debug' }] }],
  outputs: [{ id: 'vendor' }],
}

test('a problem is told by the names of its parts, and which one it is', () => {
  const cases: [string, string, Target | undefined][] = [
    [
      '/pipelines/0/processors/1/params/value',
      'Rule drop_debug in pipeline p, params/value',
      { list: 'processors', id: 'drop_debug', pipeline: 'p' },
    ],
    ['/pipelines/0/outputs/0', 'Pipeline p, outputs/0', { list: 'pipelines', id: 'p', pipeline: undefined }],
    ['/outputs/0/url', 'Output vendor, url', { list: 'outputs', id: 'vendor', pipeline: undefined }],
    ['/outputs/7', 'Output 7', { list: 'outputs', id: '7', pipeline: undefined }],
    ['/version', 'version', undefined],
    ['', '', undefined],
  ]
  for (const [pointer, words, target] of cases)
    assert.deepEqual(placeOfProblem(pointer, DRAFT), { words, target }, pointer)
})
