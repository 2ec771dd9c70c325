/** The main paths without a pointer: nothing here clicks or puts the focus anywhere; there are keys alone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { openBrowser, startProduct } from '#test/support/browser.ts'

const TABS_MAX = 120

test('a rule is made, published and taken back, and gateways and records are looked at, by keys alone', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { ui, program } = await startProduct(t)
  await program.sendTcp('INFO first\n')
  await page.goto(ui)
  await arrived(page, 'Overview')

  await palette(page, 'go to rules')
  await arrived(page, 'Rules')
  await tabTo(page, 'Add a rule')
  await page.keyboard.press('Enter')
  await page.getByRole('combobox', { name: 'Type of rule' }).waitFor()
  await page.keyboard.type('contain')
  await page.keyboard.press('Enter')
  await tabTo(page, 'Value')
  await page.keyboard.type('DEBUG')
  await tabTo(page, 'Add the rule')
  await page.keyboard.press('Enter')
  await page.locator('[data-rule="drop_debug"]').waitFor()

  await page.keyboard.press('Control+Shift+Enter')
  await arrived(page, 'Publish')
  await tabTo(page, 'Message')
  await page.keyboard.type('By keys alone')
  await tabTo(page, /^Publish to/)
  await page.keyboard.press('Enter')
  await page.getByText('1 of 1 gateway has applied it').first().waitFor()
  await program.sendTcp('DEBUG gone\nINFO second\n')
  await program.until(() => program.lines.includes('INFO second'), 'the line')
  assert.ok(!program.lines.includes('DEBUG gone'))

  await keys(page, 'g', 'f')
  await arrived(page, 'Fleet')
  await tabTo(page, undefined, '[data-index="0"]')
  await page.keyboard.press('Enter')
  await tabTo(page, 'Summary')
  await page.keyboard.press('ArrowRight')
  await page.getByRole('tab', { name: 'Metrics', selected: true }).waitFor()

  await keys(page, 'g', 't')
  await arrived(page, 'Tap')
  await page.keyboard.press('Space')
  await program.until(async () => {
    await program.sendTcp('INFO watched\n')
    return (await page.getByText('INFO watched').count()) > 0
  }, 'a record that goes by')

  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
})

async function arrived(page: Page, title: string): Promise<void> {
  await page.getByRole('heading', { name: title, level: 1 }).waitFor()
}

async function keys(page: Page, ...pressed: string[]): Promise<void> {
  for (const key of pressed) await page.keyboard.press(key)
}

async function palette(page: Page, text: string): Promise<void> {
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Go to or do' }).waitFor()
  await page.keyboard.type(text)
  await page.keyboard.press('Enter')
}

/** Tab after Tab until the focus is on what is called so, or fits the selector. */
async function tabTo(page: Page, name: string | RegExp | undefined, selector = '*'): Promise<void> {
  const seen: string[] = []
  for (let tabs = 0; tabs < TABS_MAX; tabs++) {
    const { called, fits } = await page.evaluate((wanted) => {
      const element = document.activeElement as HTMLElement
      const labels =
        element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement ? element.labels : null
      const label = element.getAttribute('aria-label') ?? labels?.[0]?.textContent ?? element.textContent ?? ''
      return { called: label.trim(), fits: element.matches(wanted) }
    }, selector)
    const isNamed = typeof name === 'string' ? called.split(' (')[0] === name : (name?.test(called) ?? true)
    if (fits && isNamed) return
    seen.push(called.slice(0, 30))
    await page.keyboard.press('Tab')
  }
  assert.fail(`Tab does not lead to ${String(name ?? selector)}; it led to: ${seen.join(' | ')}`)
}
