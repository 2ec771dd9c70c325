/** The dashboard as the controller hands it out, in a real browser: its policy holds, and it works under it. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ProductDashboard } from '#cli/dashboard.ts'
import { silentLogger } from '#observe/log.ts'
import { assertAccessible, openBrowser, startProduct } from '#test/support/browser.ts'
import { TestController } from '#test/support/controller.ts'

test('the page starts under its policy, alone with itself, at the address that the banner says', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { api, ui } = await startProduct(t)
  const response = await page.goto(api)
  assert.equal(page.url().startsWith(ui), true, 'from the root it goes on to the dashboard')
  assert.equal(response?.status(), 200)
  const headers = await response!.allHeaders()
  assert.equal(headers['cache-control'], 'no-cache')
  assert.match(headers['content-security-policy']!, /^default-src 'none'; script-src 'self'; style-src 'self' 'nonce-/)
  assert.equal(headers['x-content-type-options'], 'nosniff')
  await page.locator('#root').getByText('StreamGate').first().waitFor()
  assert.match(await page.title(), /StreamGate/)
  assert.equal(await page.evaluate(() => crossOriginIsolated && typeof SharedArrayBuffer === 'function'), true)
  const entry = await page.locator('script[type=module]').getAttribute('src')
  const asset = await page.request.get(new URL(entry!, ui).href, { headers: { 'accept-encoding': 'gzip' } })
  assert.deepEqual([asset.status(), asset.headers()['content-encoding']], [200, 'gzip'])
  assert.match(asset.headers()['cache-control']!, /immutable/)
  assert.equal((await page.request.get(`${ui}assets/gone.js`)).status(), 404)
})

test('every address of it can be opened and read again, and its nonce still fits when nothing was sent anew', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { ui } = await startProduct(t)
  const nonces = new Set<string>()
  await page.goto(`${ui}configurations/default/rules?tab=cases`)
  for (let i = 0; i < 3; i++) {
    await page.locator('#root > *, #root:not(:empty)').first().waitFor()
    const { nonce, color } = await page.evaluate(() => {
      const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')!.nonce
      const style = document.createElement('style')
      style.nonce = nonce
      style.textContent = 'html { color: rgb(1, 2, 3) !important }'
      document.head.append(style)
      return { nonce, color: getComputedStyle(document.documentElement).color }
    })
    assert.equal(color, 'rgb(1, 2, 3)', 'a style with the nonce counts')
    nonces.add(nonce)
    await page.reload()
  }
  assert.ok(!nonces.has('{{csp-nonce}}') && !nonces.has(''))
})

test('what the policy forbids is refused', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const { ui } = await startProduct(t)
  await page.goto(ui)
  session.expect(/^policy: (style-src-elem|script-src-elem|require-trusted-types-for|script-src|connect-src) /)
  session.expect(/^console: .*(Content Security Policy|TrustedHTML|TrustedScript)/)
  // What a test evaluates is not under the page's policy; what it puts into the page is.
  const outcome = await page.evaluate(async () => {
    const style = document.createElement('style')
    style.textContent = 'html { color: rgb(1, 2, 3) !important }'
    document.head.append(style)
    const refusal = (attempt: () => void) => {
      try {
        attempt()
        return 'allowed'
      } catch (error) {
        return (error as Error).name
      }
    }
    const holder = document.createElement('div')
    return {
      color: getComputedStyle(document.documentElement).color,
      html: refusal(() => {
        holder.innerHTML = '<img src=x>'
      }),
      text: refusal(() => {
        holder.innerHTML = 'a { color: red }'
      }),
      worker: refusal(() => new Worker('data:text/javascript,0')),
      elsewhere: await fetch('http://127.0.0.1:9/').then(
        () => 'allowed',
        () => 'refused',
      ),
    }
  })
  assert.notEqual(outcome.color, 'rgb(1, 2, 3)')
  assert.deepEqual(
    { ...outcome, color: '' },
    { color: '', html: 'TypeError', text: 'allowed', worker: 'TypeError', elsewhere: 'refused' },
  )
})

test('while it is built a page says so, and opens it when it is there', async (t) => {
  const session = await openBrowser(t)
  if (session === undefined) return
  const { page } = session
  const root = mkdtempSync(join(tmpdir(), 'streamgate-test-build-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  const [builder, go] = [join(root, 'builder.mjs'), join(root, 'go')]
  // Builds when it is told to.
  writeFileSync(
    builder,
    `import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
    const timer = setInterval(() => {
      if (!existsSync('go')) return
      clearInterval(timer)
      mkdirSync('dist')
      writeFileSync('dist/index.html', '<!doctype html><html lang="en"><title>Built</title><h1>It is here</h1>')
    }, 20)`,
  )
  const dashboard = new ProductDashboard(silentLogger, { folder: join(root, 'dist'), source: { root, builder } })
  await using controller = await TestController.start({ dashboard })
  t.after(() => dashboard.close())
  session.expect(/status of 503/)
  session.expect(/favicon/)
  const response = await page.goto(`${controller.address}/ui/`)
  assert.equal(response?.status(), 503)
  await page.getByRole('heading', { name: 'The dashboard is being built' }).waitFor()
  await assertAccessible(page)
  writeFileSync(go, '')
  await page.getByRole('heading', { name: 'It is here' }).waitFor()
})
