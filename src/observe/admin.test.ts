import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StreamgateError } from '#contract/error.ts'
import { nodeStats } from '#contract/stats.ts'
import { exampleStats } from '#test/support/stats-fixture.ts'
import { startAdmin } from './admin.ts'

async function started(
  t: { after(f: () => Promise<void>): void },
  ready: () => { ready: boolean; reason?: string } = () => ({ ready: true }),
) {
  const admin = await startAdmin({ host: '127.0.0.1', port: 0, stats: exampleStats, ready })
  t.after(() => admin.close())
  return (path: string, init?: RequestInit) =>
    fetch(admin.address + path, { ...init, headers: { connection: 'close' } })
}

test('metrics come in the text format of Prometheus', async (t) => {
  const get = await started(t)
  const response = await get('/metrics?x=1')
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  assert.match(await response.text(), /^# HELP streamgate_/)
})

test('the books come as the contract says', async (t) => {
  const get = await started(t)
  assert.deepEqual(nodeStats.parse(await (await get('/stats')).json()), exampleStats())
})

test('health is about the process, readiness about its work', async (t) => {
  let state: { ready: boolean; reason?: string } = { ready: false, reason: 'no configuration yet' }
  const get = await started(t, () => state)
  assert.equal((await get('/healthz')).status, 200)
  const early = await get('/readyz')
  assert.deepEqual([early.status, await early.json()], [503, state])
  state = { ready: true }
  assert.equal((await get('/readyz', { method: 'HEAD' })).status, 200)
})

test('other paths get 404 and other methods 405', async (t) => {
  const get = await started(t)
  for (const path of ['/', '/metrics/', '/constructor', '/__proto__', '/toString']) {
    assert.equal((await get(path)).status, 404, path)
  }
  const response = await get('/stats', { method: 'DELETE' })
  assert.deepEqual([response.status, response.headers.get('allow')], [405, 'GET, HEAD'])
})

test('a port in use is an SG_LISTEN that says what to do, and close can be awaited', async () => {
  const options = { host: '127.0.0.1', stats: exampleStats, ready: () => ({ ready: true }) }
  const first = await startAdmin({ ...options, port: 0 })
  const port = Number(new URL(first.address).port)
  await assert.rejects(startAdmin({ ...options, port }), (error) => {
    assert.ok(error instanceof StreamgateError && error.code === 'SG_LISTEN')
    assert.ok(error.message.includes(`127.0.0.1:${port}`))
    return true
  })
  await first.close()
  const again = await startAdmin({ ...options, port })
  await again.close()
})
