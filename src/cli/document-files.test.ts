import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { parse } from '#config/read.ts'
import {
  documentFiles,
  documentText,
  locatedError,
  MAIN_FILE,
  readDocument,
  type Tree,
  writeFiles,
} from './document-files.ts'

const NOTHING = (async function* (): AsyncGenerator<Uint8Array> {})()

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'streamgate-test-files-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

const json = fc.jsonValue({ stringUnit: 'binary', maxDepth: 3 })
const id = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.:-]{0,12}$/)
const entity = (more: Record<string, fc.Arbitrary<unknown>> = {}) =>
  fc
    .tuple(fc.dictionary(fc.string({ unit: 'binary', maxLength: 8 }), json, { maxKeys: 3 }), fc.record({ id, ...more }))
    .map(([rest, own]): Tree => ({ ...rest, ...own }))
const rule = entity({ type: id, params: fc.dictionary(fc.string(), json, { maxKeys: 3 }) })
const documents = fc.record({
  version: fc.constant(2),
  sources: fc.array(entity(), { maxLength: 3 }),
  pipelines: fc.array(entity({ sources: fc.array(id), processors: fc.array(rule, { maxLength: 3 }) }), {
    maxLength: 4,
  }),
  outputs: fc.array(entity(), { maxLength: 3 }),
  upstreams: fc.array(entity(), { maxLength: 2 }),
})

/** As JSON, which knows no -0. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

test('whatever a document holds, its text reads back as the same', () => {
  fc.assert(
    fc.property(documents, (document) => {
      assert.deepEqual(plain(parse(documentText(document as Tree), 'text').value), plain(document))
    }),
    { numRuns: 300 },
  )
})

test('and so do its files', async (t) => {
  await fc.assert(
    fc.asyncProperty(documents, async (document) => {
      const folder = folderFor(t)
      assert.deepEqual(writeFiles(folder, documentFiles(document as Tree)), [])
      const given = await readDocument(folder, NOTHING)
      assert.deepEqual(plain(given.value), plain(document))
      assert.deepEqual(given.unused, [])
    }),
    { numRuns: 60 },
  )
})

test('keys stand in an order of their own, whoever wrote the document', () => {
  const rule = { params: { b: 1, a: 2 }, when: { field: 'x' }, type: 'filter', id: 'r' }
  const pipeline = { outputs: [], processors: [rule], batch: { max_records: 1 }, id: 'p' }
  assert.equal(
    documentText({ outputs: [], pipelines: [pipeline], version: 2 }),
    `version: 2
pipelines:
  - id: p
    processors:
      - id: r
        type: filter
        when:
          field: x
        params:
          b: 1
          a: 2
    outputs: []
    batch:
      max_records: 1
outputs: []
`,
  )
})

test('each pipeline has a file, whatever its id is; what lies there from before is told', (t) => {
  const folder = folderFor(t)
  mkdirSync(join(folder, 'pipelines'))
  writeFileSync(join(folder, 'pipelines/old.yaml'), 'id: old\n')
  const files = documentFiles({ version: 2, pipelines: [{ id: 'a:b' }, { id: 'A_b' }, { id: 'c' }] })
  assert.deepEqual([...files.keys()], [MAIN_FILE, 'pipelines/a_b.yaml', 'pipelines/A_b~2.yaml', 'pipelines/c.yaml'])
  assert.deepEqual(writeFiles(folder, files), [join(folder, 'pipelines/old.yaml')])
  assert.equal(
    readFileSync(join(folder, MAIN_FILE), 'utf8'),
    'version: 2\npipelines:\n  - pipelines/a_b.yaml\n  - pipelines/A_b~2.yaml\n  - pipelines/c.yaml\n',
  )
})

test('what an API complains of has the line of the file that it stands in', async (t) => {
  const folder = folderFor(t)
  mkdirSync(join(folder, 'pipelines'))
  writeFileSync(
    join(folder, MAIN_FILE),
    'version: 2\noutputs:\n  - id: o\n    headers: { a/b: x }\npipelines: [pipelines/p.yaml]\n',
  )
  writeFileSync(join(folder, 'pipelines/p.yaml'), 'id: p\nprocessors:\n  - id: r\n    params: { value: 1 }\n')
  const given = await readDocument(folder, NOTHING)
  const complaints = [
    { pointer: '/document/pipelines/0/processors/0/params/value', detail: 'must be text' },
    { pointer: '/document/outputs/0/headers/a~1b', detail: 'is wrong' },
    { pointer: '/document/sources', detail: 'is missing' },
    { pointer: '/document', detail: 'is too large' },
  ]
  const lines = [
    `${folder}/pipelines/p.yaml:4:15: pipelines/0/processors/0/params/value: must be text`,
    `${folder}/streamgate.yaml:4:16: outputs/0/headers/a/b: is wrong`,
    `${folder}/streamgate.yaml:1:1: sources: is missing`,
    `${folder}/streamgate.yaml:1:1: is too large`,
  ]
  assert.equal(locatedError(given, complaints, '/document').message, lines.join('\n'))
})

test('files that are not there, not below the folder, or not YAML', async (t) => {
  const folder = folderFor(t)
  const main = join(folder, MAIN_FILE)
  const refused = async (text: string, message: RegExp) => {
    writeFileSync(main, text)
    await assert.rejects(readDocument(folder, NOTHING), message)
  }
  await refused('pipelines:\n  - pipelines/x.yaml\n', /streamgate\.yaml:2:5: there is no file "pipelines\/x\.yaml"/)
  await refused('pipelines: [../x.yaml]\n', /streamgate\.yaml:1:13: "\.\.\/x\.yaml" does not lie in this folder/)
  await refused('pipelines: [\n', /streamgate\.yaml:2:1: .*\[SG_CONFIG_SYNTAX\]/)
  await assert.rejects(readDocument(join(folder, 'none.yaml'), NOTHING), /none\.yaml: cannot read it: ENOENT/)
  const input = (async function* () {
    yield Buffer.from('pipelines: [x.yaml]')
  })()
  await assert.rejects(
    readDocument('-', input),
    /standard input:1:13: "x\.yaml" is a file, and standard input has none/,
  )
})
