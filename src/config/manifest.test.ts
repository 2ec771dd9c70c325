import assert from 'node:assert/strict'
import { test } from 'node:test'
import { registry } from '#registry.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { loadConfig } from './load.ts'
import { outputProblems, overlayManifest } from './manifest.ts'
import { processorProblems } from './rules.ts'

enableLinearRegex()
const base = loadConfig({}, {}, registry).plan

function overlay(pipeline: object) {
  return overlayManifest(
    base,
    JSON.stringify({ version: '1.0', pipelines: [{ name: 'default_pipeline', ...pipeline }] }),
    registry,
  )
}

test('a manifest replaces rules, outputs and batch size of the pipeline that it names', () => {
  const { plan, warnings } = overlay({
    processors: [{ id: 'f1', type: 'filter', params: { value: 'DEBUG' } }],
    outputs: [{ type: 'http', url: 'http://example.com', headers: { 'x-key': 'k' } }],
    batch_size: 250,
  })
  assert.deepEqual(warnings, [])
  const [pipeline] = plan.pipelines
  assert.deepEqual(
    pipeline?.processors.map(({ id, type, required }) => [id, type, required]),
    [['f1', 'filter', false]],
  )
  assert.equal(pipeline?.batch.maxRecords, 250)
  assert.deepEqual(pipeline?.outputs, ['default_pipeline.http.example.com.0'])
  assert.deepEqual(
    plan.outputs.map((output) => output.type),
    ['http'],
    'the default console is gone',
  )
  assert.deepEqual(plan.sources, base.sources)
  assert.match(plan.hash, /^[0-9a-f]{64}$/)
})

test('what a foreign controller writes is taken as it is', () => {
  const { plan, warnings } = overlay({
    processors: [
      { id: 's', type: 'sample', params: { keep_ratio: '0.1' } },
      { id: 'd', type: 'dedupe', params: { window_ms: '5000', fields: 'service, message' } },
      { id: 'x', type: 'from_the_future', params: { a: '1' } },
    ],
    outputs: null,
    note: 'unknown keys are nobody else’s business',
  })
  assert.deepEqual(
    plan.pipelines[0]?.processors.map(({ type }) => type),
    ['sample', 'dedupe'],
  )
  assert.equal(plan.pipelines[0]?.processors[0]?.options['keep_ratio'], 0.1)
  assert.deepEqual(plan.pipelines[0]?.outputs, ['console'], 'no outputs leave what the file says')
  assert.equal(plan.pipelines[0]?.batch.maxRecords, undefined, 'the output decides')
  assert.match(warnings.join(), /from_the_future/)
  assert.deepEqual(
    overlay({ processors: [], outputs: [{ type: 'http', url: 'http://e.com', headers: null }] }).warnings,
    [],
  )
})

test('another pipeline’s name changes nothing and says so', () => {
  const text = JSON.stringify({ version: '1.0', pipelines: [{ name: 'other', processors: [] }] })
  const { plan, warnings } = overlayManifest(base, text, registry)
  assert.deepEqual(plan.pipelines, base.pipelines)
  assert.match(warnings[0] ?? '', /no pipeline "other"/)
})

test('what is known must be right, and the reason has its place', () => {
  const refused = (pipeline: object, expected: RegExp) => assert.throws(() => overlay(pipeline), expected)
  refused(
    { processors: [{ id: 'r', type: 'redact', params: { pattern: '(' } }] },
    /pipelines\/0\/processors\/0\/params\/pattern.*SG_PATTERN_SYNTAX/,
  )
  refused({ processors: [{ id: 'f', type: 'filter', params: {} }] }, /params\/value: needs value, values or pattern/)
  refused({ outputs: [{ type: 'http', url: 'ftp://x' }] }, /pipelines\/0\/outputs\/0\/url/)
  refused(
    { outputs: [{ type: 'http', url: 'http://x', upstream: 'none' }] },
    /outputs\/0\/upstream: there is no upstream "none"/,
  )
  refused({ batch_size: 0 }, /batch_size/)
  assert.throws(() => overlayManifest(base, 'not json', registry), /SG_CONFIG_SYNTAX/)
  assert.throws(() => overlayManifest(base, '{"version":"2.0","pipelines":[]}', registry), /manifest/)
})

test('the same checks serve the API, with paths that count from the rule or output', () => {
  const paths = (problems: { path: readonly (string | number)[] }[]) => problems.map(({ path }) => path.join('/'))
  assert.deepEqual(paths(processorProblems({ id: 'r', type: 'redact', params: { pattern: '(?<=a)b' } }, registry)), [
    'params/pattern',
  ])
  assert.deepEqual(paths(processorProblems({ id: 'r', type: 'nope', params: {} }, registry)), ['type'])
  assert.deepEqual(
    paths(processorProblems({ id: 'r', type: 'filter', params: { value: 'x' }, when: { field: 'a' } }, registry)),
    ['when'],
  )
  assert.deepEqual(paths(outputProblems({ type: 'http' }, registry)), ['url'])
  assert.deepEqual(outputProblems({ type: 'console' }, registry), [])
})
