/** Pipelines as list, graph, lists and YAML over one draft: by keys, under traffic, with what goes wrong in its place. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Page } from 'playwright-core'
import { assertAccessible, openBrowser, startProduct, TCP_TO_CONSOLE } from '#test/support/browser.ts'
import { startForViewer } from '#test/support/guarded.ts'
import type { Program } from '#test/support/program.ts'

const DRAFT = '/api/v1/configurations/default/draft'
const TRAFFIC_MS = 100

interface Draft {
  pipelines: { id: string; processors: { id: string; params: Record<string, unknown> }[]; [key: string]: unknown }[]
}

test('a rule is added to the graph by keys, and stands in the lists and in the YAML', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { ui, program } = await startProduct(t)
  await program.api('POST', '/rules', { id: 'drop_debug', type: 'filter', params: { value: 'DEBUG' } })
  await program.publish()
  sendTraffic(t, program)

  await page.goto(`${ui}pipelines`)
  const row = page.getByRole('table', { name: 'Pipelines' }).getByRole('row').filter({ hasText: 'default_pipeline' })
  await row.getByText('Normal').waitFor()
  await row.getByText(/tcp, udp, http/).waitFor()
  await row.getByText(/^[\d.]+ %$/).waitFor()
  await assertAccessible(page, 'the list')
  await row.focus()
  await page.keyboard.press('Enter')

  const rule = (name: string) => page.locator(`.react-flow__node[data-id="rule:${name}"]`)
  await rule('drop_debug')
    .getByText(/^−[\d.]+ %$/)
    .waitFor()
  await page
    .locator('.react-flow')
    .getByText(/^[\d.,]+( [kM])?\/s$/)
    .first()
    .waitFor()
  await assertAccessible(page, 'the graph')
  await rule('drop_debug').focus()
  await page.keyboard.press('n')
  await page.getByRole('combobox', { name: 'Type of rule' }).waitFor()
  await page.keyboard.type('sample')
  await page.keyboard.press('Enter')
  await page.getByRole('textbox', { name: 'ID' }).fill('keep_half')
  await page.getByLabel('Keep ratio').fill('0.5')
  await page.keyboard.press('Enter')
  await rule('keep_half').getByText('not running yet').waitFor()
  await page.getByText('1 change not published').waitFor()

  await rule('keep_half').focus()
  await page.keyboard.press('Alt+ArrowUp')
  await page.getByText('keep_half is rule 1 of 2 now').first().waitFor()
  await page.getByRole('tab', { name: 'List' }).click()
  const rules = page.getByRole('list', { name: 'Rules' }).getByRole('listitem')
  await rules.nth(0).getByRole('button', { name: 'keep_half', exact: true }).waitFor()
  assert.match((await rules.nth(1).textContent())!, /drop_debug/)
  await assertAccessible(page, 'the lists')
  await page.getByRole('button', { name: 'Delete drop_debug' }).click()
  await page.getByText('Rule drop_debug deleted').first().waitFor()
  await page.getByRole('button', { name: 'Undo' }).last().click()
  await rules.nth(1).getByText('drop_debug').first().waitFor()

  await page.getByRole('tab', { name: 'YAML' }).click()
  assert.match(await textIn(page), /- id: keep_half[\s\S]*keep_ratio: 0\.5[\s\S]*- id: drop_debug/)
  await page.emulateMedia({ colorScheme: 'dark' })
  await assertAccessible(page, 'the YAML, dark')
  await page.getByRole('tab', { name: 'Graph' }).click()
  await rule('keep_half').waitFor()
  await assertAccessible(page, 'the graph, dark')

  await page.getByRole('button', { name: 'Reset to live' }).click()
  await page.getByRole('button', { name: 'Reset the draft' }).click()
  await rule('keep_half').waitFor({ state: 'detached' })
  await page.getByText('The draft is what is live').waitFor()
  await page.getByRole('button', { name: 'Undo' }).last().click()
  await rule('keep_half').waitFor()
})

test('YAML that is wrong says where, is kept over a reload, and what no form shows survives', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { ui, program } = await startProduct(t)
  await setPipeline(program, { keep_dropped: { max_age_ms: 60_000 }, processors: [] })

  await page.goto(`${ui}pipelines/default_pipeline?view=yaml`)
  assert.match(await textIn(page), /max_age_ms: 60000/)
  const inEditor = () => page.evaluate(() => document.activeElement?.classList.contains('cm-content'))
  await page.locator('.cm-content').focus()
  await page.keyboard.press('Tab')
  assert.equal(await inEditor(), false, 'Tab moves on')
  const indents = page.getByRole('checkbox', { name: /^Tab indents/ })
  await indents.check()
  await page.locator('.cm-content').focus()
  await page.keyboard.press('Tab')
  assert.equal(await inEditor(), true, 'Tab indents')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Tab')
  assert.equal(await inEditor(), false, 'Escape and Tab move on')
  await indents.uncheck()
  const wrong = [
    'id: default_pipeline # ours',
    'processors:',
    '  - id: hide',
    '    type: redact',
    '    params: { builtin: nothing_like_it }',
    'keep_dropped:',
    '  max_age_ms: 60000',
    '',
  ].join('\n')
  await typeText(page, wrong)
  const problems = page.getByRole('list', { name: 'Problems' })
  await problems.getByText('Line 5').first().waitFor()
  await assertAccessible(page, 'a problem')
  await typeText(page, 'id: [')
  await problems
    .getByText(/^Line \d$/)
    .first()
    .waitFor()
  assert.equal(await page.getByRole('button', { name: 'Apply to the draft' }).isDisabled(), true)
  await page.reload()
  await page.getByText('Not applied yet').waitFor()
  assert.equal((await textIn(page)).trim(), 'id: [')

  await typeText(page, wrong.replace('nothing_like_it', 'email'))
  await page.getByText('No problems found').waitFor()
  await page.keyboard.press('Control+s')
  await page.getByText('The draft is what the text says').first().waitFor()
  assert.deepEqual((await draftOf(program)).pipelines[0]!['keep_dropped'], { max_age_ms: 60_000 })

  await page.getByRole('tab', { name: 'List' }).click()
  await page.getByRole('button', { name: 'hide', exact: true }).click()
  await page.getByLabel('Replacement').first().fill('***')
  await page.getByRole('button', { name: 'Save the rule' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.getByRole('tab', { name: 'YAML' }).click()
  await page.getByText('# ours').waitFor()
  assert.match(await textIn(page), /replacement: "?\*\*\*"?[\s\S]*max_age_ms: 60000/)
  const [pipeline] = (await draftOf(program)).pipelines
  assert.deepEqual(pipeline!['keep_dropped'], { max_age_ms: 60_000 })
})

test('what somebody else has changed is shown beside the text, and written over only when asked', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { ui, program } = await startProduct(t)
  session.expect(/^console: .*412 \(/)
  await page.goto(`${ui}pipelines/default_pipeline?view=yaml`)
  await textIn(page)
  await typeText(
    page,
    'id: default_pipeline\nprocessors:\n  - id: mine\n    type: sample\n    params: { keep_ratio: 0.1 }\n',
  )
  await page.getByText('No problems found').waitFor()
  await program.api('POST', '/rules', { id: 'theirs', type: 'filter', params: { value: 'DEBUG' } })
  await page.getByRole('button', { name: 'Apply to the draft' }).click()
  const dialog = page.getByRole('dialog', { name: 'Somebody else has changed the draft' })
  await dialog.getByText('theirs').first().waitFor()
  await dialog.getByText('mine').first().waitFor()
  await assertAccessible(page, 'both versions')
  assert.equal((await draftOf(program)).pipelines[0]!.processors[0]!.id, 'theirs')
  await dialog.getByRole('button', { name: 'Save mine over theirs' }).click()
  await dialog.waitFor({ state: 'detached' })
  assert.equal((await draftOf(program)).pipelines[0]!.processors[0]!.id, 'mine')
})

test('pipelines and configurations are added, taken over from a file, and deleted', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  session.expect(/^console: .*412 \(/)
  const local = {
    id: 'local',
    sources: ['tcp'],
    processors: [{ id: 'own_rule', type: 'filter', params: { value: 'x' } }],
    outputs: ['console'],
  }
  const { pipelines } = TCP_TO_CONSOLE
  const { ui, program } = await startProduct(t, { config: { ...TCP_TO_CONSOLE, pipelines: [...pipelines, local] } })
  await page.goto(`${ui}pipelines`)
  const row = (name: string) => page.getByRole('row').filter({ hasText: name })
  await row('local').getByText('from the gateway’s file').waitFor()
  await row('local').click()
  await page.getByRole('button', { name: 'Take it into the draft' }).click()
  await page.getByText('local is in the draft now').first().waitFor()
  const taken = (await draftOf(program)).pipelines.find(({ id }) => id === 'local')!
  assert.equal(taken.processors[0]!.id, 'own_rule', 'its rules come along')

  await page.getByRole('link', { name: 'All pipelines' }).click()
  await page.getByRole('button', { name: 'Add a pipeline' }).click()
  await page.getByLabel('Name').fill('web')
  await page.getByRole('dialog').getByRole('checkbox', { name: 'tcp' }).check()
  await page.getByRole('button', { name: 'Add the pipeline' }).click()
  await page.getByRole('heading', { name: 'web', level: 1 }).waitFor()
  await page.getByRole('button', { name: 'Attach an output' }).first().click()
  await page.getByRole('button', { name: 'Create an output' }).click()
  await page.getByRole('combobox', { name: 'Type of output' }).fill('blackhole')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Add the output' }).click()
  const output = page.locator('.react-flow__node[data-id="output:blackhole"]')
  await output.click()
  await page.getByRole('dialog', { name: 'Edit blackhole' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Detach blackhole' }).click()
  await output.waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Attach an output' }).first().click()
  await page.getByRole('button', { name: 'Delete blackhole from the draft' }).click()
  await page.getByRole('button', { name: 'Delete the output' }).click()
  await page.getByText('Deleted blackhole from the draft.').first().waitFor()
  await page.getByRole('dialog', { name: 'Delete blackhole' }).waitFor({ state: 'detached' })
  await page.getByRole('dialog', { name: 'Attach an output' }).getByRole('button', { name: 'Close' }).click()

  await page.getByRole('link', { name: 'All pipelines' }).click()
  await page.getByRole('button', { name: 'What to do with web' }).click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await page.getByRole('button', { name: 'Delete the pipeline' }).click()
  await row('web').waitFor({ state: 'detached' })

  await page.getByRole('button', { name: 'Configuration', exact: true }).click()
  await page.getByRole('menuitem', { name: 'Import a document' }).click()
  const buffer = Buffer.from('version: 2\npipelines:\n  - id: imported\n    sources: [tcp]\n    outputs: [console]\n')
  await page.getByLabel('File').setInputFiles({ name: 'import.yaml', mimeType: 'application/yaml', buffer })
  await page.getByText('pipelines/imported').waitFor()
  await assertAccessible(page, 'what an import would change')
  await page.getByRole('button', { name: 'Replace the draft' }).click()
  await row('imported').getByText('new').waitFor()

  await page.getByRole('button', { name: 'Configuration', exact: true }).click()
  await page.getByRole('menuitem', { name: 'Add a configuration' }).click()
  await page.getByLabel('Name').fill('collectors')
  await page.getByLabel('For').selectOption('otel_collector')
  await page.getByRole('button', { name: 'Add the configuration' }).click()
  await page.getByText('No files yet').waitFor()
  await page.getByRole('button', { name: 'Add a file' }).click()
  await typeText(page, 'receivers: [')
  await page.getByText('Line 1').first().waitFor()
  await typeText(page, 'receivers:\n  otlp:\n')
  await page.keyboard.press('Control+s')
  await page.getByText('The draft is kept').first().waitFor()
  const { body } = await program.api('GET', '/api/v1/configurations/collectors/draft')
  assert.match(JSON.stringify(body), /collector\.yaml.*receivers:\\n {2}otlp/)
  await assertAccessible(page, 'collector files')

  await typeText(page, 'receivers:\n  otlp: # mine\n')
  const files = { 'collector.yaml': { body: 'exporters: # theirs\n' } }
  await putDraft(program, 'collectors', { files })
  await page.keyboard.press('Control+s')
  const conflict = page.getByRole('dialog', { name: 'Somebody else has changed the draft' })
  await conflict.getByText('# theirs').waitFor()
  await conflict.getByText('# mine').waitFor()
  await conflict.getByRole('button', { name: 'Save mine over theirs' }).click()
  await conflict.waitFor({ state: 'detached' })
  const now = await program.api('GET', '/api/v1/configurations/collectors/draft')
  assert.match(JSON.stringify(now.body), /# mine/)

  await program.api('POST', '/api/v1/configurations', { name: 'empty' })
  await page.goto(`${ui}pipelines?configuration=empty`)
  await page.getByText('No pipelines yet').waitFor()
  await assertAccessible(page, 'nothing there')
  await page.goto(`${ui}pipelines/nowhere?configuration=empty`)
  await page.getByText('There is no pipeline nowhere').waitFor()
})

test('a viewer sees all of it and can change nothing', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  session.expect(/^console: .*40[13] \(/)
  const product = await startForViewer(t, page)
  await page.goto(`${product.ui}pipelines`)
  await page.getByRole('row').filter({ hasText: 'default_pipeline' }).waitFor()
  assert.equal(await page.getByRole('button', { name: 'Add a pipeline' }).count(), 0)
  await page.goto(`${product.ui}pipelines/default_pipeline?view=graph`)
  await page.locator('.react-flow__node').first().waitFor()
  assert.equal(await page.getByRole('button', { name: /^Add a rule/ }).count(), 0)
  await page.goto(`${product.ui}pipelines/default_pipeline?view=list`)
  await page.getByText('No rules: records go to the outputs as they came.').waitFor()
  assert.equal(await page.getByRole('button', { name: /Attach|Detach|Add/ }).count(), 0)
  await page.goto(`${product.ui}pipelines/default_pipeline?view=yaml`)
  await page.getByText('To read: it cannot be changed here.').waitFor()
  const editor = page.getByRole('textbox', { name: 'The pipeline default_pipeline as YAML' })
  assert.equal(await editor.getAttribute('aria-readonly'), 'true')
  await assertAccessible(page, 'the YAML of a viewer')
})

async function textIn(page: Page): Promise<string> {
  const editor = page.locator('.cm-content')
  await editor.waitFor()
  return (await editor.locator('.cm-line').allTextContents()).join('\n')
}

async function typeText(page: Page, text: string): Promise<void> {
  await page.locator('.cm-content').focus()
  await page.keyboard.press('Control+a')
  await page.keyboard.insertText(text)
}

/** Lines, of which a third are dropped, until the test ends. */
function sendTraffic(t: TestContext, program: Program): void {
  const lines = 'INFO served\nINFO served again\nDEBUG what nobody reads\n'.repeat(20)
  const timer = setInterval(() => void program.sendTcp(lines).catch(() => undefined), TRAFFIC_MS)
  t.after(() => clearInterval(timer))
}

async function draftOf(program: Program): Promise<Draft> {
  return (await program.api('GET', DRAFT)).body as unknown as Draft
}

async function putDraft(program: Program, configuration: string, draft: object): Promise<void> {
  await put(`${program.address('API')}/api/v1/configurations/${configuration}/draft`, draft)
}

async function setPipeline(program: Program, values: object): Promise<void> {
  const url = `${program.address('API')}/api/v1/configurations/default/pipelines/default_pipeline`
  await put(url, values)
}

async function put(url: string, values: object): Promise<void> {
  const etag = (await fetch(url)).headers.get('etag')!
  const headers = { 'content-type': 'application/json', 'if-match': etag }
  const { status } = await fetch(url, { method: 'PUT', headers, body: JSON.stringify(values) })
  assert.equal(status, 200)
}
