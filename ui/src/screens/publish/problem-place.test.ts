import assert from 'node:assert/strict'
import { test } from 'node:test'
import { placeOfProblem } from './problem-place.ts'

const DRAFT = {
  pipelines: [{ id: 'p', processors: [{ id: 'a' }, { id: 'drop_debug' }] }],
  outputs: [{ id: 'vendor' }],
}

test('a problem is told by the names of its parts, and leads to their screen', () => {
  const cases: [string, string, string | undefined][] = [
    ['/pipelines/0/processors/1/params/value', 'Rule drop_debug in pipeline p, params/value', '/rules'],
    ['/pipelines/0/outputs/0', 'Pipeline p, outputs/0', '/pipelines'],
    ['/outputs/0/url', 'Output vendor, url', '/outputs'],
    ['/outputs/7', 'Output 7', '/outputs'],
    ['/version', 'version', undefined],
    ['', '', undefined],
  ]
  for (const [pointer, words, to] of cases) assert.deepEqual(placeOfProblem(pointer, DRAFT), { words, to }, pointer)
})
