/** From draft to gateways and back, by clicking and by keyboard; and what stands in the way of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  assertAccessible,
  assertAccessibleInBoth,
  openBrowser,
  type Product,
  startProduct,
} from '#test/support/browser.ts'
import { comeAs, comeAsOwner, posting, startGuarded } from '#test/support/guarded.ts'

const DEFAULT = '/api/v1/configurations/default'
const RULES = `${DEFAULT}/pipelines/default_pipeline/processors`
const DROP_DEBUG = { id: 'drop_debug', type: 'filter', params: { value: 'DEBUG' } }
const LINES = 400
/** A dry run that is refused is an answer; browsers write it into the console all the same. */
const REFUSED_DRY_RUN = /^console: .*422 .*dry_run=true/
interface Pipeline {
  in: { records: number }
  dropped: { records: number }
}

/** Half of it debug lines. */
async function sendLines({ program }: Product, word = 'DEBUG'): Promise<void> {
  const before = (await pipelineOf(program)).in.records
  await program.sendTcp(
    [...Array(LINES).keys()].map((i) => `${i % 2 === 0 ? word : 'INFO'} order ${i} was looked at\n`).join(''),
  )
  await program.until(async () => (await pipelineOf(program)).in.records >= before + LINES, 'the lines')
}

/** Samples come a moment after the records. */
async function untilSampled({ program }: Product): Promise<void> {
  const hasSample = async () => {
    const { body } = await program.api('POST', `${DEFAULT}/receipts`, {})
    return (body['receipt'] as { sample: { records: number } }).sample.records > 0
  }
  await program.until(hasSample, 'a sample')
}

async function pipelineOf(program: Product['program']): Promise<Pipeline> {
  const { body } = await program.api('GET', '/api/v1/stats')
  return (body['pipelines'] as Pipeline[])[0]!
}

async function add({ program }: Product, path: string, body: object): Promise<void> {
  const answer = await program.api('POST', path, body)
  assert.ok(answer.status < 300, JSON.stringify(answer.body))
}

/** Samples begin anew when a gateway takes a version. */
async function publishAsItWas(product: Product): Promise<void> {
  await add(product, `${DEFAULT}/publish`, { message: 'As it was' })
  const isApplied = async () => {
    const { body } = await product.program.api('GET', '/api/v1/gateways')
    const [gateway] = body['items'] as { states: { reported: { status: string } | null } }[]
    return gateway?.states.reported?.status === 'applied'
  }
  await product.program.until(isApplied, 'the first version to be applied')
}

test('a rule goes live with a receipt, takes effect, and is rolled back', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const product = await startProduct(t)
  const { program, ui } = product

  await page.goto(`${ui}versions`)
  await page.getByText('Nothing has been published yet').waitFor()
  await page.getByRole('link', { name: 'Publish the draft' }).first().click()
  await page.getByText('Nothing to publish yet').waitFor()
  assert.equal(await page.getByRole('link', { name: 'Unpublished changes' }).count(), 0, 'a fresh start has no changes')
  await assertAccessibleInBoth(page, 'nothing to publish yet')
  await page.getByRole('button', { name: 'Publish it as it is' }).click()
  await page.getByText('Pipeline default_pipeline added').waitFor()
  await page.getByLabel('Message', { exact: true }).fill('As it was')
  await page.getByRole('button', { name: 'Publish to 1 gateway' }).click()
  await page.getByRole('status').getByText('1 of 1 gateway has applied it').waitFor()
  await page.getByText('The draft holds what version 1 holds').waitFor()

  await sendLines(product)
  await untilSampled(product)
  await add(product, RULES, DROP_DEBUG)
  await page.goto(`${ui}publish`)
  await page.getByText('Rule drop_debug in pipeline default_pipeline added').waitFor()
  await page.getByText('value: DEBUG').waitFor()
  await page.getByRole('button', { name: 'Side by side' }).click()
  await page.getByRole('button', { name: 'One below the other' }).waitFor()

  await page.getByRole('button', { name: 'Make a receipt' }).click()
  await page.getByRole('table', { name: 'In and out' }).waitFor()
  const rules = await page.getByRole('table', { name: 'Rules', exact: true }).innerText()
  assert.match(rules, /drop_debug filter\s+new\s+–\s+[12]\d\d/, rules)
  assert.match(page.url(), /receipt=/, 'a link leads to the receipt')
  await assertAccessibleInBoth(page, 'publish with a receipt')

  await page.getByLabel('Message', { exact: true }).fill('Drop debug lines')
  await page.reload()
  assert.equal(
    await page.getByLabel('Message', { exact: true }).inputValue(),
    'Drop debug lines',
    'what was typed is kept',
  )
  await page.getByRole('button', { name: 'Publish to 1 gateway' }).click()
  await page.getByText('What became of version 2').waitFor()
  await page.getByRole('status').getByText('1 of 1 gateway has applied it').waitFor()
  await assertAccessibleInBoth(page, 'what became of it')
  await sendLines(product)
  await program.until(async () => (await pipelineOf(program)).dropped.records === LINES / 2, 'the rule to take effect')

  await page.getByRole('navigation', { name: 'Screens' }).getByRole('link', { name: 'Versions' }).click()
  const table = page.getByRole('table', { name: 'Versions, newest first' })
  await table.getByText('Drop debug lines').waitFor()
  await assertAccessibleInBoth(page, 'versions')
  await page.getByRole('button', { name: 'Compare version 1 with live' }).click()
  await page.getByText('Rule drop_debug in pipeline default_pipeline added').waitFor()
  assert.match(page.url(), /from=1&to=live/)
  await page.getByLabel('To', { exact: true }).selectOption('1')
  await page.getByText('No differences: version 1 and version 1 hold the same.').waitFor()
  await page.goBack()
  await page.getByText('Rule drop_debug in pipeline default_pipeline added').waitFor()

  await page.getByRole('button', { name: 'Roll back to version 1' }).click()
  const dialog = page.getByRole('dialog', { name: 'Roll back to version 1' })
  await dialog.getByText('Rule drop_debug in pipeline default_pipeline removed').waitFor()
  await assertAccessible(page, 'rolling back')
  await dialog.getByRole('button', { name: 'Roll back on 1 gateway' }).click()
  await page.getByRole('heading', { name: 'Version 3', level: 1 }).waitFor()
  await page.getByRole('status').getByText('1 of 1 gateway has applied it').waitFor()
  await page.getByText('It was published without a receipt.').waitFor()
  await assertAccessibleInBoth(page, 'a version')
  const { dropped } = await pipelineOf(program)
  await sendLines(product)
  assert.equal((await pipelineOf(program)).dropped.records, dropped.records, 'nothing is dropped any more')

  await page.goto(`${ui}versions/77`)
  session.expect(/^console: .*404 .*versions\/77/)
  await page.getByText('has no version 77').waitFor()
  await page.goto(`${ui}versions/2`)
  await page.getByRole('table', { name: 'In and out' }).waitFor()
  await page.getByText('What version 2 holds').click()
  await page.getByRole('region', { name: 'Content of version 2' }).getByText('drop_debug').waitFor()
})

