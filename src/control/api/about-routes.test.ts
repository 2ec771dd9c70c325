import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runtimeOf } from '#cli/control-runtime.ts'
import type { About } from '#contract/about.ts'
import { TestController } from '#test/support/controller.ts'
import { exampleStats } from '#test/support/stats-fixture.ts'

test('a controller says what it is and where things listen', async () => {
  const stats = exampleStats()
  await using controller = await TestController.start({
    runtime: runtimeOf(() => stats),
    opamp: { host: '127.0.0.1', port: 0, auth: 'required' },
    publishers: [{ name: 'redis', publish: async () => 0 }],
    publicUrl: 'https://streamgate.example.com',
  })
  const { body } = await controller.must<About>(200, 'GET', '/about', { as: 'viewer' })
  const { opamp, ...rest } = body
  assert.match(opamp!.address, /^http:\/\/127\.0\.0\.1:[1-9]\d*\/v1\/opamp$/)
  assert.equal(opamp!.auth, 'required')
  assert.deepEqual(rest, {
    product: 'streamgate',
    version: '1.2.3',
    started_at: controller.clock.wall(),
    auth_mode: 'required',
    store: 'sqlite',
    redis: true,
    public_url: 'https://streamgate.example.com',
    node: {
      id: stats.id,
      version: stats.version,
      started_at: stats.started_at,
      sources: stats.sources.map(({ id, type, address }) => ({ id, type, address })),
    },
  })
  await controller.must(401, 'GET', '/about', { as: 'nobody' })
})

test('a controller without a node, gateways or Redis says that too', async () => {
  await using controller = await TestController.start()
  const { body } = await controller.must<About>(200, 'GET', '/about')
  assert.partialDeepStrictEqual(body, { redis: false, opamp: null, node: null, public_url: null })
})
