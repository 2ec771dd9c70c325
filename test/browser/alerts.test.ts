/**
 * Alerts by clicking: a starter rule with its preview, a rule that fires for real, who looks after it, silence, and a webhook with a
 * real receiver. A rule for which a minute without data counts as an alert fires soonest: with its first evaluation, be it by a
 * quiet minute or by one before the gateway was there.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { assertAccessibleInBoth, openBrowser, startProduct, TCP_TO_CONSOLE } from '#test/support/browser.ts'
import { startForViewer } from '#test/support/guarded.ts'

/** Rules are evaluated every ten seconds, and the page asks every five. */
const EVALUATED_MS = 45_000
const TELLING = { ...TCP_TO_CONSOLE, control: { webhooks: { allow_private: true } } }

interface Receiver {
  url: string
  types: string[]
  /** How it answers from now on. */
  status: number
}

async function startReceiver(t: TestContext): Promise<Receiver> {
  const receiver: Receiver = { url: '', types: [], status: 204 }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      receiver.types.push((JSON.parse(Buffer.concat(chunks).toString()) as { type: string }).type)
      response.writeHead(receiver.status).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  return receiver
}

test('a rule is made by clicking, fires, is acknowledged and silenced, and a webhook hears of it', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const receiver = await startReceiver(t)
  const { ui } = await startProduct(t, { config: TELLING })

  await page.goto(`${ui}alerts`)
  await page.getByText('Nothing is watched yet').waitFor()
  await page.getByRole('tab', { name: /^Webhooks/ }).click()
  await page.getByText('Nobody is told yet').waitFor()
  await page.getByRole('button', { name: 'Add a webhook' }).first().click()
  const webhook = page.getByRole('dialog', { name: 'Add a webhook' })
  await webhook.getByLabel('Name').fill('Operations')
  await webhook.getByLabel('URL').fill(receiver.url)
  await assertAccessibleInBoth(page, 'a new webhook')
  await webhook.getByRole('button', { name: 'Add the webhook' }).click()
  const secret = page.getByRole('dialog', { name: 'The secret of “Operations”' })
  assert.match(await secret.getByRole('region', { name: 'Secret of the webhook' }).innerText(), /^whsec_/)
  await secret.getByRole('button', { name: 'I have kept it' }).click()

  await page.getByRole('tab', { name: /^Rules/ }).click()
  await page.getByText('No alert rule yet').waitFor()
  await assertAccessibleInBoth(page, 'no rule yet')
  await page.getByRole('button', { name: 'Use it: Much more comes in than usual' }).click()
  const rule = page.getByRole('dialog', { name: 'Add an alert rule' })
  await rule.getByText('Fires on bytes in above 50 MiB/min for 5 minutes.').waitFor()
  const preview = rule.getByRole('region', { name: 'Preview' })
  await preview.getByText(/Would not have fired|Nothing is stored yet/).waitFor()
  await rule.getByLabel('Name').fill('Hardly anything comes in')
  await rule.getByLabel('Holds when it is').selectOption('below')
  await rule.getByLabel('Pipeline').fill('default_pipeline')
  await rule.getByLabel('Fires after (minutes)').fill('1')
  await rule.getByLabel('A minute without data counts as').selectOption('alert')
  await rule.getByText('Fires on bytes in below 50 MiB/min for 1 minute on pipeline default_pipeline.').waitFor()
  await assertAccessibleInBoth(page, 'a new rule')
  await rule.getByRole('button', { name: 'Add the rule' }).click()
  const rows = page.getByRole('table', { name: 'Alert rules' })
  await rows.getByRole('row', { name: /Hardly anything comes in.*Firing/ }).waitFor({ timeout: EVALUATED_MS })
  await assertAccessibleInBoth(page, 'rules')

  await page.getByRole('tab', { name: /^Events 1 firing/ }).click()
  await page.getByRole('button', { name: 'Acknowledge Hardly anything comes in' }).click()
  await page.getByLabel('Note').fill('it is night')
  await assertAccessibleInBoth(page, 'acknowledging')
  await page.getByRole('dialog').getByRole('button', { name: 'Acknowledge' }).click()
  await page.getByText(/^Acknowledged by/).waitFor()
  await page.getByText(': it is night').waitFor()
  await page.getByRole('button', { name: 'Silence Hardly anything comes in' }).click()
  await page.getByLabel('Reason').fill('maintenance')
  await page.getByRole('dialog').getByRole('button', { name: 'Silence', exact: true }).click()
  await page.getByRole('button', { name: 'Silence Hardly anything comes in' }).waitFor({ state: 'detached' })
  await assertAccessibleInBoth(page, 'events')
  await page.getByRole('button', { name: 'Hardly anything comes in', exact: true }).click()
  await page.getByRole('dialog').getByText('bytes in below 50 MiB/min').waitFor()
  assert.match(page.url(), /open=/, 'an event has an address')
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()

  await page.getByRole('tab', { name: /^Rules/ }).click()
  await rows.getByText(/Silenced, ends in/).waitFor()
  await page.getByRole('button', { name: 'What to do with Hardly anything comes in' }).click()
  await page.getByRole('menuitem', { name: 'End the silence' }).click()
  await rows.getByText(/Silenced, ends in/).waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'What to do with Hardly anything comes in' }).click()
  await page.getByRole('menuitem', { name: /^Disable/ }).click()
  await rows.getByText('Disabled').waitFor()
  await page.getByRole('button', { name: 'What to do with Hardly anything comes in' }).click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await page.getByRole('button', { name: 'Delete the rule' }).click()
  await page.getByText('No alert rule yet').waitFor()
  await page.getByRole('tab', { name: /^Events/ }).click()
  const resolved = page.getByRole('table', { name: 'Resolved events' })
  await resolved.getByRole('row', { name: /Hardly anything comes in/ }).click()
  await page
    .getByRole('dialog')
    .getByText(/the rule was disabled/)
    .waitFor()
  assert.ok(receiver.types.includes('alert.firing'), 'the receiver was told')
})

