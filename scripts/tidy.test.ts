import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { checkHouse } from './tidy.ts'

test('the house is tidy', () => {
  const { problems, modules } = checkHouse(fileURLToPath(new URL('..', import.meta.url)))
  assert.deepEqual(problems, [])
  assert.ok(modules > 100, `${modules} modules were looked at`)
})

/** Problems of a made-up house that has these files and is otherwise in order. */
function problemsWith(files: Record<string, string>): string[] {
  const root = mkdtempSync(join(tmpdir(), 'streamgate-tidy-'))
  try {
    for (const [path, text] of Object.entries({
      'src/main.js': Object.keys(files)
        .map((path) => `import './${path.slice(4)}'`)
        .join('\n'),
      ...files,
    })) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    return checkHouse(root).problems
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

const registered =
  "import { sample } from '#processors/sample/sample.ts'\nimport { dedupe } from '#processors/dedupe/dedupe.ts'"

test('each kind of untidiness is found', () => {
  const cases: [string, Record<string, string>, RegExp][] = [
    [
      'a closed door',
      { 'src/std/bytes.ts': "import { x } from '#engine/node.ts'", 'src/engine/node.ts': '' },
      /std has no door to engine/,
    ],
    [
      'a closed door for types',
      { 'src/engine/node.ts': "import type { X } from '#control/api.ts'", 'src/control/api.ts': '' },
      /no door to control/,
    ],
    [
      'a door through a dynamic import',
      { 'src/std/a.ts': "await import('#engine/node.ts')", 'src/engine/node.ts': '' },
      /no door to engine/,
    ],
    [
      'Node in a portable room',
      { 'src/codecs/a.ts': "import { readFileSync } from 'node:fs'" },
      /must run in a browser too/,
    ],
    [
      'tests in the product',
      { 'src/std/a.ts': "import { x } from '#test/support/x.ts'", 'test/support/x.ts': '' },
      /no part of the product/,
    ],
    [
      'a room that nobody knows',
      { 'src/attic/a.ts': "import { x } from '#std/b.ts'", 'src/std/b.ts': '' },
      /room that nobody knows/,
    ],
    [
      'a sibling',
      {
        'src/processor-registry.ts': registered,
        'src/processors/sample/sample.ts': "import { x } from '../dedupe/dedupe.ts'",
        'src/processors/dedupe/dedupe.ts': '',
        'src/processors/sample/README.md': '',
        'src/processors/dedupe/README.md': '',
      },
      /imports its sibling dedupe/,
    ],
    [
      'a component that is not registered',
      { 'src/outputs/new/new.ts': '', 'src/outputs/new/README.md': '' },
      /is not in src\/registry.ts/,
    ],
    [
      'a component without README',
      { 'src/processor-registry.ts': registered, 'src/processors/sample/sample.ts': '' },
      /has no README/,
    ],
    ['a word that was to go', { 'src/std/a.ts': `// ${'TO'}${'DO'}: later` }, /a word that was to go/],
  ]
  for (const [what, files, expected] of cases) {
    const problems = problemsWith(files)
    assert.ok(
      problems.some((problem) => expected.test(problem)),
      `${what}: ${JSON.stringify(problems)}`,
    )
  }
})

test('a file that nobody imports is found, tests and entries are not', () => {
  const problems = problemsWith({
    'src/main.js': '',
    'src/std/lonely.ts': '',
    'src/std/lonely.test.ts': "import './x.ts'",
    'src/std/x.ts': '',
  })
  assert.deepEqual(problems, ['src/std/lonely.ts: nobody imports it'])
})

test('a tidy house has no problems', () => {
  const files = {
    'src/std/bytes.ts': "import { Buffer } from 'node:buffer'",
    'src/codecs/text.ts': "import { x } from '#std/bytes.ts'\n// import { y } from '#engine/node.ts'",
    'src/outputs/shared.ts': "import type { O } from '#component/output.ts'",
    'src/component/output.ts': "import { x } from '#codecs/text.ts'",
  }
  assert.deepEqual(problemsWith(files), [])
})
