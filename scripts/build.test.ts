import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build } from './build.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

test('what is built runs', async () => {
  // Inside the project, where its packages are found.
  const folder = join(root, 'node_modules', `.build-${process.pid}`)
  try {
    assert.ok((await build(folder)) > 80)
    assert.ok(existsSync(join(folder, 'ui/index.html')))
    assert.deepEqual(globSync('ui/.*', { cwd: folder }), [], 'what is about the build stays behind')
    const run = (...args: string[]) =>
      execFileSync(process.execPath, [join(folder, 'main.js'), ...args], {
        encoding: 'utf8',
        input: 'INFO ssn 123-45-6789\n',
      })
    assert.match(run('--version'), /^\d+\.\d+\.\d+\n$/)
    const example = join(root, 'examples/drop-and-redact.yaml')
    assert.match(run('validate', example), /is valid/)
    assert.match(run('explain', example), /INFO ssn XXX-XX-XXXX/)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
