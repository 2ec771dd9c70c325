import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ComponentCatalog } from '#contract/component.ts'
import { TestController } from '#test/support/controller.ts'

test('the catalogue is answered once, and then that it is as it was', async () => {
  await using controller = await TestController.start()
  const { body, etag, headers } = await controller.must<ComponentCatalog>(200, 'GET', '/components', { as: 'viewer' })
  assert.deepEqual([...new Set(body.components.map(({ kind }) => kind))], ['source', 'processor', 'output'])
  assert.equal(headers.get('cache-control'), 'private, no-cache')
  for (const known of [etag!, `W/${etag}`, `"other", ${etag}`, '*']) {
    const again = await controller.must(304, 'GET', '/components', { headers: { 'if-none-match': known } })
    assert.equal(again.body, '')
    assert.equal(again.etag, etag)
  }
  await controller.must(200, 'GET', '/components', { headers: { 'if-none-match': '"other"' } })
})
