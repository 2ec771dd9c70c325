/** Savings from the first line to money, by clicking: real traffic, a rule that drops, a price, its correction, and why. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import type { Page } from 'playwright-core'
import { assertAccessibleInBoth, openBrowser, type Product, startProduct } from '#test/support/browser.ts'
import { startForViewer } from '#test/support/guarded.ts'

/** Gateways report every ten seconds; the page asks every fifteen. */
const FIGURES_MS = 45_000
const LINES = 200

async function startDropping(t: TestContext): Promise<Product> {
  const product = await startProduct(t)
  const { program } = product
  await program.api('POST', '/rules', { id: 'drop_debug', type: 'filter', params: { value: 'DEBUG' } })
  await program.publish()
  return product
}

/** The rule takes effect some moment after it was published: lines go in until one is dropped. */
async function sendUntilDropped({ program }: Product): Promise<void> {
  await program.until(async () => {
    await program.sendTcp(`${'2026-11-21 DEBUG cache: miss for key 4711\n'.repeat(LINES)}ERROR one that goes on\n`)
    const { body } = await program.api('GET', '/api/v1/stats')
    return (body['pipelines'] as { dropped: { records: number } }[]).some(({ dropped }) => dropped.records > 0)
  }, 'a dropped record')
}

test('what a rule drops shows in bytes, a price makes money of it, a correction changes it, and all of it is explained', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const product = await startDropping(t)

  await page.goto(`${product.ui}savings`)
  await page.getByText('Nothing has come in during this time').waitFor()
  await assertAccessibleInBoth(page, 'savings, empty')
  await page.getByRole('tab', { name: 'Prices' }).click()
  await page.getByText('No price yet', { exact: true }).last().waitFor()
  await page.getByRole('tab', { name: 'By rule' }).click()

  await sendUntilDropped(product)
  const rule = page.getByRole('table', { name: 'Saved by rule' }).getByRole('row', { name: /drop_debug/ })
  await rule.waitFor({ timeout: FIGURES_MS })
  assert.match(await page.getByRole('region', { name: 'Outputs without a price' }).innerText(), /no price/)

  await page
    .getByRole('button', { name: /^Set a price for / })
    .first()
    .click()
  const drawer = page.getByRole('dialog', { name: 'Set a price' })
  assert.equal(await drawer.getByRole('button', { name: 'Set the price' }).isDisabled(), true)
  await drawer.getByLabel('Price per GB').fill('1000000')
  await drawer.getByLabel('Note').fill('contract 4711')
  await assertAccessibleInBoth(page, 'savings, price')
  await drawer.getByRole('button', { name: 'Close' }).last().click()
  await page
    .getByRole('button', { name: /^Set a price for / })
    .first()
    .click()
  assert.equal(await drawer.getByLabel('Note').inputValue(), 'contract 4711', 'what was typed is still there')
  await drawer.getByRole('button', { name: 'Set the price' }).click()
  // Where the pointer is now, the message stays, and may cover what is pressed next.
  await page.getByRole('button', { name: 'Dismiss' }).click()

  await page.getByRole('button', { name: 'Explain saved this month' }).waitFor()
  assert.equal(await page.getByRole('region', { name: 'Outputs without a price' }).count(), 0)
  await page.getByRole('table', { name: 'Saved by rule' }).getByRole('columnheader', { name: 'EUR' }).waitFor()
  await rule.getByRole('button', { name: 'Explain drop_debug' }).click()
  const explained = page.getByRole('dialog', { name: 'Saved by the rule drop_debug' })
  await explained.getByText('Together in EUR').waitFor()
  assert.match(await explained.innerText(), /GB × €1,000,000\.00/)
  await assertAccessibleInBoth(page, 'savings, explained')
  await page.keyboard.press('Escape')

  const before = await amountOf(page)
  await page.getByRole('tab', { name: 'Prices' }).click()
  assert.match(page.url(), /view=prices/)
  await page.getByRole('button', { name: /^What to do with the price of/ }).click()
  await page.getByRole('menuitem', { name: /Correct it/ }).click()
  const correction = page.getByRole('dialog', { name: /^Correct the price of/ })
  await correction.getByText('changes the past too').waitFor()
  await correction.getByLabel('Price per GB').fill('3000000')
  await correction.getByRole('button', { name: 'Correct the price' }).click()
  await page.getByText('€3,000,000.00 / GB').waitFor()
  await page.waitForFunction(
    (old) => {
      const text = document.querySelector('[data-amount]')?.textContent ?? ''
      return Number(text.replace(/[^0-9.]/g, '')) > 2 * old
    },
    before,
    { timeout: FIGURES_MS },
  )
  await assertAccessibleInBoth(page, 'savings, prices')

  const [csv] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export CSV' }).click(),
  ])
  assert.match(csv.suggestedFilename(), /^savings-\d{4}-\d\d-\d\d-\d{4}-\d\d-\d\d\.csv$/)
  assert.match(readFileSync(await csv.path(), 'utf8'), /\r\nrule,.*drop_debug,filter,/)

  await page.getByRole('button', { name: /^What to do with the price of/ }).click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await page.getByRole('button', { name: 'Delete the price' }).click()
  await page.getByRole('region', { name: 'Outputs without a price' }).waitFor()
})

