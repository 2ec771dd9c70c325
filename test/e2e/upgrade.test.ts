/** A data directory that version 0.1.0 has left: its rules run from the first record on, and everything new works on it. */
import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import type { ConfigurationDocument } from '#contract/configuration.ts'
import { applied, Operator } from '#test/support/operator.ts'
import { Program, temporaryFolder } from '#test/support/program.ts'

const STORE = new URL('../fixtures/store-0.1.0.sql', import.meta.url)
const CHECKOUT_DEBUG = '{"service":"checkout","message":"DEBUG 123-45-6789"}'
const OTHER_DEBUG = '{"service":"cart","message":"DEBUG 123-45-6789"}'
const OTHER_REDACTED = '{"service":"cart","message":"DEBUG XXX-XX-XXXX"}'

/** As 0.1.0 left it: the store, and what the node ran last. */
function oldDataDir(t: TestContext): string {
  const folder = temporaryFolder()
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const store = new DatabaseSync(join(folder, 'control.db'))
  store.exec(readFileSync(STORE, 'utf8'))
  const { manifest } = store.prepare('SELECT manifest FROM published').get() as { manifest: string }
  store.close()
  writeFileSync(join(folder, 'last-good-manifest.json'), manifest)
  return folder
}

test('up runs the old rules from the first record on, and goes on from there', async (t) => {
  const dataDir = oldDataDir(t)
  {
    await using program = await Program.start('up', { dataDir })
    await program.sendTcp(`${CHECKOUT_DEBUG}\n${OTHER_DEBUG}\n`)
    await program.until(() => program.lines.length > 0, 'a line')
    assert.deepEqual(program.lines, [OTHER_REDACTED])

    const operator = new Operator(program.address('API'))
    const { items } = await operator.must<{ items: object[] }>('GET', '/configurations/default/versions')
    assert.equal(items.length, 1)
    assert.partialDeepStrictEqual(items[0], { number: 1, parent: null, live: true, created_at: 1795268945252 })
    const version = await operator.must<{ content: ConfigurationDocument }>('GET', '/configurations/default/versions/1')
    assert.deepEqual(
      version.content.pipelines.map(({ processors }) => processors.map(({ id }) => id)),
      [['drop_debug', 'redact_ssn']],
    )
    assert.doesNotMatch(JSON.stringify(version), /s3cret/)
    await operator.untilGateways(1, applied(1), 'the node to say what it runs')

    // What was not published then stands in the draft, and the old routes show it.
    const { entries } = await operator.must<{ entries: object[] }>(
      'GET',
      '/configurations/default/diff?from=live&to=draft',
    )
    assert.partialDeepStrictEqual(entries, [{ op: 'add', path: 'pipelines/default_pipeline/processors/later' }])
    const rules = (await (await fetch(`${operator.address}/rules`)).json()) as { id: string }[]
    assert.deepEqual(
      rules.map(({ id }) => id),
      ['drop_debug', 'redact_ssn', 'later'],
    )
    const size = await (await fetch(`${operator.address}/config/batch_size`)).json()
    assert.deepEqual(size, { batch_size: 250 })
    await operator.must('POST', '/configurations/default/publish', { message: 'after the upgrade' })
    await operator.untilGateways(1, applied(2), 'the second version')
    await operator.must('POST', '/configurations/default/versions/1/restore', { message: 'and back' })
    await operator.untilGateways(1, applied(3), 'the first one again')
    const { broken_at } = await operator.must('GET', '/audit/verify')
    assert.equal(broken_at, null)
    assert.doesNotMatch(program.stderr, /s3cret/)
    await program.stop()
  }
  await using again = await Program.start('up', { dataDir })
  await again.sendTcp(`${CHECKOUT_DEBUG}\n${OTHER_DEBUG}\n`)
  await again.until(() => again.lines.length > 0, 'a line')
  assert.deepEqual(again.lines, [OTHER_REDACTED])
  const { items } = await new Operator(again.address('API')).must<{ items: { number: number }[] }>(
    'GET',
    '/configurations/default/versions',
  )
  assert.deepEqual(
    items.map(({ number }) => number),
    [3, 2, 1],
  )
})

test('a node alone starts with what it ran last when there is nobody to ask', async (t) => {
  const dataDir = oldDataDir(t)
  await using node = await Program.start('node', {
    dataDir,
    flags: ['--opamp-endpoint', 'ws://127.0.0.1:1/v1/opamp'],
  })
  await node.sendTcp(`${CHECKOUT_DEBUG}\n${OTHER_DEBUG}\n`)
  await node.until(() => node.lines.length > 0, 'a line')
  assert.deepEqual(node.lines, [OTHER_REDACTED])
})
