/** Every example is a configuration that works. */
import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { basename } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { defaultDocument, loadConfig } from '#config/load.ts'
import { readFile } from '#config/read.ts'
import { registry } from '#registry.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'

enableLinearRegex()
const files = globSync(fileURLToPath(new URL('../../examples/*.yaml', import.meta.url)))
  .filter((file) => !file.endsWith('.test.yaml'))
  .sort()

test('there are examples', () => {
  assert.ok(files.length >= 4)
})

for (const file of files) {
  test(`examples/${basename(file)} is valid, without a warning`, () => {
    const { plan, warnings } = loadConfig({ config: file }, {}, registry)
    assert.deepEqual(warnings, [])
    assert.ok(plan.pipelines.length > 0)
  })
}

test('examples/default.yaml says what runs without a file', () => {
  const file = files.find((file) => basename(file) === 'default.yaml')
  assert.ok(file !== undefined)
  assert.deepEqual(readFile(file).value, defaultDocument)
})
