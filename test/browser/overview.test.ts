/** The first line into an empty product, and what the overview says of what came after it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import type { Published } from '#contract/configuration.ts'
import {
  assertAccessible,
  assertAccessibleInBoth,
  openBrowser,
  type Product,
  startProduct,
} from '#test/support/browser.ts'
import { startForViewer } from '#test/support/guarded.ts'
import { applied, Operator } from '#test/support/operator.ts'
import { percent } from '#ui/kit/format.ts'

/** Gateways tell their books every ten seconds, and the page asks every fifteen. */
const REPORTED = { timeout: 60_000 }
const LINES = [...Array(300).keys()].map((i) => `${i % 3 === 0 ? 'DEBUG' : 'INFO'}: request ${i} was served`)

test('an empty product asks for a line, lights up when it comes, and goes on to the figures', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { program, ui } = await startProduct(t)
  const port = new URL(program.address('tcp')).port

  await page.goto(ui)
  await page.getByText('Waiting for the first line').waitFor()
  assert.equal(await commandIn(page, 'TCP'), `echo "INFO: hello from my first line" | nc -w1 127.0.0.1 ${port}`)
  await page.getByRole('tab', { name: 'TCP' }).focus()
  await page.keyboard.press('End')
  assert.match(await commandIn(page, 'HTTP'), /^curl -d ".+" http:\/\/127\.0\.0\.1:\d+\/$/)
  await assertAccessibleInBoth(page)

  await program.sendTcp('INFO: hello from my first line\n')
  await page.getByRole('status').filter({ hasText: 'It is here.' }).waitFor()
  await page.getByText('1 record arrived, 30 B').waitFor()
  await page
    .locator('pre')
    .filter({ hasText: /^INFO: hello from my first line$/ })
    .waitFor()
  const steps = page.getByRole('listitem')
  await steps.filter({ hasText: 'Send a line: done' }).waitFor()
  await steps.filter({ hasText: 'Make a rule: to do' }).waitFor()
  await assertAccessibleInBoth(page)

  await page.getByRole('button', { name: 'Show the overview' }).click()
  await page.getByRole('heading', { name: 'In against out' }).waitFor()
  await page.getByText('30 B in, 30 B forwarded: rules took off 0 %.').waitFor(REPORTED)
  await page.getByText('First steps: 1 of 4').waitFor()

  await page.reload()
  await page.getByText('30 B in, 30 B forwarded').waitFor()
})

test('what a rule takes off stands in the tiles, the chart and the list of rules, as the books have it', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { program, ui, api } = await startProduct(t)
  await program.api('POST', '/rules', { id: 'drop_debug', type: 'filter', params: { value: 'DEBUG' } })
  const operator = new Operator(api)
  const { version } = await operator.must<Published>('POST', '/configurations/default/publish', {})
  await operator.untilGateways(1, applied(version.number), 'the rule to run')
  await program.sendTcp(`${LINES.join('\n')}\n`)
  await program.until(async () => {
    const { in: taken, in_flight: waiting } = await booksOf(program)
    return taken.records === LINES.length && waiting.records === 0
  }, 'all lines in the books, and through')
  const books = await booksOf(program)
  assert.equal(books.dropped.records, 100)

  await page.goto(ui)
  await seen(page)
  const reduction = page.getByRole('link', { name: /^Reduction of bytes/ })
  await reduction.filter({ hasText: percent(books.dropped.bytes / books.in.bytes) }).waitFor(REPORTED)
  await reduction.filter({ hasText: `${percent(100 / 300)} of records` }).waitFor()
  await page.getByRole('link', { name: 'Gateways healthy 1 / 1 all online and well' }).waitFor()
  await page.getByRole('link', { name: 'Bypassed unfiltered 0 B' }).waitFor()
  await page
    .getByRole('list', { name: 'Top rules by bytes taken off' })
    .getByRole('link', { name: 'drop_debug' })
    .waitFor()
  await page.getByRole('list', { name: 'Pipelines' }).getByText('All rules run', { exact: false }).waitFor()
  await page.getByText('Nothing. Rules run, outputs deliver').waitFor()

  await page.getByRole('button', { name: 'Table of where it goes' }).click()
  await page.getByRole('row', { name: /^default_pipeline Taken off by rules/ }).waitFor()
  await page.keyboard.press('Escape')

  await page.getByRole('button', { name: 'Records', exact: true }).click()
  await page.getByText('300 records in, 200 forwarded: rules took off 33.3 %.').waitFor()
  assert.equal(new URL(page.url()).searchParams.get('measure'), 'records')
  await page.getByRole('button', { name: /^Table of Records per second/ }).click()
  await page.getByRole('columnheader', { name: 'Dropped' }).waitFor()
  await page.keyboard.press('Escape')

  await page.getByRole('button', { name: 'How the savings are reckoned' }).click()
  await page.getByText('No price is set').waitFor()
  await page.keyboard.press('Escape')
  await assertAccessibleInBoth(page)
})