test('a webhook is tested, what failed is looked at and sent again, its secret is changed, and it is deleted', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const receiver = await startReceiver(t)
  const { ui, program } = await startProduct(t, { config: TELLING })
  const hook = { id: 'ops', name: 'Operations', url: receiver.url, events: ['alert.*'] }
  assert.equal((await program.api('POST', '/api/v1/webhooks', hook)).status, 201)

  await page.goto(`${ui}alerts?tab=webhooks`)
  const todo = page.getByRole('button', { name: 'What to do with Operations' })
  await todo.click()
  await page.getByRole('menuitem', { name: 'Send a test' }).click()
  const deliveries = page.getByRole('table', { name: 'Deliveries' })
  await deliveries.getByRole('row', { name: /Delivered Test Operations/ }).click({ timeout: EVALUATED_MS })
  const delivery = page.getByRole('dialog', { name: 'Test, to Operations' })
  await delivery.getByText('answered 204').waitFor()
  assert.match(await delivery.getByRole('region', { name: 'What is sent' }).innerText(), /"type": "webhook.test"/)
  await assertAccessibleInBoth(page, 'a delivery')
  await delivery.getByRole('button', { name: 'Send it again' }).click()
  await delivery.getByText('2 attempts').waitFor({ timeout: EVALUATED_MS })
  await delivery.getByRole('button', { name: 'Close' }).click()
  await delivery.waitFor({ state: 'detached' })
  assert.deepEqual(receiver.types, ['webhook.test', 'webhook.test'])

  receiver.status = 410
  await todo.click()
  await page.getByRole('menuitem', { name: 'Send a test' }).click()
  const webhooks = page.getByRole('table', { name: 'Webhooks' })
  await webhooks.getByText('Disabled').waitFor({ timeout: EVALUATED_MS })
  await webhooks.getByText(/410/).waitFor()
  await assertAccessibleInBoth(page, 'webhooks')

  await todo.click()
  await page.getByRole('menuitem', { name: 'Edit' }).click()
  const drawer = page.getByRole('dialog', { name: 'Operations' })
  await drawer.getByLabel('Give it a new secret').check()
  await drawer.getByLabel('Enabled').check()
  assert.ok(!(await page.evaluate(() => JSON.stringify({ ...sessionStorage }))).includes('whsec_'))
  await drawer.getByRole('button', { name: 'Save the webhook' }).click()
  const secret = page.getByRole('dialog', { name: 'The secret of “Operations”' })
  assert.match(await secret.getByRole('region', { name: 'Secret of the webhook' }).innerText(), /^whsec_/)
  await secret.getByRole('button', { name: 'I have kept it' }).click()
  await webhooks.getByText('Enabled').waitFor()

  await todo.click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await page.getByRole('button', { name: 'Delete the webhook' }).click()
  await page.getByText('Nobody is told yet').waitFor()
})

