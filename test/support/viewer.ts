/** A controller that asks for credentials, and a browser in which somebody is logged in who may only look. */
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import { type Product, startProduct } from '#test/support/browser.ts'
import { temporaryFolder } from '#test/support/program.ts'

const CONFIG = {
  version: 2,
  sources: [{ id: 'tcp', type: 'tcp', listen: '127.0.0.1:0' }],
  pipelines: [{ id: 'default_pipeline', sources: ['tcp'], outputs: ['console'] }],
  outputs: [{ id: 'console', type: 'console' }],
  control: { auth: 'required' },
}
const PASSWORD = 'a loom with punched cards'

type Post = (path: string, data: object) => Promise<unknown>

/** `prepare`: what the owner does before, by paths of `/api/v1`. */
export async function startForViewer(
  t: TestContext,
  page: Page,
  prepare: (post: Post) => Promise<unknown>,
): Promise<Product> {
  const folder = temporaryFolder()
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'streamgate.json')
  writeFileSync(file, JSON.stringify(CONFIG))
  const product = await startProduct(t, { flags: ['--config', file] })
  const base = `${product.api}/api/v1`
  const setUp = async (token: string, email: string) => {
    const answer = await page.request.post(`${base}/setup`, { data: { token, email, password: PASSWORD } })
    assert.ok(answer.ok(), await answer.text())
  }
  await setUp(/#token=(.+)$/.exec(product.firstLogin!)![1]!, 'ada@example.com')
  const { csrf_token } = (await (await page.request.get(`${base}/me`)).json()) as { csrf_token: string }
  const post: Post = async (path, data) => {
    const answer = await page.request.post(base + path, { data, headers: { 'x-csrf-token': csrf_token } })
    assert.ok(answer.ok(), await answer.text())
    return await answer.json()
  }
  await prepare(post)
  const added = await post('/users', { email: 'grace@example.com', role: 'viewer', grants: [] })
  const { invitation } = added as { invitation: { token: string } }
  await page.context().clearCookies()
  await setUp(invitation.token, 'grace@example.com')
  return product
}
