import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { isFresh, stampBuild } from './build-stamp.ts'

test('a folder is fresh until anything that went into it is another', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'streamgate-test-stamp-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  const folder = join(root, 'built')
  for (const name of ['built', 'public']) mkdirSync(join(root, name))
  writeFileSync(join(root, 'a.ts'), 'one')
  writeFileSync(join(root, 'public/icon.svg'), '<svg/>')
  assert.equal(await isFresh(folder, root), false, 'without a stamp')
  const stamp = () => stampBuild(folder, root, ['a.ts', 'public', 'public/icon.svg', 'a.ts'])
  const changes: [string, () => void][] = [
    ['a later time', () => utimesSync(join(root, 'a.ts'), 3_000_000_000, 3_000_000_000)],
    ['an earlier time', () => utimesSync(join(root, 'a.ts'), 1, 1)],
    ['a new file in a folder', () => writeFileSync(join(root, 'public/other.svg'), '')],
    ['a file that is gone', () => rmSync(join(root, 'a.ts'))],
    ['a stamp that nobody can read', () => writeFileSync(join(folder, '.built-from.json'), '{')],
    ['a stamp of nothing', () => writeFileSync(join(folder, '.built-from.json'), '{}')],
  ]
  for (const [what, change] of changes) {
    await stamp()
    assert.equal(await isFresh(folder, root), true, `before ${what}`)
    change()
    assert.equal(await isFresh(folder, root), false, what)
  }
})
