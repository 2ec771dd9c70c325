/** The fleet by clicking and by keyboard: a second node that comes in by a token, labelled, restarted, killed; and 10,000 rows. */
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Page } from 'playwright-core'
import type { GatewaySummary } from '#contract/fleet.ts'
import { assertAccessible, assertAccessibleInBoth, openBrowser, startProduct } from '#test/support/browser.ts'
import { Operator } from '#test/support/operator.ts'
import { Program, temporaryFolder } from '#test/support/program.ts'

const PATIENCE = { timeout: 45_000 }

async function startNode(t: TestContext, flags: string[], token: string): Promise<Program> {
  const node = await Program.start('node', { flags, env: { OPAMP_TOKEN: token } })
  t.after(() => node[Symbol.asyncDispose]())
  return node
}

const row = (page: Page, name: string) => page.getByRole('row').filter({ hasText: name })

test('a node comes in by the command that is shown, is labelled, restarted, and seen to be gone', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { ui, api } = await startProduct(t)
  await page.goto(`${ui}fleet`)
  await page.getByRole('table', { name: 'Gateways' }).waitFor()

  await page.getByRole('button', { name: 'Add a gateway' }).click()
  await page.getByLabel('What the token is for').fill('Frankfurt')
  await page.getByLabel('Labels').fill('my site=fra')
  await page.getByText('“my site” is no name').waitFor()
  await page.getByLabel('Labels').fill('site=fra')
  await page.getByLabel('Uses at most').fill('2')
  await assertAccessible(page, 'the form of a token')
  await page.getByRole('button', { name: 'Make the token' }).click()
  await page.getByText('Waiting for it to connect…').waitFor()
  await assertAccessibleInBoth(page, 'the commands')
  const command = (await page.getByRole('region', { name: 'Command for the binary' }).innerText()).trim()
  const [, token, endpoint] = /^OPAMP_TOKEN=(sgr_\S+) streamgate node --opamp-endpoint (ws:\S+)$/.exec(command) ?? []
  assert.ok(token !== undefined && endpoint !== undefined, command)
  await page.getByRole('tab', { name: 'Docker' }).click()
  assert.match(await page.getByRole('region', { name: 'Command for Docker' }).innerText(), /-e OPAMP_TOKEN=sgr_/)

  const node = await startNode(t, ['--opamp-endpoint', endpoint, '--node-id', 'fra-1'], token)
  await page.getByText('fra-1 has connected').waitFor()
  await page.getByRole('button', { name: 'Make another token' }).click()
  await page.getByText('Tokens that were made').click()
  await row(page, 'Frankfurt').getByText('1 of 2').waitFor()
  await page.getByRole('button', { name: 'Revoke Frankfurt' }).click()
  await page.getByRole('dialog', { name: 'Revoke the token' }).getByRole('button', { name: 'Revoke' }).click()
  await row(page, 'Frankfurt').getByText('Revoked').waitFor()
  await assertAccessible(page, 'the tokens')
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()

  await page.getByRole('searchbox', { name: 'Label' }).fill('site=fra')
  await page.getByText('1 gateway', { exact: true }).waitFor()
  assert.match(page.url(), /label=site%3Dfra/)
  await row(page, 'fra-1').focus()
  await page.keyboard.press('x')
  await page.getByText('1 gateway selected').waitFor()
  await page.getByRole('button', { name: 'Label', exact: true }).click()
  await page.getByText('This concerns 1 gateway.').waitFor()
  await page.getByLabel('Set', { exact: true }).fill('ring=canary')
  await page.getByRole('button', { name: 'Label 1 gateway' }).click()
  await row(page, 'fra-1').getByRole('link', { name: 'ring=canary' }).waitFor()
  await page.getByRole('button', { name: 'Restart', exact: true }).click()
  await page.getByRole('button', { name: 'Restart 1 gateway' }).click()
  await node.until(() => (node.stderr.match(/^ {2}data\s/gm) ?? []).length === 2, 'the second banner')
  await new Operator(api).untilGateways(2, ({ online }) => online, 'the node to be back')
  await assertAccessibleInBoth(page, 'the list')

  await row(page, 'fra-1').focus()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'fra-1', level: 1 }).waitFor()
  await page.getByRole('tree', { name: 'Health of fra-1' }).waitFor()
  await page.getByRole('treeitem').first().focus()
  await page.keyboard.press('ArrowDown')
  assert.equal(await page.locator('[role=treeitem]:focus').getAttribute('aria-level'), '2')
  await assertAccessibleInBoth(page, 'the summary')
  for (const name of ['Metrics', 'Config', 'Attempts', 'Connection']) {
    await page.getByRole('tab', { name, exact: true }).click()
    await page.getByRole('tab', { name, exact: true, selected: true }).waitFor()
    await assertAccessibleInBoth(page, name)
  }
  await page.getByText('One of its own, which it got when it came in').waitFor()
  node.signal('SIGKILL')
  await page.getByText('Not connected; what stands here is of').waitFor()
  await page.getByRole('link', { name: 'All gateways' }).click()
  await page.getByRole('combobox', { name: 'State' }).selectOption('offline')
  await row(page, 'fra-1').getByText('Offline').waitFor()
})

