/** The rules of a pipeline, by clicking and by keyboard: added, edited, moved, deleted, and what happens when two do it. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Page } from 'playwright-core'
import { assertAccessible, openBrowser, type Product, startProduct, TCP_TO_CONSOLE } from '#test/support/browser.ts'
import { Operator } from '#test/support/operator.ts'

interface Rule {
  id: string
  type: string
  params: Record<string, unknown>
  when?: unknown
}

async function rulesOf({ api }: Product): Promise<Rule[]> {
  return await new Operator(api).must<Rule[]>('GET', '/rules')
}

async function idsOf(product: Product): Promise<string[]> {
  return (await rulesOf(product)).map(({ id }) => id)
}

async function open(t: TestContext, rules: readonly Rule[] = [], config?: object) {
  const session = await openBrowser(t)
  if (session === undefined) return undefined
  const product = await startProduct(t, config && { config })
  const operator = new Operator(product.api, { 'if-match': '*' })
  for (const rule of rules) await operator.must('POST', '/rules', rule)
  await session.page.goto(`${product.ui}rules`)
  await session.page.getByRole('heading', { name: 'Rules', level: 1 }).waitFor()
  return { ...session, product, operator }
}

const row = (page: Page, id: string) => page.locator(`[data-rule="${id}"]`)
const THREE: Rule[] = ['one', 'two', 'three'].map((id) => ({ id, type: 'filter', params: { value: id } }))

test('a rule is added from nothing, tried on a line, and edited', async (t) => {
  const opened = await open(t)
  if (opened === undefined) return
  const { page, product } = opened
  await page.getByText('has no rules in the draft').waitFor()
  await assertAccessible(page)

  await page.getByRole('button', { name: 'Add a rule' }).click()
  await page.getByRole('combobox', { name: 'Type of rule' }).fill('contain')
  await assertAccessible(page)
  await page.keyboard.press('Enter')
  await page.getByLabel('Value', { exact: true }).fill('DEBUG')
  assert.equal(await page.getByLabel('ID').getAttribute('placeholder'), 'drop_debug')
  await page.getByLabel('Try it on lines').fill('a DEBUG line\nan INFO line')
  await page.getByText('1 of 2 end here.').waitFor()
  await page.getByRole('button', { name: 'Add a condition' }).click()
  await page.getByLabel('Condition: field').fill('service')
  await page.getByLabel('Condition: value').fill('web')
  await assertAccessible(page)
  await page.getByRole('button', { name: 'Add the rule' }).click()

  await row(page, 'drop_debug').getByText('Drops records that contain “DEBUG”').waitFor()
  await row(page, 'drop_debug').getByText('only where service is “web”').waitFor()
  await row(page, 'drop_debug').getByText('New').waitFor()
  assert.deepEqual(await rulesOf(product), [
    { id: 'drop_debug', type: 'filter', params: { value: 'DEBUG' }, when: { field: 'service', equals: 'web' } },
  ])

  await row(page, 'drop_debug').getByRole('button', { name: 'drop_debug', exact: true }).focus()
  await page.keyboard.press('e')
  await page.getByLabel('Value', { exact: true }).fill('TRACE')
  await page.getByRole('button', { name: 'Condition: remove' }).click()
  await page.getByRole('button', { name: 'Save the rule' }).click()
  await row(page, 'drop_debug').getByText('Drops records that contain “TRACE”').waitFor()
  assert.deepEqual(await rulesOf(product), [{ id: 'drop_debug', type: 'filter', params: { value: 'TRACE' } }])
})

test('what is typed is there again after closing and reloading, until it is discarded', async (t) => {
  const opened = await open(t, THREE)
  if (opened === undefined) return
  const { page } = opened
  await page.getByRole('button', { name: 'two', exact: true }).click()
  await page.getByLabel('Value', { exact: true }).fill('half a word')
  await page.keyboard.press('Escape')
  await page.reload()
  await page.getByRole('button', { name: 'two', exact: true }).click()
  await page.getByText('This is what you typed before').waitFor()
  assert.equal(await page.getByLabel('Value', { exact: true }).inputValue(), 'half a word')
  await page.getByRole('button', { name: 'Discard changes' }).click()
  assert.equal(await page.getByLabel('Value', { exact: true }).inputValue(), 'two')
})

test('rules are moved and deleted by keyboard, and come back where they were', async (t) => {
  const opened = await open(t, THREE)
  if (opened === undefined) return
  const { page, product } = opened
  await page.getByRole('button', { name: 'one', exact: true }).focus()
  await page.keyboard.press('Alt+ArrowDown')
  // Keys go to the row that has the focus, which comes back to the one that was moved.
  const focused = (id: string) => page.getByRole('button', { name: id, exact: true }).and(page.locator(':focus'))
  await page.getByText('one is now rule 2 of 3.').waitFor({ state: 'attached' })
  await focused('one').waitFor()
  await page.keyboard.press('Alt+ArrowDown')
  await page.getByText('one is now rule 3 of 3.').waitFor({ state: 'attached' })
  await product.program.until(async () => (await idsOf(product)).join() === 'two,three,one', 'the new order')

  await focused('one').waitFor()
  await page.keyboard.press('k')
  await focused('three').waitFor()
  await page.keyboard.press('Delete')
  await row(page, 'three').waitFor({ state: 'detached' })
  assert.deepEqual(await idsOf(product), ['two', 'one'])
  await page.getByRole('button', { name: 'Undo' }).click()
  await row(page, 'three').waitFor()
  assert.deepEqual(await idsOf(product), ['two', 'three', 'one'])

  await page.getByRole('button', { name: 'Move one up' }).click()
  await product.program.until(async () => (await idsOf(product)).join() === 'two,one,three', 'the order by the button')
})

test('a pattern that is not one is told at its field, and nothing is written', async (t) => {
  const opened = await open(t, THREE)
  if (opened === undefined) return
  const { page, product, expect } = opened
  expect(/^console: .*422/)
  await page.getByRole('button', { name: 'one', exact: true }).click()
  const pattern = page.getByLabel('Pattern', { exact: true })
  await pattern.fill('(unclosed')
  await page.getByRole('button', { name: 'Save the rule' }).click()
  await page.getByRole('alert').waitFor()
  assert.equal(await pattern.getAttribute('aria-invalid'), 'true')
  await assertAccessible(page)
  assert.deepEqual(await rulesOf(product), THREE)
})

test('who saves on what somebody else has changed sees both, and decides', async (t) => {
  const opened = await open(t, THREE)
  if (opened === undefined) return
  const { page, product, expect, operator } = opened
  expect(/^console: .*412/)
  await page.getByRole('button', { name: 'one', exact: true }).click()
  await page.getByLabel('Value', { exact: true }).fill('mine')
  await operator.must('PUT', '/rules/one', { type: 'filter', params: { value: 'theirs' } })
  await page.getByRole('button', { name: 'Save the rule' }).click()
  await page.getByRole('heading', { name: 'Somebody else has changed one' }).waitFor()
  await assertAccessible(page)
  assert.deepEqual((await rulesOf(product))[0]?.params, { value: 'theirs' })
  await page.getByRole('button', { name: 'Go on editing mine' }).click()
  assert.equal(await page.getByLabel('Value', { exact: true }).inputValue(), 'mine')
  await page.getByRole('button', { name: 'Save the rule' }).click()
  await page.getByRole('button', { name: 'Save mine over theirs' }).click()
  await row(page, 'one').getByText('Drops records that contain “mine”').waitFor()
  assert.deepEqual((await rulesOf(product))[0]?.params, { value: 'mine' })
})

test('a deleted rule that is live is shown until the draft is published', async (t) => {
  const opened = await open(t, THREE)
  if (opened === undefined) return
  const { page, operator } = opened
  await operator.must('POST', '/publish', {})
  await operator.must('DELETE', '/rules/two')
  await page.reload()
  await page.getByText('They run until the draft is published.').waitFor()
  await page.getByRole('button', { name: 'Put two back' }).click()
  await row(page, 'two').waitFor()
})

test('traffic shows what rules remove, and suggests more', async (t) => {
  const opened = await open(t, [{ id: 'drop_debug', type: 'filter', params: { value: 'DEBUG' } }])
  if (opened === undefined) return
  const { page, product, operator } = opened
  await operator.must('POST', '/publish', {})
  const line = (i: number) => (i % 2 === 0 ? `DEBUG tick ${i}` : `INFO mail to user${i}@example.com was sent`)
  await product.program.sendTcp(`${[...Array(400).keys()].map(line).join('\n')}\n`)
  const records = async () => {
    const { pipelines } = await operator.must<{ pipelines: { rules: { ended: { records: number } }[] }[] }>(
      'GET',
      '/stats',
    )
    return pipelines[0]?.rules[0]?.ended.records
  }
  await product.program.until(async () => (await records()) === 200, 'the rule to have dropped')
  await product.program.until(async () => {
    const { series } = await operator.must<{ series: { values: Record<string, number[]> }[] }>('GET', '/series?by=rule')
    return series[0]?.values['ended_records']?.at(-1) === 200
  }, 'the series to know of it')
  await page.reload()
  await row(page, 'drop_debug').getByText('200 records').waitFor()
  await page.getByRole('button', { name: /^Add to the draft: Redact/ }).click()
  await product.program.until(async () => (await idsOf(product)).length === 2, 'the suggestion in the draft')
  await page.getByRole('button', { name: 'Undo' }).click()
  await product.program.until(async () => (await idsOf(product)).length === 1, 'the suggestion out of the draft')
})

test("rules of a gateway's own file are shown, and can be taken over", async (t) => {
  const own = { id: 'own', type: 'filter', params: { value: 'chatter' } }
  const pipelines = TCP_TO_CONSOLE.pipelines.map((pipeline) => ({ ...pipeline, processors: [own] }))
  const opened = await open(t, [], { ...TCP_TO_CONSOLE, pipelines })
  if (opened === undefined) return
  const { page, product } = opened
  await page.getByText("Rules of the gateway's own file").waitFor()
  await page.getByText('Drops records that contain “chatter”').waitFor()
  await assertAccessible(page)
  await page.getByRole('button', { name: 'Copy them into the draft' }).click()
  await row(page, 'own').waitFor()
  assert.deepEqual(await idsOf(product), ['own'])
})

test('a viewer sees the rules and what permission is missing, and no buttons that edit', async (t) => {
  const opened = await open(t, THREE)
  if (opened === undefined) return
  const { page } = opened
  await page.route('**/api/v1/me', async (route) => {
    const response = await route.fetch()
    const me = (await response.json()) as Record<string, unknown>
    await route.fulfill({ response, json: { ...me, role: 'viewer', permissions: ['self', 'read'] } })
  })
  await page.reload()
  await page.getByText('To change rules you need the permission edit.').waitFor()
  await page.getByText('for that you lack the permission tap').waitFor()
  for (const name of [/Add a rule/, /^Move/, /Begin with/])
    assert.equal(await page.getByRole('button', { name }).count(), 0, String(name))
  await page.getByRole('button', { name: 'one', exact: true }).click()
  assert.ok(await page.getByLabel('Value', { exact: true }).isDisabled())
  assert.equal(await page.getByRole('button', { name: 'Save the rule' }).count(), 0)
  await assertAccessible(page)
})

test('the list is there for all, light and dark, wide and narrow', async (t) => {
  const opened = await open(t, [...THREE, { id: 'hide', type: 'redact', params: { builtin: 'ssn' } }])
  if (opened === undefined) return
  const { page } = opened
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1280, 390]) {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize({ width, height: 800 })
      await row(page, 'hide').waitFor()
      await assertAccessible(page, `${colorScheme}, ${width} wide`)
      const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
      assert.ok(Number(overflow) <= 0, `nothing stands out at ${width}`)
    }
  }
})
