import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConfigurationDocument } from '#contract/configuration.ts'
import * as edits from './edits.ts'

const rule = (id: string) => ({ id, type: 'filter', params: {}, extra: `of ${id}` })
const document = {
  version: 2,
  sources: [{ id: 'tcp', type: 'tcp' }],
  pipelines: [
    {
      id: 'p',
      sources: ['tcp'],
      processors: [rule('a'), rule('b'), rule('c')],
      outputs: ['out'],
      fail_open: { stall_ms: 300 },
    },
  ],
  outputs: [{ id: 'out', type: 'console' }],
  upstreams: [],
} as unknown as ConfigurationDocument

const idsAfter = (change: Parameters<typeof edits.changePipeline>[1]) =>
  edits
    .changePipeline(
      'p',
      change,
    )(document)
    .pipelines[0]!.processors.map(({ id }) => id)

test('rules are put in, moved, replaced and taken out; all else stays', () => {
  assert.deepEqual(idsAfter(edits.insertProcessor(rule('x'), 1)), ['a', 'x', 'b', 'c'])
  assert.deepEqual(idsAfter(edits.moveProcessor('c', -1)), ['a', 'c', 'b'])
  assert.deepEqual(idsAfter(edits.moveProcessor('c', 1)), ['a', 'b', 'c'], 'the last one cannot go further')
  assert.deepEqual(idsAfter(edits.removeProcessor('a')), ['b', 'c'])
  const after = edits.changePipeline('p', edits.moveProcessor('a', 1))(document)
  const [pipeline] = after.pipelines as unknown as Record<string, unknown>[]
  assert.deepEqual(pipeline!['fail_open'], { stall_ms: 300 })
  assert.equal((pipeline!['processors'] as { extra: string }[])[0]!.extra, 'of b')
  assert.equal(document.pipelines[0]!.processors[0]!.id, 'a', 'the document itself is not changed')
})

test('what a change needs may be gone, or taken', () => {
  assert.throws(() => edits.changePipeline('gone', (pipeline) => pipeline)(document), edits.Gone)
  assert.throws(() => idsAfter(edits.insertProcessor(rule('b'), 0)), /"b" already/)
})

test('what the file had attached becomes the pipeline’s own', () => {
  const pipeline = { id: 'q', sources: [], processors: [], outputs: [] }
  assert.deepEqual(edits.attach('outputs', 'b', ['a'])(pipeline).outputs, ['a', 'b'])
  assert.deepEqual(edits.detach('outputs', 'a', ['a', 'b'])(pipeline).outputs, ['b'])
  assert.deepEqual(edits.usersOf(document, 'outputs', 'out'), ['p'])
  assert.equal(edits.freeId('p', ['p', 'p_2']), 'p_3')
})