test('a version that a gateway refuses is explained, and offered again once it is mended', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { ui, api } = await startProduct(t)
  const operator = new Operator(api)
  const [gateway] = await operator.untilGateways(1, ({ online }) => online, 'the gateway')
  const folder = temporaryFolder()
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const key = join(folder, 'vendor.key')
  await operator.publish({
    version: 2,
    outputs: [{ id: 'vendor', type: 'http', url: 'http://127.0.0.1:9', headers: { 'x-key': `\${file:${key}}` } }],
  })
  await page.goto(`${ui}fleet/${gateway!.id}`)
  await page.getByText('Failed: It refused the version').waitFor()
  await page.getByText(key).first().waitFor()
  await assertAccessibleInBoth(page, 'a failed gateway')
  await page.getByRole('tab', { name: 'Attempts' }).click()
  await page.getByText('not offered again until retried').waitFor()
  await page.getByRole('tab', { name: 'Config' }).click()
  await page.getByText('default, version 1').click()
  await page.getByRole('region', { name: 'default, version 1' }).getByText('"vendor"').waitFor()

  writeFileSync(key, 'do-not-tell')
  await page.getByRole('button', { name: 'Retry', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Retry' }).click()
  await page.getByRole('tab', { name: 'Summary' }).click()
  await page.getByText('Applied 1').waitFor()
  await page.getByText('Matches', { exact: true }).waitFor()

  await page.getByRole('button', { name: 'Edit labels' }).click()
  await page.getByRole('textbox', { name: 'Labels' }).fill('site=ber')
  await page.getByRole('button', { name: 'Save labels' }).click()
  await page.getByRole('link', { name: 'site=ber' }).waitFor()
  await page.getByRole('button', { name: 'More actions' }).click()
  await page.getByRole('menuitem', { name: 'Rename' }).click()
  await page.getByLabel('Name', { exact: true }).fill('Berlin 1')
  await page.getByRole('button', { name: 'Rename', exact: true }).click()
  await page.getByRole('heading', { name: 'Berlin 1', level: 1 }).waitFor()
})

test('10,000 gateways are read page by page, few of them are in the page, and all can be selected', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { ui } = await startProduct(t)
  const count = 10_000
  await page.route('**/api/v1/fleet/summary', (route) =>
    route.fulfill({
      json: {
        gateways: count,
        online: count,
        in_sync: count - 10,
        unhealthy: 0,
        drift: { failed: 10 },
        configurations: [{ configuration: 'default', gateways: count, in_sync: count - 10 }],
        versions: [{ product: 'streamgate', version: '0.1.0', gateways: count }],
      },
    }),
  )
  await page.route('**/api/v1/gateways?*', (route) => {
    const { searchParams } = new URL(route.request().url())
    const [from, limit] = [Number(searchParams.get('cursor') ?? 0), Number(searchParams.get('limit'))]
    const to = Math.min(count, from + limit)
    const items = Array.from({ length: to - from }, (_, i) => madeUp(from + i))
    return route.fulfill({ json: { items, next_cursor: to < count ? String(to) : null } })
  })
  await page.goto(`${ui}fleet`)
  const table = page.getByRole('table', { name: 'Gateways' })
  await row(page, 'gateway-00000').waitFor()
  assert.equal(await table.getAttribute('aria-rowcount'), String(count + 1))
  await row(page, 'gateway-00000').focus()
  for (let loaded = 500; loaded <= count; loaded += 500) {
    await page.keyboard.press('End')
    const last = row(page, `gateway-${String(loaded - 1).padStart(5, '0')}`)
    await last.waitFor()
    await page.waitForFunction((index) => document.activeElement?.getAttribute('data-index') === index, `${loaded - 1}`)
    if (loaded < count)
      await page
        .getByText(`${loaded + 500 < count ? loaded + 500 : count} `)
        .first()
        .waitFor()
  }
  const last = row(page, 'gateway-09999')
  assert.equal(await last.getAttribute('aria-rowindex'), String(count + 1))
  const inPage = await table.getByRole('row').count()
  assert.ok(inPage < 80, `${inPage} rows are in the page`)
  await page.keyboard.press('*')
  await page.getByText(`${count} gateways selected`).waitFor()
  await assertAccessibleInBoth(page, '10,000 gateways')
})

