/** The rules of a pipeline, by clicking and by keyboard: added, edited, moved, deleted, and what happens when two do it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Page } from 'playwright-core'
import { assertAccessible, openBrowser, type Product, startProduct } from '#test/support/browser.ts'
import { temporaryFolder } from '#test/support/program.ts'

interface Rule {
  id: string
  type: string
  params: Record<string, unknown>
  when?: unknown
}

async function ask<Body>(api: string, method: string, path: string, body?: unknown): Promise<Body> {
  const response = await fetch(`${api}/api/v1${path}`, {
    method,
    headers: { 'content-type': 'application/json', 'if-match': '*' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  assert.ok(response.ok, `${method} ${path}: ${response.status}`)
  return (response.status === 204 ? undefined : await response.json()) as Body
}

async function rulesOf({ api }: Product): Promise<Rule[]> {
  return await ask<Rule[]>(api, 'GET', '/rules')
}

async function idsOf(product: Product): Promise<string[]> {
  return (await rulesOf(product)).map(({ id }) => id)
}

async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 15_000
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, `waited for ${what}`)
    await new Promise((done) => setTimeout(done, 20))
  }
}

async function open(t: TestContext, rules: readonly Rule[] = [], flags: string[] = []) {
  const session = await openBrowser(t)
  if (session === undefined) return undefined
  const product = await startProduct(t, { flags })
  for (const rule of rules) await ask(product.api, 'POST', '/rules', rule)
  await session.page.goto(`${product.ui}rules`)
  await session.page.getByRole('heading', { name: 'Rules', level: 1 }).waitFor()
  return { ...session, product }
}

async function send({ program }: Product, lines: readonly string[]): Promise<void> {
  const { hostname, port } = new URL(program.address('tcp'))
  const socket = connect(Number(port), hostname)
  socket.end(`${lines.join('\n')}\n`)
  await once(socket, 'close')
}

const WITH_OWN_RULE = {
  version: 2,
  sources: [{ id: 'tcp', type: 'tcp', listen: '127.0.0.1:0' }],
  pipelines: [
    {
      id: 'default_pipeline',
      sources: ['tcp'],
      processors: [{ id: 'own', type: 'filter', params: { value: 'chatter' } }],
      outputs: ['console'],
    },
  ],
  outputs: [{ id: 'console', type: 'console' }],
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
  await page.getByText('one is now rule 2 of 3.').waitFor({ state: 'attached' })
  await page.keyboard.press('Alt+ArrowDown')
  await page.getByText('one is now rule 3 of 3.').waitFor({ state: 'attached' })
  await until(async () => (await idsOf(product)).join() === 'two,three,one', 'the new order')

  await page.keyboard.press('k')
  await page.keyboard.press('Delete')
  await row(page, 'three').waitFor({ state: 'detached' })
  assert.deepEqual(await idsOf(product), ['two', 'one'])
  await page.getByRole('button', { name: 'Undo' }).click()
  await row(page, 'three').waitFor()
  assert.deepEqual(await idsOf(product), ['two', 'three', 'one'])

  await page.getByRole('button', { name: 'Move one up' }).click()
  await until(async () => (await idsOf(product)).join() === 'two,one,three', 'the order by the button')
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
  const { page, product, expect } = opened
  expect(/^console: .*412/)
  await page.getByRole('button', { name: 'one', exact: true }).click()
  await page.getByLabel('Value', { exact: true }).fill('mine')
  await ask(product.api, 'PUT', '/rules/one', { type: 'filter', params: { value: 'theirs' } })
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
  const { page, product } = opened
  await ask(product.api, 'POST', '/publish', {})
  await ask(product.api, 'DELETE', '/rules/two')
  await page.reload()
  await page.getByText('They run until the draft is published.').waitFor()
  await page.getByRole('button', { name: 'Put two back' }).click()
  await row(page, 'two').waitFor()
})

test('traffic shows what rules remove, and suggests more', async (t) => {
  const opened = await open(t, [{ id: 'drop_debug', type: 'filter', params: { value: 'DEBUG' } }])
  if (opened === undefined) return
  const { page, product } = opened
  await ask(product.api, 'POST', '/publish', {})
  const line = (i: number) => (i % 2 === 0 ? `DEBUG tick ${i}` : `INFO mail to user${i}@example.com was sent`)
  await send(product, [...Array(400).keys()].map(line))
  const records = async () => {
    const { pipelines } = await ask<{ pipelines: { rules: { ended: { records: number } }[] }[] }>(
      product.api,
      'GET',
      '/stats',
    )
    return pipelines[0]?.rules[0]?.ended.records
  }
  await until(async () => (await records()) === 200, 'the rule to have dropped')
  await until(async () => {
    const { series } = await ask<{ series: { values: Record<string, number[]> }[] }>(
      product.api,
      'GET',
      '/series?by=rule',
    )
    return series[0]?.values['ended_records']?.at(-1) === 200
  }, 'the series to know of it')
  await page.reload()
  await row(page, 'drop_debug').getByText('200 records').waitFor()
  await page.getByRole('button', { name: /^Add to the draft: Redact/ }).click()
  await until(async () => (await idsOf(product)).length === 2, 'the suggestion in the draft')
  await page.getByRole('button', { name: 'Undo' }).click()
  await until(async () => (await idsOf(product)).length === 1, 'the suggestion out of the draft')
})

test("rules of a gateway's own file are shown, and can be taken over", async (t) => {
  const folder = temporaryFolder()
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'streamgate.json')
  writeFileSync(file, JSON.stringify(WITH_OWN_RULE))
  const opened = await open(t, [], ['--config', file])
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
