/** Outputs in failure: a vendor that refuses until it is mended, one that is away, and what rules dropped, sent after all. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { Page } from 'playwright-core'
import {
  assertAccessible,
  assertAccessibleInBoth,
  openBrowser,
  type Product,
  startProduct,
  TCP_TO_CONSOLE,
} from '#test/support/browser.ts'
import { Operator } from '#test/support/operator.ts'
import { Program } from '#test/support/program.ts'

/** Gateways tell their books every ten seconds. */
const REPORTED = { timeout: 45_000 }
const REFUSAL = 'the field "service" is missing'

/** Refuses all that comes, until it is mended. */
class Vendor {
  isMended = false
  readonly taken: string[] = []
  readonly #server: Server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    if (this.isMended) this.taken.push(...body.split('\n').filter((line) => line !== ''))
    response.writeHead(this.isMended ? 200 : 400).end(this.isMended ? '' : REFUSAL)
  })

  async listen(t: TestContext): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    t.after(() => {
      this.#server.closeAllConnections()
      this.#server.close()
    })
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`
  }
}

/** Where nobody listens. */
async function nowhere(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return `http://127.0.0.1:${port}/`
}

/** Debug lines are dropped, and kept. */
function keeping(outputs: object[]): object {
  const pipeline = {
    id: 'default_pipeline',
    sources: ['tcp'],
    keep_dropped: {},
    processors: [{ id: 'no_debug', type: 'filter', params: { value: 'DEBUG' } }],
    outputs: outputs.map((output) => (output as { id: string }).id),
  }
  return { ...TCP_TO_CONSOLE, pipelines: [pipeline], outputs }
}

const retry = { base_ms: 5, cap_ms: 20 }

const row = (page: Page, name: string) => page.getByRole('row').filter({ hasText: name })

async function lettersOf({ api }: Product): Promise<number> {
  const operator = new Operator(api)
  const [gateway] = await operator.gateways()
  const path = `/gateways/${gateway?.id}/dead-letters/summary`
  const summary = await operator.must<{ records: number }[]>('GET', path)
  return summary.reduce((sum, { records }) => sum + records, 0)
}

test('a vendor that refuses is seen, its dead letters are looked at, and sent again once it is mended', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const vendor = new Vendor()
  const url = await vendor.listen(t)
  const config = keeping([{ id: 'vendor', type: 'http', url, batch: { max_records: 1 }, retry }])
  const product = await startProduct(t, { config })
  const { program, ui } = product
  await program.sendTcp('first line\nsecond line\nthird line\nDEBUG noise\n')
  await program.until(async () => (await lettersOf(product)) === 3, 'the dead letters')

  await page.goto(`${ui}outputs`)
  await row(page, 'vendor').getByText('Failing').waitFor(REPORTED)
  await row(page, 'vendor').getByText(REFUSAL).waitFor()
  await assertAccessibleInBoth(page, 'the list of outputs')
  await row(page, 'vendor').focus()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'vendor', level: 1 }).waitFor()
  await page.locator('pre').filter({ hasText: REFUSAL }).waitFor()
  await page.getByRole('table', { name: 'Targets' }).getByText('healthy').waitFor()
  await assertAccessibleInBoth(page, 'an output')

  await page.getByRole('tab', { name: 'Dead letters (3)' }).click()
  await page.getByRole('button', { name: /^Show http_400/ }).click()
  await row(page, REFUSAL).first().click()
  await page.getByRole('region', { name: 'Record' }).getByText('first line').waitFor()
  await assertAccessibleInBoth(page, 'a dead letter')
  await page.keyboard.press('Escape')
  await row(page, REFUSAL).first().focus()
  await page.keyboard.press('x')
  await page.getByRole('button', { name: 'Replay 1 selected' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText(/^1 record on /).waitFor()
  await assertAccessible(page, 'the question')
  vendor.isMended = true
  await dialog.getByRole('button', { name: 'Replay', exact: true }).click()
  await page.getByText('1 record sent again.').waitFor()
  await program.until(() => vendor.taken.length === 1, 'the record to arrive')
  assert.deepEqual(vendor.taken, ['first line'])

  await page.getByRole('button', { name: 'Replay all' }).click()
  await dialog.getByText(/^2 records on /).waitFor()
  await dialog.getByRole('button', { name: 'Replay', exact: true }).click()
  await page.getByText('2 records sent again.').waitFor()
  await program.until(() => vendor.taken.length === 3, 'the others to arrive')
  await page.getByText('No dead letters').waitFor()
  await assertAccessibleInBoth(page, 'no dead letters')

  await page.goto(`${ui}outputs?tab=dropped`)
  await page.getByRole('button', { name: 'Show no_debug' }).click()
  await row(page, 'DEBUG noise').click()
  await page.getByRole('region', { name: 'Record' }).getByText('DEBUG noise').waitFor()
  await page.keyboard.press('Escape')
  await assertAccessibleInBoth(page, 'dropped records')
  await page.getByRole('button', { name: 'Replay no_debug' }).click()
  await page.getByLabel('Which').selectOption({ label: 'Of the last hour' })
  await page.getByRole('button', { name: 'Go on' }).click()
  await dialog.getByText(/^1 record on /).waitFor()
  await dialog.getByRole('button', { name: 'Replay', exact: true }).click()
  await page.getByText('1 record sent again.').waitFor()
  await program.until(() => vendor.taken.includes('DEBUG noise'), 'what was dropped to arrive')
  await page.getByText('Nothing that rules dropped is kept').waitFor()
})