test('a draft that changes makes its receipt anew; changes are found by keys', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page, expect } = session
  expect(REFUSED_DRY_RUN)
  const product = await startProduct(t)
  await publishAsItWas(product)
  await sendLines(product)
  await untilSampled(product)
  await add(product, RULES, DROP_DEBUG)

  await page.goto(`${product.ui}publish`)
  await page.getByRole('button', { name: 'Make a receipt' }).click()
  await page.getByRole('table', { name: 'In and out' }).waitFor()
  const first = new URL(page.url()).searchParams.get('receipt')
  await add(product, RULES, { id: 'drop_info', type: 'filter', params: { value: 'INFO' } })
  await page.reload()
  await page.getByRole('table', { name: 'Rules', exact: true }).getByText('drop_info').waitFor()
  await page.waitForURL((url) => url.searchParams.get('receipt') !== first)
  await page.getByText('The draft has changed since this receipt').waitFor({ state: 'detached' })

  await page.keyboard.press('n')
  await page.getByText('Change 1 of 1').waitFor()
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('aria-label')), 'Change 1')
  await page.keyboard.press('g')
  await page.keyboard.press('p')
  await page.getByRole('heading', { name: 'Pipelines', level: 1 }).waitFor()
})

test('publishing needs nothing but keys', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const product = await startProduct(t)
  await add(product, RULES, DROP_DEBUG)
  await page.goto(product.ui)
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
  await page.keyboard.press('g')
  await page.keyboard.press('d')
  await page.getByText('Pipeline default_pipeline added').waitFor()
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press('Tab')
    if ((await page.evaluate(() => document.activeElement?.tagName)) === 'TEXTAREA') break
  }
  await page.keyboard.type('By keys alone')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.getByRole('status').getByText('1 of 1 gateway has applied it').waitFor()

  await add(product, RULES, { id: 'drop_trace', type: 'filter', params: { value: 'TRACE' } })
  await page.goto(`${product.ui}publish`)
  await page.getByLabel('Message', { exact: true }).fill('Traces, too')
  await page.keyboard.press('Control+k')
  await page.keyboard.type('publish the')
  await page.getByRole('option', { name: 'Publish the draft' }).waitFor()
  await page.keyboard.press('Enter')
  await page.getByText('What became of version 2').waitFor()
  await page.keyboard.press('Control+k')
  await page.keyboard.type('roll back')
  await page.getByRole('option', { name: 'Roll back to version 1' }).waitFor()
  await page.keyboard.press('Enter')
  await page.getByRole('dialog', { name: 'Roll back to version 1' }).waitFor()
  await page.keyboard.press('Escape')
})

