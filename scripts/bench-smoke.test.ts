/** Benchmarks must not rot: each runs here, on a few records. What it measures then means nothing. */
import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { enableLinearRegex } from '#std/pattern/linear.ts'

enableLinearRegex()
const root = fileURLToPath(new URL('..', import.meta.url))
const files = globSync('src/**/*.bench.ts', { cwd: root }).sort()

test('there are benchmarks', () => {
  assert.ok(files.length > 4)
})

for (const file of files) {
  test(`${file} runs`, async () => {
    const module = (await import(`../${file}`)) as { bench?: (options: { records: number }) => unknown }
    assert.equal(typeof module.bench, 'function', 'it exports bench')
    await module.bench?.({ records: 200 })
  })
}
