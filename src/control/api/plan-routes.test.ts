import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProblemBody } from '#contract/api.ts'
import type { DiffEntry, Plan } from '#contract/configuration.ts'
import { TestController } from '#test/support/controller.ts'

const PLAN = '/configurations/default/plan'
const output = (key: string) => ({ id: 'o', type: 'http', url: 'http://x/', headers: { authorization: key } })
const document = (value: string, key = '[redacted]') => ({
  pipelines: [{ id: 'p', processors: [{ id: 'drop', type: 'filter', params: { value } }], outputs: ['o'] }],
  outputs: [output(key)],
})

function names(entries: readonly DiffEntry[]): string[] {
  return entries.map(({ op, path }) => `${op} ${path}`)
}

test('a plan tells what a document changes of the draft and of what is live, and keeps nothing', async () => {
  await using controller = await TestController.start()
  const draft = '/configurations/default/draft'
  await controller.change('PUT', draft, { body: document('A', 'one') })
  await controller.must(200, 'POST', '/configurations/default/publish', { body: {} })
  await controller.change('PUT', draft, { body: document('B', 'two') })
  const before = await controller.must(200, 'GET', draft)
  const { body } = await controller.must<Plan>(200, 'POST', PLAN, { body: { document: document('A') }, as: 'viewer' })
  assert.deepEqual(names(body.draft), ['change pipelines/p/processors/drop'])
  // The mask stands for the draft's value, which is another than what is live.
  assert.deepEqual(names(body.live), ['change outputs/o'])
  assert.ok(!JSON.stringify(body).includes('two'))
  assert.deepEqual((await controller.must(200, 'GET', draft)).etag, before.etag)
})

test('complaints point into the body; strangers and other organisations get none', async () => {
  await using controller = await TestController.start()
  const refused = async (document: unknown) => {
    const { body } = await controller.must<ProblemBody>(422, 'POST', PLAN, { body: { document } })
    return body.errors
  }
  const unknown = { pipelines: [{ id: 'p', processors: [{ id: 'x', type: 'nonsense' }] }] }
  assert.equal((await refused(unknown))![0]!.pointer, '/document/pipelines/0/processors/0/type')
  assert.deepEqual(await refused({ outputs: [output('[redacted]')] }), [
    { pointer: '/document/outputs/0/headers/authorization', detail: 'is masked, and no value is stored here' },
  ])
  assert.equal((await refused({ nonsense: 1 }))![0]!.pointer, '/document/nonsense')
  await controller.must(401, 'POST', PLAN, { body: { document: {} }, as: 'nobody' })
  await controller.must(404, 'POST', PLAN, { body: { document: {} }, as: 'viewer@other' })
})

test('with If-Match only the draft that was looked at is published', async () => {
  await using controller = await TestController.start()
  const draft = '/configurations/default/draft'
  const publish = (etag: string) =>
    controller.ask('POST', '/configurations/default/publish', { body: {}, headers: { 'if-match': etag } })
  const { etag } = await controller.change('PUT', draft, { body: document('A', 'one') })
  await controller.change('PUT', draft, { body: document('B') })
  const refused = await publish(etag!)
  assert.equal(refused.status, 412)
  const now = (await controller.must(200, 'GET', draft)).etag!
  assert.equal(refused.etag, now)
  assert.equal((await publish(now)).status, 200)
})

test('a receipt of a document that is kept nowhere is good for the draft that it becomes', async () => {
  await using controller = await TestController.start()
  const [draft, receipts] = ['/configurations/default/draft', '/configurations/default/receipts']
  await controller.change('PATCH', '/configurations/default', { body: { policy: { require_receipt: true } } })
  await controller.change('PUT', draft, { body: document('A', 'one') })
  const refused = await controller.must<ProblemBody>(422, 'POST', receipts, { body: { document: { outputs: [{}] } } })
  assert.equal(refused.body.errors![0]!.pointer, '/document/outputs/0/id')
  const { body: made } = await controller.must<{ id: string }>(201, 'POST', receipts, {
    body: { document: document('B') },
  })
  const publish = () => controller.ask('POST', '/configurations/default/publish', { body: { receipt: made.id } })
  assert.equal((await publish()).status, 422, 'it is of another document')
  await controller.change('PUT', draft, { body: document('B') })
  assert.equal((await publish()).status, 200)
})