test('problems of the draft and the policy are told before anybody presses', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page, expect } = session
  expect(REFUSED_DRY_RUN)
  const product = await startProduct(t)
  const { program, ui, api } = product
  const change = async (method: string, path: string, body: object) => {
    const etag = (await fetch(api + path)).headers.get('etag')!
    const headers = { 'content-type': 'application/json', 'if-match': etag }
    const answer = await fetch(api + path, { method, headers, body: JSON.stringify(body) })
    assert.equal(answer.status, 200, await answer.text())
  }
  // Each of the two is right; the output of logs in the pipeline of metrics is not.
  const other = '/api/v1/configurations/metrics'
  await add(product, '/api/v1/configurations', { name: 'metrics' })
  await add(product, `${other}/outputs`, { id: 'out', type: 'console' })
  await add(product, `${other}/pipelines`, { id: 'counts', signal: 'metrics', outputs: ['out'] })
  await change('PUT', `${other}/outputs/out`, { type: 'loki', url: 'http://127.0.0.1:9' })
  await page.goto(`${ui}publish?configuration=metrics`)
  const problems = page.getByRole('list', { name: 'Problems of the draft' })
  await problems.getByText('takes logs').waitFor()
  await problems.getByRole('link', { name: 'Pipeline counts, outputs/0' }).waitFor()
  const button = page.getByRole('button', { name: /^Publish, no gateway/ })
  await button.waitFor()
  assert.ok(await button.isDisabled())
  await assertAccessibleInBoth(page, 'problems of the draft')

  await publishAsItWas(product)
  await sendLines(product, 'ERROR')
  await untilSampled(product)
  await add(product, RULES, { id: 'drop_error', type: 'filter', params: { value: 'ERROR' } })
  await change('PATCH', DEFAULT, { policy: { require_message: true, refuse_lost_errors: true } })
  await page.goto(`${ui}publish`)
  const refusals = page.getByRole('list', { name: 'What stands in the way' })
  await refusals.getByText('This configuration asks for a message').waitFor()
  await refusals.getByText('the policy needs an impact receipt', { exact: false }).waitFor()
  await page.getByRole('button', { name: 'Make a receipt' }).click()
  await page.getByRole('heading', { name: 'Lost errors' }).waitFor()
  await page.getByLabel('Message', { exact: true }).fill('No errors, no worries')
  await refusals.getByText('would end that go on today', { exact: false }).waitFor()
  assert.equal(await refusals.getByRole('listitem').count(), 1)
  assert.ok(await page.getByRole('button', { name: 'Publish to 1 gateway' }).isDisabled())
  await assertAccessibleInBoth(page, 'what the policy refuses')

  // Without the policy somebody has to say that they have seen it.
  await change('PATCH', DEFAULT, { policy: {} })
  await page.reload()
  await page.getByText('Say above that you have seen it.').waitFor()
  await page.getByLabel('records of severity error or above').check()
  await page.getByRole('button', { name: 'Publish to 1 gateway' }).click()
  await page.getByText('What became of version 2').waitFor()
  const { body } = await program.api('GET', `${DEFAULT}/versions/2`)
  assert.equal(body['has_receipt'], true)
})

test('who may not publish sees why; a small screen shows everything', async (t) => {
  const session = await openBrowser(t, { viewport: { width: 390, height: 844 } })
  if (session === undefined) return
  const { page, expect } = session
  expect(/^console: .*40[13] \(/)
  const product = await startGuarded(t)
  await comeAsOwner(page, product)
  const post = await posting(page, product.api)
  await post(RULES.replace('/api/v1', ''), DROP_DEBUG)
  await comeAs(page, product, 'editor')

  await page.goto(`${product.ui}publish`)
  await page.getByText('Publishing needs the permission publish').waitFor()
  assert.ok(await page.getByRole('button', { name: 'Publish to 1 gateway' }).isDisabled())
  await page.getByRole('button', { name: 'Make a receipt' }).click()
  await page.getByText('Not covered').waitFor()
  await assertAccessibleInBoth(page, 'publish for an editor')
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  assert.ok(overflow <= 0, `the page is ${overflow} pixels too wide`)
})

test('what a gateway says when it does not take a version is told as it is', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const product = await startProduct(t)
  await publishAsItWas(product)
  // The document is right as a part of a gateway's file that has the outputs; this gateway's has none for it.
  await add(product, `${DEFAULT}/sources`, { id: 'second', type: 'tcp', listen: '127.0.0.1:0' })
  await add(product, `${DEFAULT}/pipelines`, { id: 'other', sources: ['second'] })
  await page.goto(`${product.ui}publish`)
  await page.getByText('Source second added').waitFor()
  await page.getByRole('button', { name: 'Publish to 1 gateway' }).click()
  await page.getByRole('status').getByText('0 of 1 gateway has applied it, 1 failed.').waitFor()
  await page.getByText('SG_CONFIG_INVALID').first().waitFor()
  await assertAccessibleInBoth(page, 'a failure')
  await page.getByRole('button', { name: 'Retry' }).click()
  await page.getByText('SG_CONFIG_INVALID').first().waitFor()
  await page.getByRole('button', { name: 'Roll back to version 1' }).click()
  await page.getByRole('button', { name: 'Roll back on 1 gateway' }).click()
  await page.getByText('What became of version 3').waitFor()
  await page.getByRole('status').getByText('1 of 1 gateway has applied it').waitFor()
})