function madeUp(i: number): GatewaySummary {
  const name = `gateway-${String(i).padStart(5, '0')}`
  return {
    id: name,
    name,
    labels: { rack: String(i % 40) },
    kind: 'streamgate',
    product: 'streamgate',
    version: '0.1.0',
    host: name,
    configuration: 'default',
    online: true,
    in_sync: i >= 10,
    drift: i < 10 ? 'failed' : null,
    states: { desired: null, offered: null, reported: null, effective: null, health: null },
    transport: 'websocket',
    connected_at: 1,
    last_seen_at: Date.now(),
    first_seen_at: 1,
    note: null,
  }
}

test('who may only look is told what is missing; an empty fleet teaches; a failure can be tried again', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page, context } = session
  session.expect(/500/)
  const { ui, api } = await startProduct(t, { command: 'controller' })
  await page.goto(`${ui}fleet`)
  await page.getByText('No gateway yet').waitFor()
  await assertAccessibleInBoth(page, 'an empty fleet')
  await page.goto(`${ui}fleet?text=nobody`)
  await page.getByText('No gateway matches').waitFor()
  await page.getByRole('button', { name: 'Clear filters' }).first().click()
  await page.getByText('No gateway yet').waitFor()

  await page.route('**/api/v1/gateways?*', (route) =>
    route.fulfill({
      status: 500,
      contentType: 'application/problem+json',
      json: { type: 'about:blank', title: 'A fault of ours', status: 500, detail: 'the log says which' },
    }),
  )
  await page.reload()
  await page.getByText('the log says which').waitFor(PATIENCE)
  await page.unroute('**/api/v1/gateways?*')
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByText('No gateway yet').waitFor()

  const operator = new Operator(api)
  const { token } = await operator.must<{ token: string }>('POST', '/registration-tokens', { name: 'one' })
  const program = await startNode(t, ['--opamp-endpoint', await endpointOf(operator)], token)
  const [gateway] = await operator.untilGateways(1, ({ online }) => online, 'the node')
  assert.ok(!program.ended)
  const { key } = await operator.must<{ key: string }>('POST', '/keys', { name: 'v', role: 'viewer', grants: [] })
  await context.setExtraHTTPHeaders({ authorization: `Bearer ${key}` })
  await page.goto(`${ui}fleet`)
  await row(page, gateway!.name).waitFor()
  const add = page.getByRole('button', { name: 'Add a gateway' })
  assert.deepEqual([await add.isDisabled(), await add.getAttribute('title')], [true, 'Needs the permission admin'])
  await page.getByRole('checkbox', { name: `Select ${gateway!.name}` }).check()
  const restart = page.getByRole('button', { name: 'Restart' })
  assert.equal(await restart.getAttribute('title'), 'Needs the permission operate')
  await page.goto(`${ui}fleet/${gateway!.id}`)
  await page.getByRole('button', { name: 'More actions' }).click()
  await page.getByRole('menuitem', { name: 'Revoke' }).getByText('Needs the permission admin').waitFor()
  await page.keyboard.press('Escape')
  await assertAccessibleInBoth(page, 'for a viewer')
})

async function endpointOf(operator: Operator): Promise<string> {
  const { opamp } = await operator.must<{ opamp: { address: string } }>('GET', '/about')
  return opamp.address.replace('http', 'ws')
}
