/** The studio on the real product: samples, a rule from selected text, its way into the draft, and what goes wrong. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import type { ConfigurationDocument } from '#contract/configuration.ts'
import { assertAccessible, openBrowser, startProduct } from '#test/support/browser.ts'
import { SAMPLE_RECORDS_MAX } from '#ui/screens/studio/samples.ts'

const PREVIEW_MS_MAX = 300
const LINES = [
  'DEBUG cache miss for user 13',
  'INFO paid by ann@example.com',
  'DEBUG cache miss for user 7',
  'INFO done',
]

test('selected text becomes a rule, whose result shows, and which goes into the draft', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { ui, api } = await startProduct(t)
  await page.goto(`${ui}studio`)
  await page.getByText('Nothing to try the rules on').waitFor()
  await page.getByText('It runs in this page: nothing you paste leaves it.').waitFor()
  await samplesOf(page).fill(LINES.join('\n'))
  await page.getByText(/^4 samples tried/).waitFor()

  await select(samplesOf(page), 0, LINES[0]!.length)
  const bar = page.getByRole('group', { name: 'Make a rule of the selected text', exact: true })
  await bar.getByRole('button', { name: 'Drop lines like this…' }).press('Enter')
  const making = page.getByRole('dialog', { name: 'Drop lines like this' })
  await making.getByText('DEBUG cache miss for user <number>').waitFor()
  await making.getByText('Drops 2 of 4 samples').waitFor()
  await making.getByText('Drops 1 of 4 samples').waitFor()
  await assertAccessible(page, 'a rule from selected text')
  await making.getByRole('button', { name: 'Try this rule' }).click()

  const results = page.getByRole('table', { name: 'Samples, before and after' })
  await results.getByText('Dropped by drop_debug_cache_miss_for_user').nth(1).waitFor()
  await page.getByText('2 of 4 records go on').waitFor()
  await page.getByRole('button', { name: /^Dropped by/ }).click()
  await page.waitForURL(/group=/)
  assert.equal(await results.locator('[data-index]').count(), 2)
  await page.getByRole('button', { name: /^All/ }).click()

  await select(samplesOf(page), LINES.join('\n').indexOf('ann@'), 'ann@example.com'.length)
  await bar.getByRole('button', { name: 'Redact this…' }).click()
  const redacting = page.getByRole('dialog', { name: 'Redact this' })
  await redacting.getByText('E-mail addresses').waitFor()
  await redacting.getByRole('button', { name: 'Try this rule' }).click()
  await results.locator('ins').filter({ hasText: 'email' }).waitFor()

  // `n` and `p` go to what has changed, Enter explains it.
  await page.locator('main').focus()
  await page.keyboard.press('n')
  await page.keyboard.press('n')
  await results.locator('[data-index="1"]:focus').waitFor()
  await page.keyboard.press('Enter')
  const explained = page.getByRole('dialog', { name: 'Sample 2' })
  await explained.getByText('Edited it').waitFor()
  await explained.getByText('Left it as it is').waitFor()
  await assertAccessible(page, 'a sample, rule by rule')
  await page.keyboard.press('Escape')
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await assertAccessible(page, `the studio, ${colorScheme}`)
  }

  const rules = page.getByRole('list', { name: 'Rules, in the order they run' })
  await rules.getByRole('listitem').first().getByRole('button', { name: 'Add to the draft' }).click()
  await rules.getByText('Not in the draft').nth(1).waitFor({ state: 'detached' })
  const draft = (await (
    await page.request.get(`${api}/api/v1/configurations/default/draft`)
  ).json()) as ConfigurationDocument
  assert.deepEqual(draft.pipelines[0]!.processors, [
    {
      id: 'drop_debug_cache_miss_for_user',
      type: 'filter',
      params: { pattern: String.raw`DEBUG cache miss for user \d+` },
    },
  ])
  await rules.getByRole('button', { name: 'Add to the draft' }).click()
  await rules.getByText('Not in the draft').waitFor({ state: 'detached' })

  // A rule of the draft is switched off and edited for the trial only.
  await rules.getByRole('checkbox', { name: 'Try drop_debug_cache_miss_for_user' }).click()
  await page.getByText('4 of 4 records go on').waitFor()
  await rules.getByRole('button', { name: 'Move redact_email up' }).click()
  await page.getByRole('button', { name: 'Write all of it to the draft' }).click()
  await page.getByRole('button', { name: 'Write all of it to the draft' }).waitFor({ state: 'detached' })
  const after = (await (
    await page.request.get(`${api}/api/v1/configurations/default/draft`)
  ).json()) as ConfigurationDocument
  assert.deepEqual(
    after.pipelines[0]!.processors.map(({ id }) => id),
    ['redact_email', 'drop_debug_cache_miss_for_user'],
  )
})

test('samples and trials survive a reload; files and too much text are said', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { ui } = await startProduct(t)
  await page.goto(`${ui}studio`)
  await page.getByLabel('File with samples').setInputFiles({
    name: 'app.log',
    mimeType: 'text/plain',
    buffer: Buffer.from(LINES.join('\n')),
  })
  await page.getByText(/^4 samples tried/).waitFor()
  await page.getByRole('button', { name: 'Add a rule' }).click()
  await page.getByRole('dialog').getByText('filter', { exact: true }).first().click()
  await page.getByRole('alert').filter({ hasText: 'A rule is not right' }).waitFor()
  const rules = page.getByRole('list', { name: 'Rules, in the order they run' })
  await rules.getByLabel('Value', { exact: true }).fill('INFO')
  await page.getByText('2 of 4 records go on').waitFor()
  await page.reload()
  await page.getByText('2 of 4 records go on').waitFor()
  assert.equal(await samplesOf(page).inputValue(), LINES.join('\n'))

  await page.getByLabel('File with samples').setInputFiles({
    name: 'app.bin',
    mimeType: 'application/octet-stream',
    buffer: Buffer.from([0, 1, 2]),
  })
  await page.getByText('app.bin is not text').waitFor()

  await samplesOf(page).fill('')
  await paste(samplesOf(page), `${LINES[1]}\n`.repeat(SAMPLE_RECORDS_MAX + 3))
  await page.getByText(/3 are not\./).waitFor()
  await page.getByText(/^5,000 samples tried/).waitFor()
  const table = page.getByRole('table', { name: 'Samples, before and after' })
  assert.ok((await table.locator('[data-index]').count()) < 100, 'only rows in sight are in the page')
  await paste(samplesOf(page), `${'x'.repeat(1023)}\n`.repeat(1025))
  await page.getByText(/Samples have 1,048,576 characters at most: the last [\d,]+ were cut off/).waitFor()
})

test('a thousand records are tried at once, and rules that are too slow are stopped', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { ui, api } = await startProduct(t)
  const added = await page.request.post(`${api}/api/v1/configurations/default/pipelines/default_pipeline/processors`, {
    data: { id: 'hide_mail', type: 'redact', params: { builtin: 'email' } },
  })
  assert.equal(added.status(), 201)
  await page.goto(`${ui}studio`)
  await samplesOf(page).fill(
    Array.from({ length: 1000 }, (_, n) => `INFO ${n} paid by user${n}@example.com`).join('\n'),
  )
  await page.getByText(/^1,000 samples tried/).waitFor()
  // The worker is there now: this is what typing feels like.
  await page.keyboard.press('Control+Enter')
  await page.getByText('1,000 of 1,000 records go on').waitFor()
  const status = await page.getByText(/^1,000 samples tried in/).innerText()
  const ms = Number(/in (\d+) ms/.exec(status)?.[1])
  assert.ok(ms < PREVIEW_MS_MAX, `${ms} ms for a thousand records`)

  await samplesOf(page).fill(`${'a'.repeat(60)}b`)
  await page.getByRole('button', { name: 'Add a rule' }).click()
  await page.getByRole('dialog').getByText('filter', { exact: true }).first().click()
  const rules = page.getByRole('list', { name: 'Rules, in the order they run' })
  await rules.getByLabel('Pattern', { exact: true }).fill(String.raw`(a+)+\1$`)
  await rules.getByText(/has the back-reference/).waitFor()
  await rules.getByLabel('Unsafe').check()
  await page.getByText(/longer than 2 seconds and were stopped/).waitFor()
  await assertAccessible(page, 'rules that are too slow')
  await rules.getByRole('button', { name: 'Remove' }).click()
  await page.getByText(/^1 samples? tried/).waitFor()
})

function samplesOf(page: Page): Locator {
  return page.getByRole('textbox', { name: 'Samples' })
}

async function paste(area: Locator, text: string): Promise<void> {
  await area.evaluate((element, pasted) => {
    const clipboardData = new DataTransfer()
    clipboardData.setData('text/plain', pasted)
    element.focus()
    element.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
  }, text)
}

/** By keyboard, as somebody without a pointer would. */
async function select(area: Locator, from: number, length: number): Promise<void> {
  await area.evaluate((element, at) => {
    const text = element as HTMLTextAreaElement
    text.focus()
    text.setSelectionRange(at, at)
  }, from)
  for (let i = 0; i < length; i++) await area.press('Shift+ArrowRight')
}
