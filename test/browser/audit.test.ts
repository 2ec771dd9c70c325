import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertAccessible, openBrowser, startProduct } from '#test/support/browser.ts'

test('the audit log shows who did what, confined by what stands in the address, and its chain is verified', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { ui, program } = await startProduct(t)
  await program.api('POST', '/rules', { id: 'drop_debug', type: 'filter', params: { value: 'DEBUG' } })
  await program.publish()

  await page.goto(`${ui}audit?action=version.`)
  const table = page.getByRole('table', { name: 'Audit log' })
  await table
    .getByText(/^version\./)
    .first()
    .waitFor()
  assert.equal(await table.getByText('drop_debug').count(), 0, 'confined to publications')

  await page.getByRole('button', { name: 'Clear' }).click()
  await table.getByText('drop_debug').first().waitFor()
  assert.ok(!page.url().includes('action='))

  // By keys alone: to the rows, down, open, close.
  await table.locator('[data-index="0"]').focus()
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  const detail = page.getByRole('dialog', { name: /^Entry \d+$/ })
  await detail.getByText('Hash before').waitFor()
  await assertAccessible(page)
  await page.keyboard.press('Escape')
  await detail.waitFor({ state: 'detached' })

  await page.getByRole('button', { name: 'Verify the chain' }).click()
  await page.getByText(/Whole: all \d+ entries fit/).waitFor()
  await page.getByLabel('Who').fill('nobody@example.com')
  await page.getByText('Nothing fits').waitFor()
  await page.emulateMedia({ colorScheme: 'dark' })
  await assertAccessible(page, 'audit, dark')
})
