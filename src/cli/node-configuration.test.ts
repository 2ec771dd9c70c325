/** What a node starts with when what it was given last does not fit any more. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { loadConfig } from '#config/load.ts'
import { silentLogger } from '#observe/log.ts'
import { registry } from '#registry.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { testFolder } from '#test/support/opamp-world.ts'
import { NodeConfiguration } from './node-configuration.ts'

const REDACT = { id: 'redact', type: 'redact', params: { pattern: 'x' } }
const FILTER = { id: 'filter', type: 'filter', params: { value: 'x' } }
const MISFIT = { id: 'vendor', type: 'http', url: '${env:STREAMGATE_TEST_GONE}' }

function startWith(t: TestContext, lastGood: string) {
  enableLinearRegex()
  const flags = { 'data-dir': testFolder(t) }
  writeFileSync(join(flags['data-dir'], 'last-good.json'), lastGood)
  const configuration = new NodeConfiguration(loadConfig(flags, {}, registry), flags, silentLogger)
  const { pipelines, outputs } = configuration.initial(undefined)
  const rules = pipelines.flatMap(({ processors }) => processors.map(({ id }) => id))
  return { configuration, rules, outputs: outputs.map(({ id }) => id) }
}

function kept(processors: object[], outputs: object[] = []): string {
  const pipelines = [
    { id: 'default_pipeline', processors },
    { id: 'of_another_file', processors },
  ]
  const text = JSON.stringify({
    version: 2,
    pipelines: outputs.length === 0 ? pipelines.slice(0, 1) : pipelines,
    outputs,
  })
  return JSON.stringify({ kind: 'document', text, secrets: {} })
}

test('what fits runs whole', (t) => {
  const { configuration, rules } = startWith(t, kept([REDACT, FILTER]))
  assert.deepEqual(rules, ['redact', 'filter'])
  assert.ok(configuration.isWhole)
})

test('of what does not fit the required rules run, also after the file is read again', async (t) => {
  const { configuration, rules, outputs } = startWith(t, kept([REDACT, FILTER], [MISFIT]))
  assert.deepEqual([rules, outputs], [['redact'], ['console']])
  assert.ok(!configuration.isWhole, 'it is to be given again')
  const applied: string[][] = []
  configuration.started(async ({ pipelines }) => {
    applied.push(pipelines.flatMap(({ processors }) => processors.map(({ id }) => id)))
  })
  await configuration.reread()
  assert.deepEqual(applied, [['redact']])
  assert.deepEqual((await configuration.takeFiles(new Map())).status, 'applied')
  assert.deepEqual(applied.at(-1), [])
})

test('the same of a manifest, by its own word or by that of its rules', (t) => {
  const processors = [
    { ...REDACT, required: false },
    { ...FILTER, required: true },
  ]
  const outputs = [{ type: 'http', url: 'not a URL' }]
  const manifest = { version: '1.0', pipelines: [{ name: 'default_pipeline', processors, outputs, batch_size: 9 }] }
  assert.deepEqual(startWith(t, JSON.stringify(manifest)).rules, ['filter'])
})

test('a node whose required rules cannot run does not start, and one that must run nothing does', (t) => {
  const broken = { ...REDACT, params: { pattern: '(' } }
  assert.throws(() => startWith(t, kept([broken])), /required rules .* cannot run.*last-good\.json/s)
  assert.deepEqual(startWith(t, kept([FILTER], [MISFIT])).rules, [])
})
