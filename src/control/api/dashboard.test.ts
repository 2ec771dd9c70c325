/** What stands under `/ui/`, from a folder as a build leaves it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { fastify } from 'fastify'
import { TestController } from '#test/support/controller.ts'
import { Passwords } from '../access/passwords.ts'
import { type DashboardState, setupRedirect } from './dashboard.ts'

const PAGE = '<!doctype html><meta property="csp-nonce" nonce="{{csp-nonce}}"><title>built</title>'
const SCRIPT = 'console.log("hello")\n'.repeat(100)
const HTML = { accept: 'text/html' }

function builtFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'streamgate-test-dashboard-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'assets'))
  mkdirSync(join(folder, '.vite'))
  writeFileSync(join(folder, 'index.html'), PAGE)
  writeFileSync(join(folder, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>')
  writeFileSync(join(folder, 'assets/index-abc.js'), SCRIPT)
  writeFileSync(join(folder, 'assets/index-abc.js.gz'), gzipSync(SCRIPT))
  writeFileSync(join(folder, 'assets/index-abc.js.br'), brotliCompressSync(SCRIPT))
  writeFileSync(join(folder, '.vite/manifest.json'), '{}')
  symlinkSync('/etc/hostname', join(folder, 'assets/link.txt'))
  symlinkSync('/etc', join(folder, 'etc'))
  return folder
}

const startWith = (state: DashboardState | (() => DashboardState)) =>
  TestController.start({ dashboard: { state: async () => (typeof state === 'function' ? state() : state) } })

test('every address below is the page, with a nonce of its own that its policy names', async (t) => {
  await using controller = await startWith({ kind: 'ready', folder: builtFolder(t) })
  const nonces = new Set<string>()
  for (const path of ['', 'login', 'configurations/default/rules?tab=2', 'gateways/gw-1.example.js', 'index.html']) {
    const response = await fetch(`${controller.address}/ui/${path}`, { headers: HTML })
    const html = await response.text()
    assert.equal(response.status, 200, path)
    assert.match(html, /<title>built/)
    assert.equal(response.headers.get('cache-control'), 'no-cache')
    const nonce = /nonce="([^"]{20,})"/.exec(html)?.[1] ?? ''
    assert.ok(response.headers.get('content-security-policy')?.includes(`'nonce-${nonce}'`), path)
    nonces.add(nonce)
  }
  assert.equal(nonces.size, 5)
  const open = await fetch(`${controller.address}/ui/some/place`)
  assert.match(await open.text(), /<title>built/, 'whatever is asked for')
})

test('a page that is still the same is not sent again, and no other policy is laid over it', async (t) => {
  const folder = builtFolder(t)
  await using controller = await startWith({ kind: 'ready', folder })
  const ask = (tag: string) => fetch(`${controller.address}/ui/`, { headers: { ...HTML, 'if-none-match': tag } })
  const tag = (await ask('')).headers.get('etag')!
  const same = await ask(tag)
  assert.deepEqual([same.status, same.headers.get('content-security-policy')], [304, null])
  writeFileSync(join(folder, 'index.html'), PAGE.replace('built', 'built anew'))
  utimesSync(join(folder, 'index.html'), 1, 1)
  assert.equal((await ask(tag)).status, 200)
})

test('files come as the browser takes them, and those with a hash in their name for good', async (t) => {
  await using controller = await startWith({ kind: 'ready', folder: builtFolder(t) })
  for (const [accepted, expected] of [
    ['gzip, deflate, br', 'br'],
    ['gzip, br;q=0', 'gzip'],
    ['identity', null],
  ] as const) {
    const response = await fetch(`${controller.address}/ui/assets/index-abc.js`, {
      headers: { 'accept-encoding': accepted },
    })
    assert.equal(response.headers.get('content-encoding'), expected)
    assert.equal(response.headers.get('vary'), 'accept-encoding')
    assert.equal(response.headers.get('cache-control'), 'public, max-age=31536000, immutable')
    assert.match(response.headers.get('content-type')!, /^text\/javascript/)
    assert.equal(response.headers.get('cross-origin-embedder-policy'), 'require-corp')
    assert.equal(await response.text(), SCRIPT)
  }
  const icon = await fetch(`${controller.address}/ui/icon.svg`)
  assert.deepEqual([icon.status, icon.headers.get('cache-control')], [200, 'no-cache'])
  const again = await fetch(`${controller.address}/ui/icon.svg`, {
    headers: { 'if-none-match': icon.headers.get('etag')! },
  })
  assert.equal(again.status, 304)
})

test('nothing but plain files of the folder is handed out', async (t) => {
  await using controller = await startWith({ kind: 'ready', folder: builtFolder(t) })
  const paths = [
    'assets/gone.js',
    'assets/link.txt',
    'etc/hostname.txt',
    'other.js',
    '.vite/manifest.json',
    '..%2f..%2fetc%2fpasswd',
    'assets/../../../etc/passwd',
    '..\\index.html',
    'assets/%2e%2e/icon.svg',
  ]
  for (const path of paths) assert.match(await rawGet(controller.address, `/ui/${path}`), /^HTTP\/1.1 404 /, path)
  assert.match(await rawGet(controller.address, '/ui/%00'), /^HTTP\/1.1 4\d\d /)
  assert.match(await rawGet(controller.address, '/ui/%zz'), /^HTTP\/1.1 4\d\d /)
})

test('browsers are led to it, programs are not', async (t) => {
  await using controller = await startWith({ kind: 'ready', folder: builtFolder(t) })
  const ask = (path: string, headers = {}) => fetch(controller.address + path, { headers, redirect: 'manual' })
  const led = await ask('/', HTML)
  assert.deepEqual([led.status, led.headers.get('location')], [302, '/ui/'])
  assert.equal((await ask('/')).status, 404)
  assert.equal((await ask('/ui', HTML)).headers.get('location'), '/ui/')
  const post = await fetch(`${controller.address}/ui/`, { method: 'POST' })
  assert.equal(post.status, 404)
})

test('while it is built, and when it cannot be, the page says so', async (t) => {
  const folder = builtFolder(t)
  let state: DashboardState = { kind: 'building' }
  await using controller = await startWith(() => state)
  const ask = async () => {
    const response = await fetch(`${controller.address}/ui/rules`, { headers: HTML })
    return { status: response.status, retry: response.headers.get('retry-after'), html: await response.text() }
  }
  const building = await ask()
  assert.deepEqual([building.status, building.retry], [503, '2'])
  assert.match(building.html, /being built[\s\S]*<script nonce="[^"{]+">/)
  state = { kind: 'failed', reason: 'no <vite>' }
  const failed = await ask()
  assert.deepEqual([failed.status, failed.retry], [503, null])
  assert.match(failed.html, /no &#60;vite&#62;/)
  assert.doesNotMatch(failed.html, /<script/)
  state = { kind: 'ready', folder }
  assert.equal((await ask()).status, 200)
})

test('an open controller shows it under names of this machine only', async (t) => {
  const folder = builtFolder(t)
  await using controller = await TestController.start({
    dashboard: { state: async () => ({ kind: 'ready', folder }) },
    access: { mode: 'open', secureCookies: false, passwords: new Passwords(), hosts: ['gate.example'] },
  })
  assert.match(await rawGet(controller.address, '/ui/', 'evil.example'), /^HTTP\/1.1 403 /)
  for (const name of ['localhost:8000', '127.0.0.1', 'gate.example'])
    assert.match(await rawGet(controller.address, '/ui/', name), /^HTTP\/1.1 200 /, name)
})

test('without a dashboard there is nothing under its address', async () => {
  await using controller = await TestController.start()
  assert.equal((await fetch(`${controller.address}/ui/`, { headers: HTML })).status, 404)
})

test('links of invitations lead to its screen', async (t) => {
  for (const isOn of [true, false]) {
    const app = fastify()
    t.after(() => app.close())
    await app.register(setupRedirect, isOn ? { dashboard: { state: async () => ({ kind: 'building' }) } } : {})
    const { statusCode, headers } = await app.inject('/setup')
    assert.deepEqual(isOn ? [statusCode, headers.location] : [statusCode], isOn ? [302, '/ui/setup'] : [404])
  }
})

/** As it stands, where `fetch` would tidy the path up. Resolves with the whole answer. */
async function rawGet(address: string, path: string, host = '127.0.0.1'): Promise<string> {
  const socket = connect(Number(new URL(address).port), '127.0.0.1')
  let answer = ''
  socket.setEncoding('latin1').on('data', (text: string) => {
    answer += text
  })
  socket.write(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\naccept: */*\r\nconnection: close\r\n\r\n`)
  await once(socket, 'close')
  return answer
}
