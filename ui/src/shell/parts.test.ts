import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isOtherBuild } from '#ui/shell/parts.ts'

test('a page is of another build when its entry has another name', () => {
  const html = '<script type="module" crossorigin src="/ui/assets/index-B2.js"></script>'
  assert.equal(isOtherBuild(html, '/ui/assets/index-B2.js'), false)
  assert.equal(isOtherBuild(html, '/ui/assets/index-A1.js'), true)
})
