import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { Link } from '#agent/link.ts'
import type { AgentToServer } from '#codecs/opamp/messages.ts'
import { openAgent } from '#control/fleet/credentials.ts'
import type { KeptRecords } from '#observe/admin-routes.ts'
import { uuidBytes, uuidv7 } from '#std/uuid.ts'
import { answering, keptRecords, plantLiveGateway } from '#test/support/api-contract-plants.ts'
import { TestController } from '#test/support/controller.ts'

interface Refusal {
  detail: string
}

async function withGateway(t: TestContext, kept: () => KeptRecords | undefined): Promise<[TestController, Link]> {
  const controller = await TestController.start()
  const link = plantLiveGateway(controller.fleet, controller.clock, 'default', 'test', kept)
  t.after(async () => {
    await link.close()
    await controller[Symbol.asyncDispose]()
  })
  for (let i = 0; i < 100 && controller.fleet.size === 0; i++) await turn()
  return [controller, link]
}

async function auditOf(controller: TestController): Promise<unknown[]> {
  const { body } = await controller.must<{ items: Record<string, unknown>[] }>(200, 'GET', '/audit')
  return body.items.map(({ action, actor, detail }) => [action, actor, detail])
}

test('what is done is noted with how many records it is about; what finds nothing, or is a dry run, is not', async (t) => {
  let count = 3
  const acts: string[] = []
  const kept: KeptRecords = {
    ...keptRecords,
    countDeadLetters: () => count,
    countDropped: () => count,
    dropDeadLetters: () => acts.push('drop'),
    replayDeadLetters: async () => ({ replayed: acts.push('replay'), skipped: 1, reason: 'no room' }),
    replayDropped: async () => ({ replayed: acts.push('dropped'), skipped: 0 }),
  }
  const [controller, link] = await withGateway(t, () => kept)
  await answering(controller.fleet, 'default', link)
  const post = async (path: string, body: object) =>
    (await controller.must(200, 'POST', `/gateways/${link.instanceUid}${path}`, { body, as: 'operator' })).body
  const selection = { output: 'dd', ids: [1, 2, 3] }
  assert.deepEqual(await post('/dead-letters/drop?dry_run=true', selection), { dropped: 3 })
  assert.deepEqual(await post('/dead-letters/replay?dry_run=true', selection), { replayed: 3, skipped: 0 })
  assert.deepEqual(await post('/dropped/replay?dry_run=true', { rule: 'r' }), { replayed: 3, skipped: 0 })
  count = 0
  assert.deepEqual(await post('/dead-letters/drop', selection), { dropped: 0 })
  assert.deepEqual([acts, await auditOf(controller)], [[], []])
  count = 3
  assert.deepEqual(await post('/dead-letters/drop', selection), { dropped: 1 })
  assert.deepEqual(await post('/dead-letters/replay', selection), { replayed: 2, skipped: 1, reason: 'no room' })
  assert.deepEqual(await post('/dropped/replay', { rule: 'r' }), { replayed: 3, skipped: 0 })
  assert.deepEqual(await auditOf(controller), [
    ['gateway.dropped.replay', 'operator', { selection: { rule: 'r' }, records: 3 }],
    ['gateway.dead_letters.replay', 'operator', { selection, records: 3 }],
    ['gateway.dead_letters.drop', 'operator', { selection, records: 3 }],
  ])
})

test('a gateway that keeps nothing, fails, or is silent is told apart', async (t) => {
  let kept: KeptRecords | undefined = { ...keptRecords, replayDeadLetters: () => new Promise(() => undefined) }
  const [controller, link] = await withGateway(t, () => kept)
  await answering(controller.fleet, 'default', link)
  const base = `/gateways/${link.instanceUid}/dead-letters`
  let isAnswered = false
  const silent = controller
    .must<Refusal>(504, 'POST', `${base}/replay`, { body: { all: true } })
    .finally(() => (isAnswered = true))
  while (!isAnswered) {
    controller.clock.advance(1_000)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  assert.match((await silent).body.detail, /"test-host" has not answered in time; .* it may do still$/)
  const failing = () => {
    throw new Error('disk I/O error')
  }
  kept = { ...keptRecords, deadLetterSummary: failing }
  const failed = await controller.must<Refusal>(503, 'GET', `${base}/summary`)
  assert.match(failed.body.detail, /cannot read what it has kept now/)
  kept = undefined
  assert.match((await controller.must<Refusal>(409, 'GET', base)).body.detail, /"test-host" keeps nothing: /)
})

test('who is not there, or talks over plain HTTP, cannot be asked', async (t) => {
  const [controller, link] = await withGateway(t, () => keptRecords)
  await answering(controller.fleet, 'default', link)
  const { instanceUid } = link
  await link.close()
  for (let i = 0; i < 100 && controller.fleet.size > 0; i++) await turn()
  await controller.fleet.flush()
  const away = await controller.must<Refusal>(409, 'GET', `/gateways/${instanceUid}/dropped/summary`)
  assert.equal(away.body.detail, 'the gateway "test-host" is not connected')
  const uid = uuidv7(1)
  const hello: AgentToServer = { instanceUid: uuidBytes(uid)!, sequenceNum: 0n, capabilities: 1n, flags: 0n }
  const connection = {
    transport: 'http' as const,
    principal: openAgent,
    endpoint: undefined,
    isOpen: true,
    send: () => undefined,
    probe: async () => true,
    close: () => undefined,
  }
  await controller.fleet.receive(connection, hello)
  await controller.fleet.flush()
  const http = await controller.must<Refusal>(409, 'GET', `/gateways/${uid}/dropped/summary`)
  assert.match(http.body.detail, /plain HTTP/)
  await controller.must(404, 'GET', `/gateways/${uid}/dropped/summary`, { as: 'owner@other' })
  await controller.must(403, 'GET', `/gateways/${uid}/dropped`, { as: 'viewer' })
  await controller.must(403, 'POST', `/gateways/${uid}/dropped/replay`, { as: 'editor', body: { rule: 'r' } })
})