test('somebody else corrects the price first: nothing is lost, and one may choose', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  session.expect(/^console: .*412 \(/)
  const { ui, program } = await startProduct(t)
  const price = { output: 'vendor', currency: 'EUR', per_gb: 1, since: '2026-01-01' }
  const { id } = (await program.api('POST', '/api/v1/prices', price)).body as { id: string }

  await page.goto(`${ui}savings?view=prices&span=nonsense`)
  await page.getByRole('button', { name: /^What to do with the price of vendor/ }).click()
  await page.getByRole('menuitem', { name: /Correct it/ }).click()
  const drawer = page.getByRole('dialog', { name: /^Correct the price of/ })
  await drawer.getByLabel('Price per GB').fill('7')
  const other = await page.request.put(new URL(`/api/v1/prices/${id}`, ui).href, {
    headers: { 'if-match': '*' },
    data: { ...price, per_gb: 2 },
  })
  assert.equal(other.status(), 200)
  await drawer.getByRole('button', { name: 'Correct the price' }).click()
  await drawer.getByText('Price: €1.00 per GB → €2.00 per GB; yours: €7.00 per GB').waitFor()
  assert.equal(await drawer.getByLabel('Price per GB').inputValue(), '7')
  await drawer.getByRole('button', { name: 'Go on with mine over theirs' }).click()
  await drawer.getByRole('button', { name: 'Correct the price' }).click()
  await page.getByText('€7.00 / GB').waitFor()
})

test('an error can be tried again', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  session.expect(/^console: .*500 \(/)
  const { ui } = await startProduct(t)
  const problem = { type: 'about:blank', title: 'Broken', status: 500, detail: 'out of order' }
  let isBroken = true
  await page.route('**/api/v1/savings/summary*', (route) =>
    isBroken ? route.fulfill({ status: 500, json: problem }) : route.fallback(),
  )
  await page.goto(`${ui}savings`)
  const again = page.getByRole('button', { name: 'Try again' })
  await again.waitFor({ timeout: FIGURES_MS })
  await page.getByText('out of order').waitFor()
  isBroken = false
  await again.click()
  await page.getByText('Nothing has come in during this time').waitFor()
})

test('who may only look sees prices, cannot change them, and is told which permission is missing', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const price = { output: 'vendor', currency: 'EUR', per_gb: 1, since: '2026-01-01' }
  const { ui } = await startForViewer(t, page, (post) => post('/prices', price))
  await page.goto(`${ui}savings?view=prices`)
  await page.getByText('€1.00 / GB').waitFor()
  await page.getByText('To change prices you need the permission edit').waitFor()
  assert.equal(await page.getByRole('button', { name: /price/ }).count(), 0)
  await assertAccessibleInBoth(page, 'savings of a viewer')
})

async function amountOf(page: Page): Promise<number> {
  return Number((await page.locator('[data-amount]').first().innerText()).replace(/[^0-9.]/g, ''))
}