test('each kind of rule has only its own fields, and what the API refuses stands at its field', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  session.expect(/^console: .*(409|422) \(/)
  const { ui, program } = await startProduct(t)
  const taken = { id: 'gone', name: 'A gateway is gone', condition: { kind: 'gateway_offline' } }
  await program.api('POST', '/api/v1/alerts/rules', taken)

  await page.goto(`${ui}alerts?tab=rules`)
  await page.getByRole('button', { name: 'Add a rule' }).click()
  await page.getByRole('menuitem', { name: 'Empty rule' }).click()
  const rule = page.getByRole('dialog', { name: 'Add an alert rule' })
  const fields: Record<string, [there: string, not: string]> = {
    volume: ['Gateway', 'Output'],
    reduction: ['Percent', 'Output'],
    bypass: ['More than, per minute', 'Gateway'],
    spool_growth: ['Output', 'Pipeline'],
    dead_letters: ['Within (minutes)', 'Gateway'],
    lost: ['More than (records)', 'Pipeline'],
    gateway_offline: ['Gateways, at least', 'Pipeline'],
    config_failed: ['Gateway', 'Output'],
  }
  for (const [kind, [there, not]] of Object.entries(fields)) {
    await rule.getByLabel('What it watches').selectOption(kind)
    await rule.getByLabel(there, { exact: true }).waitFor()
    assert.equal(await rule.getByLabel(not, { exact: true }).count(), 0, `${kind} is not confined by ${not}`)
  }
  await rule.getByLabel('Name').fill('Mine')
  await rule.getByLabel('Id').fill('gone')
  await rule.getByRole('button', { name: 'Add the rule' }).click()
  await rule.getByText('is taken').first().waitFor()
  await page.reload()
  await page.getByRole('button', { name: 'Add a rule' }).click()
  await page.getByRole('menuitem', { name: 'Empty rule' }).click()
  assert.equal(await rule.getByLabel('Id').inputValue(), 'gone', 'what was typed survives a reload')
  await rule.getByRole('button', { name: 'Discard' }).click()
  await rule.waitFor({ state: 'detached' })

  // By keys: the row has the focus, Enter opens it, and Escape comes back.
  await page.getByRole('row', { name: /A gateway is gone/ }).focus()
  await page.keyboard.press('Enter')
  const there = page.getByRole('dialog', { name: 'A gateway is gone' })
  await there.getByText('Fires on a gateway offline for 1 minute.').waitFor()
  await there.getByText('Past states of gateways are known only').waitFor()
  await page.keyboard.press('Escape')
  await there.waitFor({ state: 'detached' })
})

test('who may only look sees everything, can change nothing, and is told which permission is missing', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const rule = { id: 'gone', name: 'A gateway is gone', condition: { kind: 'gateway_offline' } }
  const { ui } = await startForViewer(t, page, (post) => post('/alerts/rules', rule))
  await page.goto(`${ui}alerts?tab=rules&open=gone`)
  const drawer = page.getByRole('dialog', { name: 'A gateway is gone' })
  await drawer.getByText('To change rules you need the permission edit').waitFor()
  assert.equal(await drawer.getByLabel('Name').isDisabled(), true)
  assert.equal(await drawer.getByRole('button', { name: 'Save the rule' }).count(), 0)
  await page.keyboard.press('Escape')
  assert.equal(await page.getByRole('button', { name: 'Add a rule' }).count(), 0)
  await page.getByRole('tab', { name: /^Webhooks/ }).click()
  await page.getByText('To change webhooks you need the permission admin').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Add a webhook' }).count(), 0)
  await assertAccessibleInBoth(page, 'alerts of a viewer')
})
