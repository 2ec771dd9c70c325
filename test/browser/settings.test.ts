/** Settings: what a publication must fulfil, secrets, retention, a second factor for everybody, configurations, and what this is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertAccessible, openBrowser, startProduct } from '#test/support/browser.ts'
import { OWNER, PASSWORD, startForViewer } from '#test/support/guarded.ts'

const TABS = ['Publishing policy', 'Secrets', 'Retention', 'Security', 'Configurations', 'About']

test('a policy is typed, kept, overtaken by somebody else, and saved over that', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { ui, api } = await startProduct(t)
  session.expect(/^console: .*412 \(/)
  const path = `${api}/api/v1/configurations/default`
  const policy = async () => ((await (await fetch(path)).json()) as { policy: Record<string, unknown> }).policy
  await page.goto(`${ui}settings`)
  await page.getByLabel('Require a message').check()
  await page.getByLabel('Age of the receipt, at most').fill('30')
  await page.getByRole('tab', { name: 'About' }).click()
  await page.getByRole('tab', { name: 'Publishing policy' }).click()
  assert.ok(await page.getByLabel('Require a message').isChecked(), 'another tab forgets nothing')

  let asked = ''
  page.once('dialog', (dialog) => {
    asked = dialog.message()
    void dialog.dismiss()
  })
  await page.getByRole('link', { name: 'Fleet' }).click()
  await page.waitForFunction('true')
  assert.match(asked, /not saved/)
  await page.getByRole('heading', { name: 'Settings', level: 1 }).waitFor()

  const before = await policy()
  const headers = { 'if-match': '*', 'content-type': 'application/json' }
  const body = JSON.stringify({ policy: { ...before, require_receipt: true, max_age_minutes: 45 } })
  assert.equal((await fetch(path, { method: 'PATCH', headers, body })).status, 200)
  await page.getByRole('button', { name: 'Save the policy' }).click()
  await page.getByText('Age of the receipt, at most: 60 → 45; yours: 30').waitFor()
  await page.getByText('Require an impact receipt: off → on').waitFor()
  await assertAccessible(page, 'somebody was quicker')
  await page.getByRole('button', { name: 'Go on with mine over theirs' }).click()
  await page.getByRole('button', { name: 'Save the policy' }).click()
  await page.getByText('The policy of default is saved').first().waitFor()
  assert.deepEqual(await policy(), { ...before, require_message: true, require_receipt: true, max_age_minutes: 30 })
})

test('a secret is set, replaced and deleted, and its value is never in the page', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { ui, api } = await startProduct(t)
  session.expect(/^console: .*409 \(/)
  const value = 'do-not-tell-anybody'
  await page.goto(`${ui}settings?tab=secrets`)
  await page.getByText('No secrets').waitFor()
  await page.getByRole('button', { name: 'Set a secret' }).click()
  await page.getByLabel('Name', { exact: true }).fill('vendor_key')
  await page.getByLabel('Value', { exact: true }).fill(value)
  assert.ok(!String(await page.evaluate('JSON.stringify({...sessionStorage})')).includes(value))
  await page.getByRole('button', { name: 'Set the secret' }).click()
  await page.getByRole('row', { name: 'vendor_key' }).getByText('Nothing').waitFor()
  assert.ok(!(await page.content()).includes(value))

  const added = await page.request.post(`${api}/api/v1/configurations/default/outputs`, {
    data: { id: 'vendor', type: 'http', url: 'http://127.0.0.1:9/', headers: { 'x-api-key': '${secret:vendor_key}' } },
  })
  assert.equal(added.status(), 201)
  await page.reload()
  await page.getByRole('row', { name: 'vendor_key' }).getByText('default').waitFor()
  await page.getByRole('button', { name: 'Replace vendor_key' }).click()
  await page.getByLabel('Value', { exact: true }).fill('another')
  await page.getByRole('button', { name: 'Replace the value' }).click()
  await page.getByText('The secret vendor_key is set').first().waitFor()

  await page.getByRole('button', { name: 'Delete vendor_key' }).click()
  await page.getByRole('button', { name: 'Delete the secret' }).click()
  await page.getByRole('alert').getByText('it is in use by').waitFor()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.request.delete(`${api}/api/v1/configurations/default/outputs/vendor`, { headers: { 'if-match': '*' } })
  await page.getByRole('button', { name: 'Delete vendor_key' }).click()
  await page.getByRole('button', { name: 'Delete the secret' }).click()
  await page.getByText('No secrets').waitFor()
})

test('retention says what it costs and what it deletes; configurations come and go', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { ui, api } = await startProduct(t)
  await page.goto(`${ui}settings?tab=retention`)
  await page.getByText('12,480 rows').waitFor()
  await page.getByLabel('Keep minutes for').fill('24')
  await page.getByText('This deletes minutes older than 24 h').waitFor()
  await page.getByLabel('Keep minutes for').press('Enter')
  await page.getByText('The retention is saved').first().waitFor()
  const kept: unknown = await (await fetch(`${api}/api/v1/series/retention`)).json()
  assert.deepEqual(kept, { minute_hours: 24, hour_days: 400 })

  await page.getByRole('tab', { name: 'Configurations' }).click()
  await page.getByRole('button', { name: 'Add a configuration' }).click()
  await page.getByLabel('Name', { exact: true }).fill('edge')
  await page.getByRole('button', { name: 'Add the configuration' }).click()
  await page.getByRole('row', { name: /^edge/ }).getByText('Looked at').waitFor()
  await page.waitForURL(/configuration=edge/)
  await page.getByRole('button', { name: 'Delete edge' }).click()
  const button = page.getByRole('button', { name: 'Delete the configuration' })
  assert.ok(await button.isDisabled(), 'its name is typed first')
  await page.getByLabel(/^Type/).fill('edge')
  await button.click()
  await page.getByRole('row', { name: /^edge/ }).waitFor({ state: 'detached' })
  await page.waitForURL(/configuration=default/)
})

test('every tab is accessible in light and dark, and fits a phone', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { ui } = await startProduct(t)
  await page.goto(`${ui}settings`)
  for (const tab of TABS) {
    await page.getByRole('tab', { name: tab }).click()
    await page.getByRole('tabpanel', { name: tab }).getByRole('status').waitFor({ state: 'detached' })
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await assertAccessible(page, `${tab}, ${colorScheme}`)
    }
    await page.setViewportSize({ width: 320, height: 640 })
    const tooWide = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth')
    assert.equal(tooWide, false, `${tab} scrolls sideways on a phone`)
    await page.setViewportSize({ width: 1280, height: 800 })
  }
  await page.getByText('SQLite').waitFor()
  await page.getByRole('link', { name: /The API as OpenAPI/ }).waitFor()
})

test('who may only look sees no buttons; a second factor for everybody holds for who asks for it too', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  session.expect(/^console: .*403 \(/)
  const { ui, api } = await startForViewer(t, page)
  await page.goto(`${ui}settings`)
  await page.getByText('To change the policy you need the permission admin').waitFor()
  assert.ok(await page.getByLabel('Require a message').isDisabled())
  assert.equal(await page.getByRole('button', { name: 'Save the policy' }).count(), 0)
  await page.getByRole('tab', { name: 'Secrets' }).click()
  await page.getByText('No secrets').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Set a secret' }).count(), 0)
  await page.getByRole('tab', { name: 'Security' }).click()
  await page.getByText('lacks the permission "admin"').waitFor()
  await assertAccessible(page, 'not permitted')

  await page.request.post(`${api}/api/v1/login`, {
    data: { email: OWNER, password: PASSWORD },
  })
  await page.goto(`${ui}settings?tab=security`)
  await page.getByLabel('A second factor for everybody').check()
  await page.getByText('2 of 2 users have none').waitFor()
  await page.getByText('You are one of them').waitFor()
  await assertAccessible(page, 'a second factor for everybody')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Your organisation asks for a second factor').waitFor()
  await page.waitForURL(/\/ui\/account/)
})
