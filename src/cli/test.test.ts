/** `streamgate test` as a user types it, with the example that comes along. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url))
const EXAMPLE = fileURLToPath(new URL('../../examples/drop-and-redact.yaml', import.meta.url))

let folder = ''
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'streamgate-test-'))
  copyFileSync(EXAMPLE, join(folder, 'streamgate.yaml'))
})
after(() => rmSync(folder, { recursive: true, force: true }))

function streamgate(...args: string[]) {
  const options = { cwd: folder, encoding: 'utf8', timeout: 60_000 } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'test', ...args], options)
  return { status, stdout, stderr }
}

test("the example's cases hold", () => {
  const { status, stdout } = streamgate(EXAMPLE)
  assert.equal(status, 0)
  assert.match(stdout, /✓ social security numbers are hidden\n/)
  assert.match(stdout, /drop-and-redact\.yaml: 5 cases, all as expected \(\d+ ms\)\n$/)
})

test('exit codes: 0 as expected, 1 not, 78 for a bad file; without one there is a remedy', () => {
  const none = streamgate()
  assert.equal(none.status, 1)
  assert.match(none.stderr, /there is no streamgate\.test\.yaml; write one, or name the file of the cases with --tests/)
  writeFileSync(join(folder, 'streamgate.test.yaml'), '- { name: kept, input: a, expect: a }\n')
  assert.equal(streamgate().status, 0)
  writeFileSync(join(folder, 'other.yaml'), '- { name: kept, input: a, expect: b }\n')
  const different = streamgate('--tests', 'other.yaml', '--json', '--junit', 'results.xml')
  assert.equal(different.status, 1)
  assert.equal(JSON.parse(different.stdout).failed, 1)
  assert.match(
    readFileSync(join(folder, 'results.xml'), 'utf8'),
    /<testsuites name="streamgate" tests="1" failures="1"/,
  )
  writeFileSync(join(folder, 'bad.yaml'), '- { nam: x, input: a, expect: b }\n')
  const bad = streamgate('--tests', 'bad.yaml')
  assert.equal(bad.status, 78)
  assert.match(bad.stderr, /bad\.yaml:1:5: 0\/nam: there is no key "nam"; did you mean "name"\?/)
})
