/** What the server of the API does before any route. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestController } from '#test/support/controller.ts'

test('who asks stands behind the proxies that are trusted, and nowhere else', async () => {
  const failed = {
    body: { email: 'ada@example.com', password: 'wrong' },
    headers: { 'x-forwarded-for': '203.0.113.9' },
  }
  for (const [trustedProxies, address] of [
    [[], '127.0.0.1'],
    [['10.0.0.0/8'], '127.0.0.1'],
    [['127.0.0.0/8'], '203.0.113.9'],
  ] as const) {
    await using api = await TestController.start({ trustedProxies })
    await api.must(401, 'POST', '/login', failed)
    const { items } = (await api.must<{ items: { detail: { address: string } }[] }>(200, 'GET', '/audit')).body
    assert.equal(items[0]?.detail.address, address)
  }
})
