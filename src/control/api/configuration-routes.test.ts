/** Drafts, their parts, versions and secrets over the API. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verifyAudit } from '#control/access/audit.ts'
import { secretsFor } from '#control/configurations/secrets.ts'
import { TestController } from '#test/support/controller.ts'

const DROP = { id: 'drop_debug', type: 'filter', params: { value: 'DEBUG' } }
const REDACT = { id: 'redact_ssn', type: 'redact', params: { pattern: '\\d{3}-\\d{2}', replacement: 'XXX' } }
const DEFAULT = '/configurations/default'
const RULES = `${DEFAULT}/pipelines/default_pipeline/processors`

interface Published {
  version: { number: number; sha256: string; parent: number | null; restored_from: number | null; author: string }
  changed: boolean
  notified: number
}

test('a part is added, read, changed under its entity tag, moved and deleted', async () => {
  await using api = await TestController.start()
  const added = await api.must(201, 'POST', RULES, { body: DROP })
  await api.must(201, 'POST', RULES, { body: REDACT })
  await api.must(409, 'POST', RULES, { body: DROP })
  const one = await api.must<typeof DROP>(200, 'GET', `${RULES}/drop_debug`)
  assert.deepEqual(one.body, DROP)
  assert.equal(one.etag, added.etag)

  const body = { ...DROP, params: { value: 'TRACE' } }
  await api.must(428, 'PUT', `${RULES}/drop_debug`, { body })
  const stale = await api.must(412, 'PUT', `${RULES}/drop_debug`, { body, headers: { 'if-match': '"other"' } })
  assert.equal(stale.etag, one.etag, 'says which state it has')
  const changed = await api.must(200, 'PUT', `${RULES}/drop_debug`, { body, headers: { 'if-match': one.etag! } })
  assert.notEqual(changed.etag, one.etag)
  await api.must(412, 'DELETE', `${RULES}/drop_debug`, { headers: { 'if-match': one.etag! } })

  const moved = await api.change('PUT', `${RULES}/redact_ssn?position=0`, { body: REDACT })
  assert.equal(moved.status, 200)
  const ids = async () =>
    (await api.must<{ items: { id: string }[] }>(200, 'GET', RULES)).body.items.map(({ id }) => id)
  assert.deepEqual(await ids(), ['redact_ssn', 'drop_debug'])
  assert.equal((await api.change('DELETE', `${RULES}/redact_ssn`)).status, 204)
  assert.deepEqual(await ids(), ['drop_debug'])
  await api.must(404, 'GET', `${RULES}/redact_ssn`)
  await api.must(404, 'GET', `${DEFAULT}/pipelines/other/processors`)
})

test('a draft is checked as it stands, or a document in its place', async () => {
  await using api = await TestController.start()
  assert.deepEqual((await api.must(200, 'POST', `${DEFAULT}/validate`)).body, { problems: [] })
  const body = { pipelines: [{ id: 'p', processors: [{ id: 'bad', type: 'nothing' }] }] }
  const { problems } = (
    await api.must<{ problems: { pointer: string }[] }>(200, 'POST', `${DEFAULT}/validate`, { body })
  ).body
  assert.equal(problems[0]?.pointer, '/pipelines/0/processors/0/type')
})

test('what is not valid is refused with its place, and nothing is kept', async () => {
  await using api = await TestController.start()
  const { body } = await api.must<{ errors: { pointer: string }[] }>(422, 'POST', RULES, {
    body: { id: 'bad', type: 'redact', params: { pattern: '(' } },
  })
  assert.deepEqual(
    body.errors.map(({ pointer }) => pointer),
    ['/params/pattern'],
  )
  await api.must(422, 'POST', RULES, { body: { id: 'bad', type: 'nothing' } })
  await api.must(422, 'POST', `${DEFAULT}/outputs`, { body: { id: 'o', type: 'http' } })
  await api.must(422, 'POST', RULES, { body: { type: 'filter' } })
  const { body: list } = await api.must<{ items: unknown[] }>(200, 'GET', RULES)
  assert.deepEqual(list.items, [])
  assert.deepEqual((await verifyAudit(api.database.db, 'default')).entries, 0)
})

test('something in use is not deleted', async () => {
  await using api = await TestController.start()
  await api.must(201, 'POST', `${DEFAULT}/outputs`, { body: { id: 'out', type: 'console' } })
  const { body } = await api.must<object>(200, 'GET', `${DEFAULT}/pipelines/default_pipeline`)
  await api.change('PUT', `${DEFAULT}/pipelines/default_pipeline`, { body: { ...body, outputs: ['out'] } })
  const refused = await api.change<{ detail: string }>('DELETE', `${DEFAULT}/outputs/out`)
  assert.equal(refused.status, 409)
  assert.match(refused.body.detail, /pipeline default_pipeline/)
})

test('a dry run answers what would be and keeps nothing', async () => {
  await using api = await TestController.start()
  await api.must(201, 'POST', `${RULES}?dry_run=true`, { body: DROP })
  await api.must(422, 'POST', `${RULES}?dry_run=true`, { body: { ...DROP, type: 'nothing' } })
  await api.must(422, 'POST', `${RULES}?dry-run=true`, { body: DROP })
  await api.must(404, 'GET', `${RULES}/drop_debug`)
  await api.must(201, 'POST', RULES, { body: DROP })
  const { body } = await api.must<Published>(200, 'POST', `${DEFAULT}/publish?dry_run=true`, { body: {} })
  assert.deepEqual([body.version.number, body.changed, body.notified], [1, true, 0])
  const { body: versions } = await api.must<{ items: unknown[] }>(200, 'GET', `${DEFAULT}/versions`)
  assert.deepEqual(versions.items, [])
})

test('a draft that nobody has put anything into has no changes, also before the first version', async () => {
  await using api = await TestController.start()
  const hasChanges = async (name: string) =>
    (await api.must<{ has_changes: boolean }>(200, 'GET', `/configurations/${name}`)).body.has_changes
  assert.equal(await hasChanges('default'), false, 'the first of all')
  for (const kind of ['streamgate', 'otel_collector']) {
    await api.must(201, 'POST', '/configurations', { body: { name: kind, kind } })
    assert.equal(await hasChanges(kind), false, kind)
  }
  await api.must(201, 'POST', RULES, { body: DROP })
  assert.equal(await hasChanges('default'), true, 'a rule')
  assert.equal((await api.change('DELETE', `${RULES}/drop_debug`)).status, 204)
  assert.equal(await hasChanges('default'), false, 'the rule is gone again')
  await api.must(200, 'POST', `${DEFAULT}/publish`, { body: {} })
  assert.equal(await hasChanges('default'), false, 'published as it is')
})

test('publishing makes immutable versions; restoring is a new one with old content; the same again makes none', async () => {
  await using api = await TestController.start()
  const publish = async (message: string) =>
    (await api.must<Published>(200, 'POST', `${DEFAULT}/publish`, { body: { message }, as: 'editor+publish' })).body
  await api.must(201, 'POST', RULES, { body: DROP })
  const first = await publish('less noise')
  assert.deepEqual([first.version.number, first.version.parent, first.version.author], [1, null, 'editor+publish'])
  assert.equal((await publish('again')).changed, false)
  await api.must(201, 'POST', RULES, { body: REDACT })
  const second = await publish('no numbers')
  assert.deepEqual([second.version.number, second.version.parent], [2, 1])

  const { body: restored } = await api.must<Published>(200, 'POST', `${DEFAULT}/versions/1/restore`, { body: {} })
  assert.deepEqual([restored.version.number, restored.version.parent, restored.version.restored_from], [3, 2, 1])
  assert.equal(restored.version.sha256, first.version.sha256)
  const { body: state } = await api.must<{ live_version: number; has_changes: boolean }>(200, 'GET', DEFAULT)
  assert.deepEqual([state.live_version, state.has_changes], [3, false], 'a draft without changes follows')
  const page = await api.must<{ items: { number: number }[]; next_cursor: string }>(
    200,
    'GET',
    `${DEFAULT}/versions?limit=2`,
  )
  assert.deepEqual(
    page.body.items.map(({ number }) => number),
    [3, 2],
  )
  const next = await api.must<{ items: { number: number }[]; next_cursor: null }>(
    200,
    'GET',
    `${DEFAULT}/versions?limit=2&cursor=${page.body.next_cursor}`,
  )
  assert.deepEqual([next.body.items.map(({ number }) => number), next.body.next_cursor], [[1], null])
  await api.must(422, 'GET', `${DEFAULT}/versions?cursor=xx`)
  await api.must(404, 'POST', `${DEFAULT}/versions/9/restore`, { body: {} })
})

test('a draft with changes of its own stays when an old version is restored', async () => {
  await using api = await TestController.start()
  await api.must(201, 'POST', RULES, { body: DROP })
  await api.must(200, 'POST', `${DEFAULT}/publish`, { body: {} })
  await api.must(201, 'POST', RULES, { body: REDACT })
  await api.must(200, 'POST', `${DEFAULT}/publish`, { body: {} })
  await api.change('DELETE', `${RULES}/drop_debug`)
  await api.must(200, 'POST', `${DEFAULT}/versions/1/restore`, { body: {} })
  const { body } = await api.must<{ items: { id: string }[] }>(200, 'GET', RULES)
  assert.deepEqual(
    body.items.map(({ id }) => id),
    ['redact_ssn'],
  )
})

test('the difference of two contents is told by their parts', async () => {
  await using api = await TestController.start()
  await api.must(201, 'POST', RULES, { body: DROP })
  await api.must(201, 'POST', RULES, { body: REDACT })
  await api.must(200, 'POST', `${DEFAULT}/publish`, { body: {} })
  await api.change('PUT', `${RULES}/drop_debug?position=1`, { body: { ...DROP, params: { value: 'TRACE' } } })
  await api.must(201, 'POST', RULES, { body: { id: 'new', type: 'dedupe', params: {} } })
  const { body } = await api.must<{ entries: { op: string; path: string; fields?: string[] }[] }>(
    200,
    'GET',
    `${DEFAULT}/diff`,
  )
  const path = 'pipelines/default_pipeline/processors'
  assert.deepEqual(
    body.entries.map(({ op, path, fields }) => [op, path, fields]),
    [
      ['move', `${path}/redact_ssn`, undefined],
      ['move', `${path}/drop_debug`, undefined],
      ['change', `${path}/drop_debug`, ['params']],
      ['add', `${path}/new`, undefined],
    ],
  )
  const same = await api.must<{ entries: unknown[] }>(200, 'GET', `${DEFAULT}/diff?from=1&to=live`)
  assert.deepEqual(same.body.entries, [])
})

test('credentials are masked in every answer, and what comes back masked keeps its value', async () => {
  await using api = await TestController.start()
  const output = { id: 'vendor', type: 'http', url: 'https://user:s3cret@one.example/', headers: { 'X-Key': 's3cret' } }
  const added = await api.must(201, 'POST', `${DEFAULT}/outputs`, { body: output })
  await api.must(200, 'POST', `${DEFAULT}/publish`, { body: {} })
  const shown = await api.must<typeof output>(200, 'GET', `${DEFAULT}/outputs/vendor`)
  const places = ['/draft', '/export', '/diff?from=live&to=draft', '/versions/1', '/outputs']
  const all = await Promise.all(places.map((place) => api.must(200, 'GET', DEFAULT + place)))
  const audit = await api.database.db.selectFrom('audit').selectAll().execute()
  for (const text of [added, shown, ...all, audit].map((value) => JSON.stringify(value)))
    assert.ok(!text.includes('s3cret'), text)

  const changed = await api.change('PUT', `${DEFAULT}/outputs/vendor`, { body: { ...shown.body, method: 'PUT' } })
  assert.equal(changed.status, 200, JSON.stringify(changed.body))
  const { draft } = await api.database.db.selectFrom('configurations').select('draft').executeTakeFirstOrThrow()
  assert.deepEqual(JSON.parse(draft).outputs[0], { ...output, method: 'PUT' })
  await api.must(422, 'POST', `${DEFAULT}/outputs`, { body: { ...shown.body, id: 'copy' } })
  const whole = await api.must<{ outputs: object[] }>(200, 'GET', `${DEFAULT}/draft`)
  const replaced = await api.change('PUT', `${DEFAULT}/draft`, { body: whole.body })
  assert.equal(replaced.status, 200)
  assert.equal(replaced.etag, whole.etag, 'export and import change nothing')
})

test('secrets are written and never read; what is in use stays', async () => {
  await using api = await TestController.start()
  const set = await api.must(200, 'PUT', '/secrets/dd_key', { body: { value: 's3cret-value' } })
  assert.ok(!JSON.stringify(set.body).includes('s3cret'))
  await api.must(201, 'POST', `${DEFAULT}/outputs`, {
    body: { id: 'o', type: 'http', url: 'https://one.example', headers: { 'X-Key': '${secret:dd_key}' } },
  })
  const { body } = await api.must<{ items: { name: string; used_by: string[] }[] }>(200, 'GET', '/secrets')
  assert.deepEqual(
    body.items.map(({ name, used_by }) => [name, used_by]),
    [['dd_key', ['configuration default']]],
  )
  await api.must(409, 'DELETE', '/secrets/dd_key')
  const shown = await api.must<{ headers: object }>(200, 'GET', `${DEFAULT}/outputs/o`)
  assert.deepEqual(shown.body.headers, { 'X-Key': '${secret:dd_key}' }, 'a reference is none itself')
  const { db } = api.database
  const opened = await secretsFor(db, api.box, 'default', 'a ${secret:dd_key} ${secret:unknown}')
  assert.deepEqual(
    [...opened].map(([name, value]) => [name, value.reveal()]),
    [['dd_key', 's3cret-value']],
  )
  assert.ok(!JSON.stringify(await db.selectFrom('secrets').selectAll().execute()).includes('s3cret'))
  await api.change('DELETE', `${DEFAULT}/outputs/o`)
  await api.must(204, 'DELETE', '/secrets/dd_key')
})

test('configurations of collectors hold files, and have no parts', async () => {
  await using api = await TestController.start()
  const draft = { files: { '': { body: 'receivers: {}\n', content_type: 'text/yaml' } } }
  await api.must(201, 'POST', '/configurations', { body: { name: 'edge', kind: 'otel_collector', draft } })
  await api.must(409, 'POST', '/configurations', { body: { name: 'edge' } })
  await api.must(409, 'GET', '/configurations/edge/outputs')
  const { body } = await api.must<Published>(200, 'POST', '/configurations/edge/publish', { body: {} })
  assert.equal(body.version.number, 1)
  await api.must(422, 'POST', '/configurations', { body: { name: 'x', kind: 'otel_collector', draft: { files: 1 } } })
  assert.equal((await api.change('DELETE', '/configurations/edge')).status, 204)
  await api.must(404, 'GET', '/configurations/edge')
  assert.equal((await api.change('DELETE', DEFAULT)).status, 409)
})

test('a policy asks for a message and a receipt', async () => {
  await using api = await TestController.start()
  await api.must(201, 'POST', RULES, { body: DROP })
  const changed = await api.change('PATCH', DEFAULT, {
    body: { policy: { require_message: true, require_receipt: true } },
  })
  assert.equal(changed.status, 200)
  const { body } = await api.must<{ detail: string }>(422, 'POST', `${DEFAULT}/publish`, { body: {} })
  assert.match(body.detail, /message/)
  const refused = await api.must<{ detail: string }>(422, 'POST', `${DEFAULT}/publish`, { body: { message: 'why' } })
  assert.match(refused.body.detail, /receipt/)
  await api.must(422, 'POST', '/publish', { body: {} })
  await api.must(422, 'POST', `${DEFAULT}/publish`, { body: { message: 'why', receipt: 'unknown' } })
})

test('each change stands in the audit log with who made it', async () => {
  await using api = await TestController.start()
  await api.must(201, 'POST', RULES, { body: DROP, as: 'editor' })
  await api.must(403, 'POST', `${DEFAULT}/publish`, { body: {}, as: 'editor' })
  await api.must(200, 'POST', `${DEFAULT}/publish`, { body: {}, as: 'viewer+publish' })
  await api.must(401, 'GET', DEFAULT, { as: 'nobody' })
  await api.must(403, 'POST', RULES, { body: REDACT, as: 'viewer' })
  const entries = await api.database.db.selectFrom('audit').selectAll().orderBy('seq').execute()
  assert.deepEqual(
    entries.map(({ actor, action }) => [actor, action]),
    [
      ['editor', 'processor.add'],
      ['viewer+publish', 'version.publish'],
    ],
  )
})

test('what belongs to another organisation is not there', async () => {
  await using api = await TestController.start()
  await api.must(201, 'POST', RULES, { body: DROP })
  for (const path of [DEFAULT, `${DEFAULT}/draft`, `${RULES}/drop_debug`, `${DEFAULT}/versions`, `${DEFAULT}/diff`])
    await api.must(404, 'GET', path, { as: 'owner@other' })
  const { body } = await api.must<{ items: unknown[] }>(200, 'GET', '/configurations', { as: 'owner@other' })
  assert.deepEqual(body.items, [])
})
