/** Into a controller that asks for credentials: the first owner, a second factor, somebody invited, and who may what. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret as OtpSecret, TOTP } from 'otpauth'
import type { Page } from 'playwright-core'
import { assertAccessible, assertAccessibleInBoth, openBrowser, startProduct } from '#test/support/browser.ts'
import { OWNER, PASSWORD, setPassword, startGuarded } from '#test/support/guarded.ts'

const STEP_MS = 30_000

async function logIn(page: Page, password: string, code = ''): Promise<void> {
  await page.getByLabel('E-mail address').fill(OWNER)
  await page.getByLabel('Password').fill(password)
  await page.getByLabel('Code').fill(code)
  await page.getByRole('button', { name: 'Log in' }).click()
}

async function logOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Account of/ }).click()
  await page.getByRole('menuitem', { name: 'Log out' }).click()
  await page.getByRole('heading', { name: 'Log in' }).waitFor()
}

test('the first owner sets a password, a second factor, and comes back with it', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { ui, firstLogin } = await startGuarded(t)
  session.expect(/^console: .*401 \(Unauthorized\)/)

  await page.goto(`${ui}fleet`)
  await page.getByRole('heading', { name: 'Log in' }).waitFor()
  await page.getByText('Nobody has an account yet').waitFor()
  await assertAccessible(page)

  await setPassword(page, firstLogin!, OWNER)
  assert.ok(!page.url().includes('token'), 'the token does not stay in the address')

  await page.goto(`${ui}account`)
  await page.getByRole('region', { name: 'Second factor' }).or(page.getByText('Not set up')).first().waitFor()
  await page.getByLabel('Your password', { exact: true }).fill(PASSWORD)
  await page.getByRole('button', { name: 'Set up a second factor' }).click()
  const secret = (await page.getByRole('region', { name: 'Secret for the authenticator app' }).innerText()).trim()
  await assertAccessible(page)
  const totp = new TOTP({ secret: OtpSecret.fromBase32(secret) })
  await page.getByLabel('Code that the app shows').fill(totp.generate())
  await page.getByRole('button', { name: 'Put it into force' }).click()
  const codes = (await page.getByRole('region', { name: 'Recovery codes' }).innerText()).trim().split('\n')
  assert.equal(codes.length, 10)
  await page.getByRole('button', { name: 'I have kept them' }).click()
  await page.getByText('In force').waitFor()

  await logOut(page)
  await page.goto(`${ui}fleet?configuration=default`)
  await logIn(page, 'not that')
  await page.getByRole('alert').getByText('is wrong').waitFor()
  await logIn(page, PASSWORD)
  await page.getByRole('alert').getByText('is wrong').waitFor()
  // A code is good once: this is that of the next half minute.
  await logIn(page, PASSWORD, totp.generate({ timestamp: Date.now() + STEP_MS }))
  await page.getByRole('heading', { name: 'Fleet', level: 1 }).waitFor()
  assert.match(page.url(), /\/ui\/fleet\?configuration=default$/, 'one goes on where one was')

  await logOut(page)
  await page.goto(ui)
  await logIn(page, PASSWORD, codes[0])
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
})

test('who is invited sees what the role allows, and an ended session asks for a login', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { ui, api, firstLogin } = await startGuarded(t)
  session.expect(/^console: .*4(01|03|22) \(/)
  await setPassword(page, firstLogin!, OWNER)
  const { csrf_token: csrf } = (await (await page.request.get(`${api}/api/v1/me`)).json()) as { csrf_token: string }
  const added = await page.request.post(`${api}/api/v1/users`, {
    headers: { 'x-csrf-token': csrf },
    data: { email: 'grace@example.com', role: 'viewer', grants: [] },
  })
  const { invitation } = (await added.json()) as { invitation: { token: string } }

  await logOut(page)
  await setPassword(page, `${ui}setup#token=${invitation.token}`, 'grace@example.com', 'nanoseconds of wire')
  const places = page.getByRole('navigation', { name: 'Screens' })
  assert.equal(await places.getByRole('link', { name: 'Tap' }).count(), 0, 'a viewer sees no records')
  assert.equal(await places.getByRole('link', { name: 'Rules' }).count(), 1)

  await page.goto(`${ui}account`)
  await page.getByText('Look at everything but records and secrets').waitFor()
  await page.getByLabel('Your password now').fill('nanoseconds of wire')
  await page.getByLabel('New password').fill('short')
  await page.getByRole('button', { name: 'Change the password' }).click()
  await page.getByRole('alert').getByText('the password').waitFor()
  await page.getByLabel('New password').fill('microseconds of wire')
  await page.getByRole('button', { name: 'Change the password' }).click()
  await page.getByText('Your password is changed').first().waitFor()
  await page.getByRole('table', { name: 'Sessions' }).getByText('This one').waitFor()
  await assertAccessible(page, 'account with a login')

  // What the page asks for by itself finds out.
  await page.context().clearCookies()
  await page.getByRole('heading', { name: 'Log in' }).waitFor()
  assert.match(page.url(), /next=%2Faccount/, 'one comes back to where one was')
})

test('a link that does not work says so, with what to do', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { ui } = await startGuarded(t)
  session.expect(/^console: .*401 \(/)
  await page.goto(`${ui}setup`)
  await page.getByRole('alert').getByText('Ask for a new one if yours was used').waitFor()
  // Another document: what stands behind the # alone would load nothing.
  await page.goto('about:blank')
  await page.goto(`${ui}setup#token=used-before`)
  await assertAccessibleInBoth(page, 'setup')
  await page.getByLabel('E-mail address').fill(OWNER)
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Set the password and log in' }).click()
  await page.getByRole('alert').getByText('the link does not work').waitFor()
  await page.goto(ui)
  await page.getByRole('heading', { name: 'Log in' }).waitFor()
  await assertAccessibleInBoth(page, 'login')
})

test('an open controller asks for nothing, and says so', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { ui } = await startProduct(t)
  await page.goto(`${ui}login`)
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
  await page.goto(`${ui}account`)
  await page.getByText('whoever reaches it is an owner').waitFor()
  await assertAccessibleInBoth(page, 'account')
})