test('an output that is away has an open breaker, and what waits is on disk; dead letters are given up', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page, context } = session
  const vendor = new Vendor()
  const outputs = [
    { id: 'away', type: 'http', url: await nowhere(), queue_bytes_max: 65_536, batch: { max_records: 10 }, retry },
    { id: 'vendor', type: 'http', url: await vendor.listen(t), batch: { max_records: 1 }, retry },
  ]
  const product = await startProduct(t, { config: keeping(outputs) })
  const { program, ui, api } = product
  const lines = [...Array(3000).keys()].map((i) => `line ${i} ${'x'.repeat(90)}`)
  await program.sendTcp(`${lines.join('\n')}\n`)
  await page.goto(`${ui}outputs`)
  await row(page, 'away').getByText('Breaker open').waitFor(REPORTED)
  await row(page, 'away')
    .getByText(/most requests failed|ECONNREFUSED/)
    .waitFor()
  await page.goto(`${ui}outputs/away`)
  await page.getByRole('table', { name: 'Targets' }).getByText('Breaker open').waitFor(REPORTED)
  await page.getByText(/of 1 GiB on disk/).waitFor()
  const operator = new Operator(api)
  const spooled = async () => {
    const { outputs: books } = await operator.must<{ outputs: { id: string; spool: { bytes: number } }[] }>(
      'GET',
      '/stats',
    )
    return books.find(({ id }) => id === 'away')!.spool.bytes
  }
  assert.ok((await spooled()) > 0)
  await assertAccessibleInBoth(page, 'an output that is away')

  const { key } = await operator.must<{ key: string }>('POST', '/keys', { name: 'v', role: 'viewer', grants: [] })
  await context.setExtraHTTPHeaders({ authorization: `Bearer ${key}` })
  await page.goto(`${ui}outputs/vendor?tab=letters`)
  const replayAll = page.getByRole('button', { name: 'Replay all' })
  await replayAll.waitFor()
  assert.equal(await replayAll.getAttribute('title'), 'Needs the permission operate')
  assert.ok(await page.getByRole('button', { name: /^Show/ }).isDisabled())
  await page.getByText('To look at the records themselves you need the permission tap.').waitFor()
  await assertAccessibleInBoth(page, 'for a viewer')

  await context.setExtraHTTPHeaders({})
  await page.reload()
  await program.until(async () => (await lettersOf(product)) === lines.length, 'all dead letters')
  await page.getByRole('button', { name: 'Drop all' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText(/^3,000 records on /).waitFor()
  await dialog.getByRole('button', { name: 'Drop', exact: true }).click()
  await page.getByText('3,000 records given up.').waitFor()
  await page.getByText('No dead letters').waitFor()
})

test('where no gateway tells figures that is said, and one that went away says why it cannot be asked', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { ui, api } = await startProduct(t, { command: 'controller' })
  await page.goto(`${ui}outputs`)
  await page.getByText('No gateway of “default” tells figures now').waitFor()
  await assertAccessibleInBoth(page, 'no outputs')
  const operator = new Operator(api)
  const { opamp } = await operator.must<{ opamp: { address: string } }>('GET', '/about')
  const flags = ['--opamp-endpoint', opamp.address.replace('http', 'ws'), '--node-id', 'fra-1']
  const node = await Program.start('node', { flags })
  t.after(() => node[Symbol.asyncDispose]())
  const name = row(page, 'console')
  await name.waitFor(REPORTED)
  await name.click()
  await page.getByRole('tab', { name: 'Dead letters' }).click()
  await page.getByText('No dead letters').waitFor()
  node.signal('SIGKILL')
  await page.getByText('it is not connected').waitFor(REPORTED)
  await assertAccessibleInBoth(page, 'a gateway that is away')
})
