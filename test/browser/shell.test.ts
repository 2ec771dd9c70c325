/** The frame around all screens: palette, keys, theme, focus, what happens while the controller is away, and after an update. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { assertAccessible, openBrowser, startProduct } from '#test/support/browser.ts'

const heading = (page: Page, name: string) => page.getByRole('heading', { name, level: 1, exact: true }).waitFor()
const focused = async (page: Page) =>
  String(await page.evaluate('document.activeElement.id || document.activeElement.tagName'))

test('the palette and the keys lead anywhere, and single letters can be switched off', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { ui } = await startProduct(t)
  await page.goto(ui)
  await heading(page, 'Overview')
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Go to or do' }).waitFor()
  await assertAccessible(page, 'palette')
  await page.keyboard.type('go set')
  await page.getByRole('option', { name: 'Go to Settings', selected: true }).waitFor()
  await page.keyboard.press('Enter')
  await heading(page, 'Settings')
  await page.waitForFunction("document.activeElement.id === 'main'")
  assert.equal(await page.title(), 'Settings · StreamGate')

  await page.keyboard.press('Control+k')
  await page.keyboard.type('nothing of this name')
  await page.getByText('Nothing is called that').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('combobox', { name: 'Go to or do' }).waitFor({ state: 'detached' })

  await page.keyboard.press('g')
  await page.keyboard.press('f')
  await heading(page, 'Fleet')
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
  await assertAccessible(page, 'keys')
  await page.getByLabel('Single letters do something').uncheck()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.keyboard.press('g')
  await page.keyboard.press('o')
  await page.keyboard.press('?')
  await page.keyboard.press('Control+Shift+Enter')
  await heading(page, 'Publish')
  assert.equal(await page.getByRole('dialog').count(), 0, 'a letter alone does nothing, a chord does')
})

test('a link to a screen opens it, the theme stays, and an unknown address says so', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { ui } = await startProduct(t)
  await page.goto(`${ui}settings?tab=about&configuration=default`)
  await page.getByRole('tab', { name: 'About', selected: true }).waitFor()
  await page.getByRole('button', { name: 'Theme: As the system' }).click()
  await page.getByRole('menuitem', { name: 'Dark' }).click()
  const isDark = async () => (await page.evaluate("document.documentElement.classList.contains('dark')")) === true
  assert.ok(await isDark())
  await page.reload()
  await page.getByRole('button', { name: 'Theme: Dark' }).waitFor()
  assert.ok(await isDark(), 'the theme stays')

  await page.goto(`${ui}no-such-screen`)
  await heading(page, 'Not found')
  await assertAccessible(page, 'not found')
  await page.getByRole('link', { name: 'Go to the overview' }).click()
  await heading(page, 'Overview')
})

test('the first key skips to the content; on another screen the focus begins there', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { ui } = await startProduct(t)
  await page.goto(`${ui}fleet`)
  await heading(page, 'Fleet')
  await page.keyboard.press('Tab')
  assert.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to the content')
  await page.keyboard.press('Enter')
  assert.equal(await focused(page), 'main')
  assert.equal(await page.getByText('Fleet', { exact: true }).and(page.locator('[aria-live]')).count(), 0)

  await page.getByRole('link', { name: 'Audit' }).press('Enter')
  await heading(page, 'Audit')
  await page.locator('[aria-live="polite"]', { hasText: /^Audit/ }).waitFor({ state: 'attached' })
  await page.waitForFunction("document.activeElement.id === 'main'")
  await page.goBack()
  await heading(page, 'Fleet')
  await page.locator('[aria-live="polite"]', { hasText: /^Fleet/ }).waitFor({ state: 'attached' })
})

test('on a phone, and at twice the size, all is in reach without scrolling sideways', async (t) => {
  const session = await openBrowser(t, { viewport: { width: 320, height: 640 } })
  if (session === undefined) return
  const { page } = session
  const { ui, api } = await startProduct(t)
  const added = await page.request.post(`${api}/api/v1/configurations/default/outputs`, {
    data: { id: 'vendor', type: 'http', url: 'http://127.0.0.1:9/' },
  })
  assert.equal(added.status(), 201)
  await page.goto(`${ui}settings`)
  await page.getByRole('link', { name: 'Unpublished changes' }).waitFor()
  const isWide = 'document.documentElement.scrollWidth > document.documentElement.clientWidth'
  assert.equal(await page.evaluate(isWide), false, 'the frame at 320 pixels')
  await assertAccessible(page, 'a phone')
  await page.getByRole('button', { name: 'Screens' }).click()
  await assertAccessible(page, 'the screens of a phone')
  await page.getByRole('dialog').getByRole('link', { name: 'Access' }).click()
  await heading(page, 'Access')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  assert.equal(await page.evaluate(isWide), false, 'Access at 320 pixels')
})

test('while the controller is away the page says so, keeps what is there, and comes back', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { ui } = await startProduct(t)
  session.expect(/^console: .*(ERR_FAILED|Failed to load resource|dynamically imported)/)
  session.expect(/^error: .*(could not be loaded|dynamically imported)/)
  await page.goto(`${ui}settings?tab=about`)
  await page.getByText('SQLite').waitFor()
  await page.route('**/*', (route) => route.abort())
  const banner = page.getByRole('alert').getByText('The controller does not answer')
  await banner.waitFor({ timeout: 40_000 })
  await assertAccessible(page, 'offline')
  await page.getByText('SQLite').waitFor()

  await page.keyboard.press('g')
  await page.keyboard.press('u')
  await page.getByText('could not be loaded').waitFor()
  await page.getByRole('navigation', { name: 'Screens' }).waitFor()
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByText('could not be loaded').waitFor()

  await page.unroute('**/*')
  await banner.waitFor({ state: 'detached', timeout: 40_000 })
  await page.getByRole('button', { name: 'Try again' }).click()
  await heading(page, 'Outputs')
})

test('a part of the page that is gone after an update comes with the new page', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { ui } = await startProduct(t)
  session.expect(/^console: .*404 \(/)
  session.expect(/^(console|error): .*could not be loaded/)
  await page.goto(`${ui}settings?tab=about`)
  await page.getByText('SQLite').waitFor()
  // As if this page came from an older build: its parts have other names now, and so has its entry.
  await page.evaluate(`document.querySelector('script[type="module"][src]').src = '/ui/assets/index-older.js'`)
  let isGone = true
  await page.route('**/assets/outputs-*.js', (route) => (isGone ? route.fulfill({ status: 404 }) : route.continue()))
  page.on('request', (request) => {
    if (request.isNavigationRequest()) isGone = false
  })
  const loaded = page.waitForEvent('load')
  await page.getByRole('link', { name: 'Outputs' }).click()
  await loaded
  await heading(page, 'Outputs')
})
