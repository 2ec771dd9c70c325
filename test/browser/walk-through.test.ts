/** The README's walk-through, entirely by clicking: from the first line over rules and an output to a roll-back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { openBrowser, startProduct } from '#test/support/browser.ts'
import { HttpSink } from '#test/support/sinks.ts'

const LINES = Array.from({ length: 2500 }, (_, i) => `INFO: line ${i}`)

test('the walk-through, entirely by clicking', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  await using vendor = await HttpSink.start()
  const { ui, program } = await startProduct(t)
  const places = page.getByRole('navigation', { name: 'Screens' })

  // A fresh product teaches; the card lights up when the line arrives.
  await page.goto(ui)
  await page.getByText('Send me a line').first().waitFor()
  await program.sendTcp('DEBUG: test log\n')
  await page.getByText('1. Send a line').waitFor()
  await program.until(() => program.lines.includes('DEBUG: test log'), 'the line on standard output')

  await places.getByRole('link', { name: 'Rules' }).click()
  await addRule(page, 'filter', async () => await page.getByLabel('Value', { exact: true }).fill('DEBUG'))
  await publish(page, 'Nobody reads DEBUG')
  await program.sendTcp('DEBUG: test log\nINFO: test log\n')
  await program.until(() => program.lines.includes('INFO: test log'), 'the other line')
  assert.equal(program.lines.filter((line) => line.startsWith('DEBUG')).length, 1, 'the line from before the rule')

  await places.getByRole('link', { name: 'Rules' }).click()
  await addRule(page, 'redact', async () => {
    await page.getByLabel('Pattern', { exact: true }).fill('\\d{3}-\\d{2}-\\d{4}')
    await page.getByLabel('Replacement', { exact: true }).fill('XXX-XX-XXXX')
  })
  await publish(page, 'No numbers of persons')
  await program.sendTcp('INFO: ssn 123-45-6789\r\n')
  await program.until(() => program.lines.includes('INFO: ssn XXX-XX-XXXX'), 'the redacted line')

  // An output takes the place of the console, in batches of a thousand.
  await places.getByRole('link', { name: 'Pipelines' }).click()
  await page.getByRole('table', { name: 'Pipelines' }).getByText('default_pipeline').click()
  await page.getByRole('tab', { name: 'List' }).click()
  await page.getByRole('button', { name: 'Attach an output' }).click()
  await page.getByRole('button', { name: 'Create an output' }).click()
  await page.getByRole('combobox', { name: /^Type of/ }).fill('http')
  await page.keyboard.press('Enter')
  await page.getByRole('textbox', { name: /^URL/ }).fill(vendor.url)
  await page.getByRole('button', { name: 'Add the output' }).click()
  await page.getByRole('list', { name: 'Outputs' }).getByText('http').first().waitFor()
  await page.getByRole('button', { name: 'Detach console' }).click()
  await page.getByRole('button', { name: 'Settings' }).click()
  await page.getByRole('button', { name: /^Batch/ }).click()
  await page.getByLabel('Max records').fill('1000')
  await page.getByRole('button', { name: 'Save the pipeline' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await publish(page, 'To the vendor')
  await program.sendTcp(`${LINES.join('\n')}\n`)
  const arrived = () => vendor.requests.flatMap(({ body }) => body.split('\n'))
  await program.until(() => arrived().length === LINES.length, 'all lines at the vendor')
  assert.deepEqual(arrived(), LINES)
  assert.ok(
    vendor.requests.some(({ body }) => body.split('\n').length === 1000),
    'batches as large as was asked',
  )

  // Back to the second version: the console has its lines again, without numbers and without DEBUG.
  await places.getByRole('link', { name: 'Versions' }).click()
  const second = page.getByRole('row').filter({ hasText: 'No numbers of persons' })
  await second.getByRole('button', { name: 'Roll back' }).click()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /^Roll back/ })
    .click()
  await applied(page)
  await program.sendTcp('DEBUG: again\nINFO: again 123-45-6789\n')
  await program.until(() => program.lines.includes('INFO: again XXX-XX-XXXX'), 'the line on the console')
  assert.equal(vendor.requests.flatMap(({ body }) => body.split('\n')).length, LINES.length, 'no more to the vendor')
  assert.ok(!program.lines.includes('DEBUG: again'))
})

async function addRule(page: Page, type: string, fill: () => Promise<void>): Promise<void> {
  await page.getByRole('button', { name: 'Add a rule' }).first().click()
  await page.getByRole('combobox', { name: 'Type of rule' }).fill(type)
  await page.keyboard.press('Enter')
  await fill()
  await page.getByRole('button', { name: 'Add the rule' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
}

/** Resolves when the gateway has applied it. */
async function publish(page: Page, message: string): Promise<void> {
  await page.getByRole('link', { name: 'Unpublished changes' }).click()
  await page.getByLabel('Message', { exact: true }).fill(message)
  await page.getByRole('button', { name: /^Publish to/ }).click()
  await applied(page)
}

async function applied(page: Page): Promise<void> {
  await page.getByText('1 of 1 gateway has applied it').first().waitFor()
}
