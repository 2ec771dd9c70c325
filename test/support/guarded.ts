/** A controller that asks for credentials, and people who come in: by clicking, or by the API as quickly as that goes. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import { type Product, startProduct, TCP_TO_CONSOLE } from '#test/support/browser.ts'

export const OWNER = 'ada@example.com'
export const PASSWORD = 'a loom with punched cards'

type Post = (path: string, data: object) => Promise<unknown>

export async function startGuarded(t: TestContext): Promise<Product> {
  return await startProduct(t, { config: { ...TCP_TO_CONSOLE, control: { auth: 'required' } } })
}

/** Opens a link that came once, sets the password, and comes to the overview. */
export async function setPassword(page: Page, link: string, email: string, password = PASSWORD): Promise<void> {
  await page.goto(link)
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Set the password and log in' }).click()
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
}

/** The page is the first owner's from now on. */
export async function comeAsOwner(page: Page, { api, firstLogin }: Product): Promise<void> {
  await setUp(page, api, new URL(firstLogin!).hash.slice('#token='.length), OWNER)
}

/** Whoever is logged in adds somebody, whose page it is from now on: `viewer@example.com`. */
export async function comeAs(page: Page, { api }: Product, role: string): Promise<void> {
  const email = `${role}@example.com`
  const added = await (await posting(page, api))('/users', { email, role, grants: [] })
  const { invitation } = added as { invitation: { token: string } }
  await page.context().clearCookies()
  await setUp(page, api, invitation.token, email)
}

/** A product in which somebody is logged in who may only look. `prepare`: what the owner does before. */
export async function startForViewer(
  t: TestContext,
  page: Page,
  prepare: (post: Post) => Promise<unknown> = async () => undefined,
): Promise<Product> {
  const product = await startGuarded(t)
  await comeAsOwner(page, product)
  await prepare(await posting(page, product.api))
  await comeAs(page, product, 'viewer')
  return product
}

/** Posts as whoever is logged in, to paths of `/api/v1`. */
export async function posting(page: Page, api: string): Promise<Post> {
  const me = await page.request.get(`${api}/api/v1/me`)
  const { csrf_token: token } = (await me.json()) as { csrf_token: string | null }
  const headers = token === null ? {} : { 'x-csrf-token': token }
  return async (path, data) => {
    const answer = await page.request.post(`${api}/api/v1${path}`, { data, headers })
    assert.ok(answer.ok(), `POST ${path}: ${await answer.text()}`)
    return await answer.json()
  }
}

async function setUp(page: Page, api: string, token: string, email: string): Promise<void> {
  const answer = await page.request.post(`${api}/api/v1/setup`, { data: { token, email, password: PASSWORD } })
  assert.ok(answer.ok(), await answer.text())
}
