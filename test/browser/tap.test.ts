/** The tap on the real product: records go by, stand still, are opened, and are taken to the studio; who may see what. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { assertAccessible, openBrowser, type Product, startProduct } from '#test/support/browser.ts'
import { comeAs, comeAsOwner, startForViewer, startGuarded } from '#test/support/guarded.ts'

const RULES = [
  { id: 'hide_ssn', type: 'redact', params: { builtin: 'ssn' } },
  { id: 'drop_debug', type: 'filter', params: { value: 'DEBUG' } },
]
const LINES = ['DEBUG cache miss for user 13', '{"level":"info","msg":"paid by ssn 078-05-1120"}', 'plain and simple']

test('records go by, stand still, open, and go to the studio', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const product = await startProduct(t)
  await publishRules(page, product)
  await page.goto(`${product.ui}tap`)
  await page.getByText('Nothing is watched').waitFor()
  await assertAccessible(page, 'the tap, before')
  await page.keyboard.press('Space')
  await page.getByText('Waiting for records').waitFor()
  await page.getByText('Watching.', { exact: true }).waitFor()

  await product.program.sendTcp(`${LINES.join('\n')}\n`)
  const rows = page.getByRole('table', { name: 'Records, newest first' }).locator('[data-index]')
  await rows.nth(2).waitFor()
  assert.match(await rows.nth(0).innerText(), /Forwarded[\s\S]*plain and simple/)
  assert.match(await rows.nth(1).innerText(), /Edited[\s\S]*hide_ssn[\s\S]*\[ssn\]/)
  assert.match(await rows.nth(2).innerText(), /Dropped[\s\S]*drop_debug[\s\S]*cache miss/)
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await assertAccessible(page, `the tap, ${colorScheme}`)
  }

  await page.locator('body').press('Space')
  await page.getByText('Paused:').waitFor()
  await product.program.sendTcp('one more\n')
  await page.getByText('1 more have come').waitFor()
  assert.equal(await rows.count(), 3)
  await page.getByRole('button', { name: 'Resume' }).press('Space')
  await rows.nth(3).waitFor()

  await rows.nth(3).focus()
  await page.keyboard.press('Enter')
  const details = page.getByRole('dialog', { name: 'Record' })
  await details.getByText('It was dropped by the rule drop_debug').waitFor()
  await assertAccessible(page, 'a record of the tap')
  await details.getByRole('button', { name: 'Drop lines like this…' }).click()
  const making = page.getByRole('dialog', { name: 'Drop lines like this' })
  await making.getByText('DEBUG cache miss for user <number>').waitFor()
  await making.getByRole('button', { name: 'Cancel' }).click()
  assert.equal(await page.getByRole('textbox', { name: 'Samples' }).inputValue(), LINES[0])
})

test('what is selected stands in the address; gateways refuse in words', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const product = await startProduct(t)
  await publishRules(page, product)
  await page.goto(`${product.ui}tap?fate=forwarded&rate=100`)
  assert.equal(await page.getByLabel('Per second').inputValue(), '100')
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await page.getByText('Watching.', { exact: true }).waitFor()
  await product.program.sendTcp(`${LINES.join('\n')}\n`)
  const rows = page.getByRole('table', { name: 'Records, newest first' }).locator('[data-index]')
  await rows.nth(1).waitFor()
  assert.equal(await rows.filter({ hasText: 'Dropped' }).count(), 0)

  await page.getByLabel('Rule').selectOption('drop_debug')
  await page.getByLabel('What became of it').selectOption('')
  await page.waitForURL(/rule=drop_debug/)
  await page.getByText('Waiting for records').waitFor()
  await page.getByText('Watching.', { exact: true }).waitFor()
  await product.program.sendTcp(`${LINES.join('\n')}\n`)
  await rows.nth(0).waitFor()
  assert.match(await rows.nth(0).innerText(), /Dropped/)

  const condition = page.getByLabel('Condition', { exact: true })
  await condition.fill('{"field":')
  await page.getByText(/is not JSON/).waitFor()
  await condition.fill('{"field": "level", "is": "info"}')
  await condition.press('Enter')
  await page.getByText('has ended its part').waitFor()
  await page.getByRole('button', { name: 'Stop' }).click()
  await page.getByText('Stopped.', { exact: true }).waitFor()
})

test('unredacted records take a permission and a reason', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  session.expect(/^console: .*40[13] \(/)
  const product = await startGuarded(t)
  const { ui, api, program } = product
  await comeAsOwner(page, product)
  await publishRules(page, product)

  await page.goto(`${ui}tap`)
  await page.getByRole('button', { name: 'Unredacted…' }).click()
  const asks = page.getByRole('dialog', { name: 'Look at unredacted records' })
  const show = asks.getByRole('button', { name: 'Show unredacted records' })
  assert.ok(await show.isDisabled())
  await assertAccessible(page, 'why unredacted records')
  await asks.getByLabel('Reason').fill('case 4711')
  await show.click()
  await page.getByText('Watching.', { exact: true }).waitFor()
  await page.getByText('Records show unredacted.').waitFor()
  await program.sendTcp(`${LINES[1]}\n`)
  await page.locator('[data-index]').first().click()
  const details = page.getByRole('dialog', { name: 'Record' })
  await details.getByText('078-05-1120').waitFor()
  await details.getByText('[ssn]').waitFor()
  await details.getByRole('button', { name: 'Use in the studio' }).click()
  await page.getByText('they are not kept over a reload').waitFor()
  await page.getByText(/^1 samples? tried/).waitFor()
  await page.reload()
  await page.getByText('Nothing to try the rules on').waitFor()
  assert.equal(await page.getByRole('textbox', { name: 'Samples' }).inputValue(), '')
  const audit = await page.request.get(`${api}/api/v1/audit?action=tap.raw`)
  const { items } = (await audit.json()) as { items: { reason: string }[] }
  assert.deepEqual(
    items.map(({ reason }) => reason),
    ['case 4711'],
  )

  await comeAs(page, product, 'operator')
  await page.goto(`${ui}tap`)
  assert.ok(await page.getByRole('button', { name: 'Unredacted…' }).isDisabled())
  const refused = await page.request.get(`${api}/api/v1/tap?raw=true&reason=x`)
  assert.equal(refused.status(), 403)
})

test('without the permission there is no tap', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  session.expect(/^console: .*40[13] \(/)
  const { ui } = await startForViewer(t, page)
  await page.goto(`${ui}tap`)
  await page.getByText('You may not see this').waitFor()
  await assertAccessible(page, 'the tap, for a viewer')
})

async function publishRules(page: Page, { api }: Product): Promise<void> {
  const headers = await headersFor(page, api)
  const base = `${api}/api/v1/configurations/default`
  for (const data of RULES) {
    const added = await page.request.post(`${base}/pipelines/default_pipeline/processors`, { headers, data })
    assert.equal(added.status(), 201)
  }
  const published = await page.request.post(`${base}/publish`, { headers, data: { message: 'Two rules' } })
  assert.ok(published.ok(), await published.text())
  const isRunning = async () => {
    const live = await page.request.get(`${api}/api/v1/stats/live`)
    return (await live.text()).includes('drop_debug')
  }
  while (!(await isRunning())) await page.waitForTimeout(50)
}

async function headersFor(page: Page, api: string): Promise<Record<string, string>> {
  const me = await page.request.get(`${api}/api/v1/me`)
  const { csrf_token: token } = (await me.json()) as { csrf_token: string | null }
  return token === null ? {} : { 'x-csrf-token': token }
}
