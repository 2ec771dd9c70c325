/** Access: an owner lets somebody in by clicking, says what they may, hands out keys, and takes it all back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { assertAccessible, assertAccessibleInBoth, openBrowser, startProduct } from '#test/support/browser.ts'
import { OWNER, setPassword, startGuarded } from '#test/support/guarded.ts'

const OTHER = 'grace@example.com'
async function shownOnce(page: Page, name: string): Promise<string> {
  return (await page.getByRole('region', { name, exact: true }).innerText()).trim()
}

async function addUser(page: Page, email: string, role: string, grants: string[] = []): Promise<string> {
  await page.getByRole('button', { name: 'Add a user' }).click()
  const dialog = page.getByRole('dialog', { name: 'Add a user' })
  await dialog.getByLabel('E-mail address').fill(email)
  await dialog.getByLabel('Role').selectOption(role)
  for (const grant of grants) await dialog.getByRole('checkbox', { name: grant, exact: true }).check()
  await dialog.getByRole('button', { name: 'Add the user' }).click()
  const link = await shownOnce(page, 'One-time link')
  await page.getByRole('button', { name: 'I have copied it' }).click()
  return link
}

async function confirm(page: Page, action: string): Promise<void> {
  const asks = page.getByRole('dialog').filter({ has: page.getByRole('button', { name: 'Cancel' }) })
  await asks.getByRole('button', { name: action, exact: true }).click()
}

test('an owner adds an editor, who comes in, sees what editors may, and is sent away again', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page, context } = session
  const { ui, firstLogin } = await startGuarded(t)
  session.expect(/^console: .*40[19] \(/)
  await setPassword(page, firstLogin!, OWNER)
  await page.goto(`${ui}access`)
  await page.getByRole('row', { name: OWNER }).waitFor()
  await assertAccessibleInBoth(page, 'users')

  const link = await addUser(page, OTHER, 'editor', ['publish'])
  assert.match(link, /^http:\/\/127\.0\.0\.1:\d+\/setup#token=\S+$/)
  await page.getByRole('row', { name: OTHER }).getByText('Invited').waitFor()

  const second = await context.browser()!.newContext({ locale: 'en-GB' })
  t.after(() => second.close())
  const theirs = await second.newPage()
  await setPassword(theirs, link, OTHER)
  const places = theirs.getByRole('navigation', { name: 'Screens' })
  assert.equal(await places.getByRole('link', { name: 'Tap' }).count(), 1, 'an editor sees records')
  await theirs.goto(`${ui}access?tab=users`)
  await theirs.getByText('lacks the permission "admin"').waitFor()
  await theirs.getByRole('tab', { name: 'API keys' }).click()
  await theirs.getByText('You see those that are yours').waitFor()
  await theirs.getByRole('button', { name: 'Make a key' }).click()
  const roles = await theirs.getByRole('dialog').getByLabel('Role').locator('option').allInnerTexts()
  assert.deepEqual(
    roles.map((text) => text.split(' ')[0]),
    ['viewer', 'editor'],
    'a key may do no more than its maker',
  )
  assert.ok(await theirs.getByRole('checkbox', { name: 'tap:raw' }).isDisabled(), 'nor be granted more')

  await page.reload()
  await page.getByRole('row', { name: OTHER }).getByText('Active').waitFor()
  await page.getByRole('row', { name: OTHER }).click()
  const drawer = page.getByRole('dialog', { name: OTHER })
  await drawer.getByLabel('Role', { exact: true }).selectOption('viewer')
  assert.match(page.url(), /user=/, 'whose details are open stands in the address')
  await assertAccessible(page, 'details of a user')
  await drawer.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved; it holds').first().waitFor()
  await theirs.goto(ui)
  await places.getByRole('link', { name: 'Rules' }).waitFor()
  assert.equal(await places.getByRole('link', { name: 'Tap' }).count(), 0, 'a viewer sees none')

  await drawer.getByRole('button', { name: 'Disable' }).click()
  await confirm(page, 'Disable')
  await drawer.getByText('Disabled').waitFor()
  await theirs.goto(`${ui}fleet`)
  await theirs.getByRole('heading', { name: 'Log in' }).waitFor()

  await drawer.getByRole('button', { name: 'Delete' }).click()
  await confirm(page, 'Delete')
  await page.getByRole('row', { name: OTHER }).waitFor({ state: 'detached' })

  await page.getByRole('row', { name: OWNER }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('dialog', { name: OWNER }).getByRole('button', { name: 'Delete' }).click()
  await page.getByText('This is you.').waitFor()
  await confirm(page, 'Delete')
  await page.getByRole('alert').getByText('is the last owner').waitFor()
})

test('two owners change the same user: the second one is told, and keeps the input', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { ui, api } = await startProduct(t)
  session.expect(/^console: .*412 \(/)
  await page.goto(`${ui}access`)
  await page.getByText('No users yet').waitFor()
  await assertAccessible(page, 'no users')
  await addUser(page, OTHER, 'viewer')
  await page.getByRole('row', { name: OTHER }).click()
  const drawer = page.getByRole('dialog', { name: OTHER })
  await drawer.getByRole('checkbox', { name: 'publish', exact: true }).check()
  await page.reload()
  await drawer.getByText('Not saved yet').waitFor()
  assert.ok(
    await drawer.getByRole('checkbox', { name: 'publish', exact: true }).isChecked(),
    'a reload keeps the input',
  )

  const { items } = (await (await page.request.get(`${api}/api/v1/users`)).json()) as { items: { id: string }[] }
  const changed = await page.request.patch(`${api}/api/v1/users/${items[0]!.id}`, {
    headers: { 'if-match': '*' },
    data: { role: 'operator' },
  })
  assert.equal(changed.status(), 200)
  await drawer.getByRole('button', { name: 'Save' }).click()
  await drawer.getByText('Role: viewer → operator').waitFor()
  await assertAccessible(page, 'somebody was quicker')
  await drawer.getByRole('button', { name: 'Keep both' }).click()
  assert.equal(await drawer.getByLabel('Role', { exact: true }).inputValue(), 'operator')
  await drawer.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved; it holds').first().waitFor()
  const row = page.getByRole('row', { name: OTHER, includeHidden: true })
  await row.getByText('publish').waitFor()
  await row.getByText('operator').waitFor()
})

test('a key works as soon as it is shown, and no more once it is revoked', async (t) => {
  const session = await openBrowser(t, { permissions: ['clipboard-read', 'clipboard-write'] })
  if (session === undefined) return
  const { page } = session
  const { ui, api, firstLogin } = await startGuarded(t)
  session.expect(/^console: .*40[19] \(/)
  await setPassword(page, firstLogin!, OWNER)
  await page.goto(`${ui}access?tab=keys`)
  await page.getByText('No API keys').waitFor()
  await page.getByRole('button', { name: 'Make a key' }).press('Enter')
  await page.keyboard.type('ci')
  await page.getByRole('dialog').getByLabel('Role').selectOption('editor')
  await page.getByLabel('Ends after').selectOption('30')
  await assertAccessible(page, 'a new key')
  await page.getByRole('button', { name: 'Make the key' }).click()
  const key = await shownOnce(page, 'API key')
  assert.match(key, /^sg_[0-9a-f]{16}_/)
  assert.ok((await shownOnce(page, 'Command that uses the key')).includes(`Bearer ${key}`))
  await page.keyboard.press('Escape')
  await page.getByText('It has not been copied, and cannot be shown again.').waitFor()
  await page.getByRole('button', { name: 'Back to it' }).click()
  await page.getByRole('button', { name: 'Copy' }).first().click()
  assert.equal(await page.evaluate('navigator.clipboard.readText()'), key)
  await page.getByRole('button', { name: 'I have copied it' }).click()
  assert.ok(!(await page.content()).includes(key), 'it is not shown again')

  const me = async () => await fetch(`${api}/api/v1/me`, { headers: { authorization: `Bearer ${key}` } })
  const answer = await me()
  assert.equal(answer.status, 200)
  assert.equal(((await answer.json()) as { role: string }).role, 'editor')
  const row = page.getByRole('row', { name: 'ci' })
  await row.getByText(key.slice(0, 20)).waitFor()
  await assertAccessibleInBoth(page, 'keys')

  await page.getByRole('button', { name: 'Make a key' }).click()
  await page.getByLabel('Name', { exact: true }).fill('ci')
  await page.getByRole('button', { name: 'Make the key' }).click()
  await page.getByText('is taken').first().waitFor()
  await page.keyboard.press('Escape')

  await row.getByRole('button', { name: 'Revoke ci' }).click()
  await confirm(page, 'Revoke the key')
  await page.getByText('No API keys').waitFor()
  assert.equal((await me()).status, 401)
})

test('organisations, roles, and what an open controller means', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { ui } = await startProduct(t)
  await page.goto(`${ui}access?tab=organisations`)
  await page.getByText('This controller is open').click()
  await page.getByRole('region', { name: 'Configuration of the controller' }).getByText('auth: required').waitFor()
  await page.getByRole('button', { name: 'Make an organisation' }).click()
  await page.getByLabel('Id', { exact: true }).fill('acme')
  await page.getByLabel('Name', { exact: true }).fill('Acme')
  await page.getByRole('button', { name: 'Make the organisation' }).click()
  const first = await shownOnce(page, 'One-time link')
  await page.getByRole('button', { name: 'I have copied it' }).click()
  await page.getByRole('button', { name: 'Invite the first owner of acme' }).click()
  await confirm(page, 'Make the link')
  assert.notEqual(await shownOnce(page, 'One-time link'), first)
  await page.getByRole('button', { name: 'I have copied it' }).click()
  for (const tab of ['Organisations', 'Roles']) {
    await page.getByRole('tab', { name: tab }).click()
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await assertAccessible(page, `${tab}, ${colorScheme}`)
    }
  }
  await page.getByRole('row', { name: /^operate/ }).waitFor()
  const cells = await page
    .getByRole('row', { name: /^publish/ })
    .getByRole('cell')
    .allInnerTexts()
  assert.deepEqual(cells, ['if granted', 'if granted', 'if granted', 'yes'])
})