test('range, measure and auto-refresh stand in the address; a stretch that is dragged becomes the range', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { program, ui } = await startProduct(t)
  await program.sendTcp(`${LINES.join('\n')}\n`)
  await page.goto(`${ui}?range=6h&measure=records&refresh=off`)
  await seen(page)
  assert.equal(await page.getByLabel('Time range').inputValue(), '6h')
  await page.getByRole('button', { name: 'Records', exact: true, pressed: true }).waitFor()
  await page.getByRole('button', { name: 'Auto-refresh off' }).click()
  await page.getByRole('button', { name: 'Auto-refresh on', pressed: true }).waitFor()
  await page.getByLabel('Time range').selectOption('24h')
  assert.deepEqual(searchOf(page), { range: '24h', measure: 'records' })

  const plot = page.locator('.u-over')
  const box = await plot.boundingBox()
  assert.ok(box)
  await page.mouse.move(box.x + box.width * 0.25, box.y + 40)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * 0.75, box.y + 40, { steps: 4 })
  await page.mouse.up()
  await page.waitForURL(/from=\d+/)
  const { from, to } = searchOf(page)
  const hours = (Number(to) - Number(from)) / 3_600_000
  assert.ok(hours > 11 && hours < 13, `${hours} hours of 24`)
  await page.getByText('Nothing came in during this time.').waitFor()
  await page.getByRole('button', { name: 'Zoom in' }).press('Enter')
  await page.waitForURL((url) => !url.href.includes(`from=${from}`))
  const closer = searchOf(page)
  assert.equal(Math.round((Number(closer['to']) - Number(closer['from'])) / 60_000), Math.round(hours * 30))
  await page.getByRole('button', { name: 'Last hour' }).click()
  await page.waitForURL(/range=1h/)

  await page.goto(`${ui}?range=nonsense&measure=5&from=9&to=1#bypass`)
  await seen(page)
  assert.equal(await page.getByLabel('Time range').inputValue(), '1h')
  await page.locator('#bypass').getByText('default_pipeline').waitFor()
})

test('one piece that fails leaves the others be, and says what is the matter', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  session.expect(/503/)
  const { program, ui } = await startProduct(t)
  await program.sendTcp(`${LINES.join('\n')}\n`)
  const problem = { type: 'about:blank', title: 'Not now', status: 503, detail: 'the store does not answer' }
  const fulfil = { status: 503, contentType: 'application/problem+json', body: JSON.stringify(problem) }
  await page.route(/\/api\/v1\/(series\?.*by=rule|gateways\?|savings\/summary)/, (route) => route.fulfill(fulfil))
  await page.goto(`${ui}?refresh=off`)
  await seen(page)
  const rules = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Top rules' }) })
  await rules.getByText('the store does not answer').waitFor()
  await page.getByText('Not known of the gateways: the store does not answer').waitFor()
  await page
    .getByText('300 records')
    .or(page.getByRole('link', { name: /^In now/ }))
    .first()
    .waitFor()
  await assertAccessible(page)
  await page.unrouteAll()
  await rules.getByRole('button', { name: 'Try again' }).click()
  await rules.getByText('No rule took anything off').waitFor()
})

test('on a phone nothing stands beyond the edge, and a controller without gateways says how to add one', async (t) => {
  const session = await openBrowser(t, { viewport: { width: 390, height: 800 } })
  if (session === undefined) return
  const { page } = session
  const { program, ui } = await startProduct(t)
  await page.goto(ui)
  await page.getByText('Waiting for the first line').waitFor()
  await assertFits(page)
  await program.sendTcp(`${LINES.join('\n')}\n`)
  await page.getByRole('button', { name: 'Show the overview' }).click()
  await page.getByRole('heading', { name: 'In against out' }).waitFor()
  await assertFits(page)
  await assertAccessible(page)

  const alone = await startProduct(t, { command: 'controller' })
  await page.goto(alone.ui)
  await page.getByRole('link', { name: 'Add a gateway' }).click()
  await page.waitForURL(/\/ui\/fleet/)
})

test('whoever may only look gets the figures, and no steps to take', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { program, ui } = await startForViewer(t, page)
  await page.goto(ui)
  await page.getByText('Waiting for the first line').waitFor()
  await program.sendTcp('INFO: nobody may read this\n')
  await page.getByText('1 record arrived').waitFor()
  assert.equal(await page.getByText('nobody may read this').count(), 0, 'a viewer sees no records')
  await page.getByRole('button', { name: 'Show the overview' }).click()
  await page.getByText('forwarded: rules took off 0 %.').waitFor(REPORTED)
  assert.equal(await page.getByText('First steps').count(), 0)
  assert.equal(await page.getByRole('link', { name: 'Make a rule' }).count(), 0)
})

async function commandIn(page: Page, label: string): Promise<string> {
  return (await page.getByRole('region', { name: `Command for ${label}` }).textContent()) ?? ''
}

/** From the first run on to the figures, where the page was there before the first report. */
async function seen(page: Page): Promise<void> {
  const figures = page.getByRole('heading', { name: 'In against out' })
  const done = page.getByRole('button', { name: 'Show the overview' })
  await figures.or(done).first().waitFor()
  if (await done.isVisible()) await done.click()
  await figures.waitFor()
}

function searchOf(page: Page): Record<string, string> {
  return Object.fromEntries(new URL(page.url()).searchParams)
}

interface Books {
  in: { records: number; bytes: number }
  dropped: { records: number; bytes: number }
  in_flight: { records: number }
}

async function booksOf(program: Product['program']): Promise<Books> {
  const { body } = await program.api('GET', '/api/v1/stats')
  return (body['pipelines'] as Books[])[0]!
}

async function assertFits(page: Page): Promise<void> {
  const [width, inner] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth])
  assert.ok((width ?? 0) <= (inner ?? 0), `${width} pixels wide in a window of ${inner}`)
}
