import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { scaffold } from './new.ts'
import { checkHouse } from './tidy.ts'

const project = fileURLToPath(new URL('..', import.meta.url))

test('a new component has its folder and its line, and leaves the house tidy', () => {
  const root = mkdtempSync(join(tmpdir(), 'streamgate-new-'))
  try {
    cpSync(join(project, 'src'), join(root, 'src'), { recursive: true })
    mkdirSync(join(root, 'test'))
    for (const [kind, name] of [
      ['processor', 'drop_empty'],
      ['source', 'greeting'],
      ['output', 'udp'],
    ] as const) {
      const files = scaffold(root, kind, name)
      assert.equal(files.length, 4)
    }
    const registry = readFileSync(join(root, 'src/registry.ts'), 'utf8')
    const engines = readFileSync(join(root, 'src/processor-registry.ts'), 'utf8')
    assert.match(engines, /import \{ dropEmpty \} from '#processors\/drop_empty\/drop_empty.ts'/)
    assert.match(engines, /^ {4}dropEmpty,$/m)
    assert.match(registry, /import \{ udpOutput \} from '#outputs\/udp\/udp.ts'/, 'a name that is taken gets its kind')
    assert.deepEqual(checkHouse(root).problems, [])
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
})

test('names that are none, or taken, are refused', () => {
  for (const name of ['', 'Bad', 'bad-name', '../x', '1st', 'filter'])
    assert.throws(() => scaffold(project, 'processor', name), Error, name)
})
