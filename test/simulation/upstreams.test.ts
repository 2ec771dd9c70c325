/** A node that sends through upstreams by name: reloads change where records go without touching the outputs. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import type { NodePlan } from '#component/plan.ts'
import { resolveDocument } from '#config/resolve.ts'
import { Node } from '#engine/node.ts'
import { silentLogger } from '#observe/log.ts'
import { registry } from '#registry.ts'
import { TargetServer } from '#test/support/target-server.ts'

const PATIENCE_MS = 30_000

function planFor(targets: TargetServer[]): NodePlan {
  const { plan, problems } = resolveDocument(
    {
      version: 2,
      sources: [{ id: 'tcp', type: 'tcp', listen: '127.0.0.1:0' }],
      pipelines: [{ id: 'main', sources: ['tcp'], outputs: ['out'], batch: { max_wait_ms: 5 } }],
      outputs: [{ id: 'out', type: 'http', url: 'http://collectors.invalid/in', upstream: 'collectors' }],
      upstreams: [{ id: 'collectors', targets: targets.map(({ url }) => ({ url })) }],
    },
    registry,
    {},
  )
  assert.deepEqual(problems, [])
  return plan!
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS
  while (!condition()) {
    assert.ok(Date.now() < deadline, `waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

test('targets come and go with reloads, a refused reload changes nothing, and a stop ends it all', async () => {
  await using a = await new TargetServer().listen()
  await using b = await new TargetServer().listen()
  const node = new Node({
    id: 'test',
    version: '0.0.0',
    registry,
    limits: { engines: 1, intakeBytesMax: 8 * 1024 * 1024, intakeEntriesMax: 1024 },
    workerUrl: new URL('../../src/engine-worker.ts', import.meta.url),
    log: silentLogger,
  })
  await node.start(planFor([a]))
  const { port } = new URL(node.addresses()[0]!.address)
  const client = connect(Number(port), '127.0.0.1')
  await once(client, 'connect')
  const got = ({ requests }: TargetServer) => requests.map(({ path, body }) => `${path} ${body}`)

  client.write('one\n')
  await until(() => a.requests.length === 1, 'the first record')
  await node.apply(planFor([b]))
  client.write('two\n')
  await until(() => b.requests.length === 1, 'the second record')

  await assert.rejects(node.apply({ ...planFor([a]), pipelines: [broken(planFor([a]))] }), { code: 'SG_RELOAD' })
  client.write('three\n')
  await until(() => b.requests.length === 2, 'the third record')
  assert.deepEqual([got(a), got(b)], [['/in one'], ['/in two', '/in three']])

  const [state, ...others] = node.stats().upstreams ?? []
  assert.deepEqual([state?.id, state?.shared, state?.requests.answered, others.length], ['collectors', true, 3, 0])
  assert.deepEqual(
    state?.targets.map(({ url, state, requests }) => [url, state, requests]),
    [[`${b.url}/`, 'healthy', 2]],
  )
  client.destroy()
  await node.stop(5_000)
  assert.deepEqual(node.stats().upstreams, [])
})

/** Engines refuse it: there is no processor of that type. */
function broken({ pipelines }: NodePlan): NodePlan['pipelines'][number] {
  const processor = {
    id: 'x',
    type: 'no_such_type',
    options: {},
    when: undefined,
    required: false,
    onError: 'pass' as const,
  }
  return { ...pipelines[0]!, processors: [processor] }
}
