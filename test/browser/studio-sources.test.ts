/** What the studio takes from elsewhere on the real product: the live tap, the pointer, suggestions; and who may what. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import type { ConfigurationDocument } from '#contract/configuration.ts'
import { assertAccessible, openBrowser, startProduct } from '#test/support/browser.ts'
import { startForViewer } from '#test/support/guarded.ts'

const LINES = ['DEBUG cache miss for user 13', 'INFO done']

test('records come from the live tap', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { ui, program } = await startProduct(t)
  await page.goto(`${ui}studio`)
  await page.getByRole('button', { name: 'From the tap' }).click()
  const sending = setInterval(() => void program.sendTcp(`${LINES.join('\n')}\n`).catch(() => undefined), 100)
  t.after(() => clearInterval(sending))
  await page.getByRole('button', { name: /^Stop: [1-9]/ }).click()
  clearInterval(sending)
  await page.getByRole('button', { name: 'From the tap' }).waitFor()
  await page.getByText(/samples tried/).waitFor()
  assert.match(await samplesOf(page).inputValue(), /cache miss for user 13/)
})

test('text selected with the pointer, in a result, becomes a rule as well', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { ui } = await startProduct(t)
  await page.goto(`${ui}studio`)
  await samplesOf(page).fill('INFO  [a]  two spaces\nINFO  [b]  two spaces')
  const cell = page.getByRole('table', { name: 'Samples, before and after' }).locator('.font-mono').first()
  await cell.waitFor()
  const { x, y } = (await cell.boundingBox())!
  await page.mouse.move(x + 8, y + 8)
  await page.mouse.down()
  await page.mouse.move(x + 200, y + 8, { steps: 4 })
  await page.mouse.up()
  const menu = page.getByRole('group', { name: 'Make a rule of the selected text, here' })
  await menu.waitFor()
  assert.equal(await page.getByRole('dialog').count(), 0, 'the end of a selection opens nothing')
  await assertAccessible(page, 'the menu at the pointer')
  await menu.getByRole('button', { name: 'Keep only…' }).click()
  const keeping = page.getByRole('dialog', { name: 'Keep only lines like this' })
  await keeping.getByText('Drops all but 1 of 2 samples').waitFor()
  await keeping.getByRole('button', { name: 'Try this rule' }).click()
  await page.getByText('1 of 2 records go on').waitFor()
})

test('suggestions say what they save, and are tried and taken over', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { ui, api, program } = await startProduct(t)
  await page.goto(`${ui}studio`)
  await page.getByText('Nothing to suggest').waitFor()
  const lines = Array.from({ length: 300 }, (_, n) => `INFO paid by user${n}@example.com in ${n} ms\n`)
  await program.sendTcp(lines.join(''))
  const list = page.getByRole('list', { name: 'Suggestions' })
  for (let asked = 0; asked < 40 && !(await list.isVisible()); asked++) {
    await page.getByRole('button', { name: 'Look again' }).click()
    await page.waitForTimeout(250)
  }
  const mail = list.getByRole('listitem').filter({ hasText: 'Looks sensitive' }).first()
  await mail.getByText('records looked at').waitFor()
  await assertAccessible(page, 'suggestions')
  await mail.getByRole('button', { name: 'Try it here' }).click()
  await page.getByText('Not in the draft').waitFor()
  await mail.getByRole('button', { name: 'Is among the rules' }).waitFor()
  await page.getByRole('list', { name: 'Rules, in the order they run' }).getByRole('button', { name: 'Remove' }).click()
  await mail.getByRole('button', { name: 'Add to the draft' }).click()
  await page
    .getByText(/is in the draft of default_pipeline/)
    .first()
    .waitFor()
  const draft = (await (
    await page.request.get(`${api}/api/v1/configurations/default/draft`)
  ).json()) as ConfigurationDocument
  assert.equal(draft.pipelines[0]!.processors[0]!.type, 'redact')
})

test('a viewer tries rules, but writes nothing and sees no records', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  session.expect(/^console: .*40[13] \(/)
  const { ui } = await startForViewer(t, page)

  await page.goto(`${ui}studio`)
  await samplesOf(page).fill(LINES.join('\n'))
  await page.getByRole('button', { name: 'Add a rule' }).click()
  await page.getByRole('dialog').getByText('filter', { exact: true }).first().click()
  const rules = page.getByRole('list', { name: 'Rules, in the order they run' })
  await rules.getByLabel('Value', { exact: true }).fill('DEBUG')
  await page.getByText('1 of 2 records go on').waitFor()
  assert.ok(await rules.getByRole('button', { name: 'Add to the draft' }).isDisabled())
  assert.ok(await page.getByRole('button', { name: 'From the tap' }).isDisabled())
  await page.getByText('To write rules to the draft you need the permission').waitFor()
  await page.getByText('You may not see this').waitFor()
  await assertAccessible(page, 'the studio, for a viewer')
})

function samplesOf(page: Page): Locator {
  return page.getByRole('textbox', { name: 'Samples' })
}
