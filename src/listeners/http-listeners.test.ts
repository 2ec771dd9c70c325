import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compressSync } from 'snappy'
import { z } from 'zod'
import type { Exchange, Mount, Mounted, Route } from '#component/exchange.ts'
import type { RejectReason } from '#component/source.ts'
import { StreamgateError } from '#contract/error.ts'
import { type Logger, silentLogger } from '#observe/log.ts'
import { ManualClock } from '#std/clock.ts'
import { RawHttp } from '#test/support/raw-http.ts'
import { SharedHttpListeners } from './http-listeners.ts'
import { bodyLimits, bodyOptions, httpListenerOptions } from './options.ts'

const schema = z.strictObject(httpListenerOptions('127.0.0.1:0'))
const bodySchema = z.strictObject(bodyOptions())

class FakeSource {
  readonly id: string
  readonly rejected: [RejectReason, number, number][] = []
  connections = -1
  constructor(id: string) {
    this.id = id
  }
  reject(...what: [RejectReason, number, number]): void {
    this.rejected.push(what)
  }
  gauge(_: 'connections', value: number): void {
    this.connections = value
  }
}

function world(t: { after(f: () => Promise<void>): void }) {
  const clock = new ManualClock()
  const logged: string[] = []
  const note = (_: object, message: string) => void logged.push(message)
  const log: Logger = { ...silentLogger, info: note, warn: note, error: note }
  const listeners = new SharedHttpListeners(clock, log)
  const mounts: Mounted[] = []
  t.after(async () => {
    await Promise.all(mounts.map((mounted) => mounted.unmount()))
  })
  const mount = async (id: string, routes: Route[], options: object = {}, word?: Mount['word']) => {
    const source = new FakeSource(id)
    const about = { source, options: schema.parse(options), routes, ...(word === undefined ? {} : { word }) }
    const mounted = await listeners.mount(about)
    mounts.push(mounted)
    return { source, mounted, at: mounted.address(), listen: mounted.address().replace('http://', '') }
  }
  return { clock, logged, mount }
}

const says = (text: string) => (exchange: Exchange) => exchange.answer(200, { 'content-type': 'text/plain' }, text)
const get = (path: string, handle: Route['handle'] = says(path)): Route => ({ method: 'GET', path, handle })

async function text(url: string, init: RequestInit = {}): Promise<string> {
  const response = await fetch(url, init)
  return `${response.status} ${await response.text()}`
}

test('sources that name one address share its listener, each with its routes', async (t) => {
  const { mount } = world(t)
  const a = await mount('a', [get('/a')])
  const b = await mount('b', [get('/b/:name', (e) => e.answer(200, {}, JSON.stringify([e.params, [...e.query]])))], {
    listen: a.listen,
  })
  assert.equal(a.at, b.at)
  assert.equal(await text(`${a.at}/a`), '200 /a')
  assert.equal(await text(`${a.at}/b/x%20y?q=1&q=2`), '200 [{"name":"x y"},[["q","1"],["q","2"]]]')
  assert.equal((await fetch(`${a.at}/a`, { method: 'HEAD' })).headers.get('content-length'), '2')
  assert.equal(await text(`${a.at}/healthz`), '200 ok\n')
  assert.ok(a.source.connections > 0)
  assert.equal(a.source.connections, b.source.connections)
  await b.mounted.unmount()
  assert.equal(await text(`${a.at}/a`), '200 /a')
  await a.mounted.unmount()
  await assert.rejects(RawHttp.open(a.at))
})

test('port 0 is a listener of its own each time', async (t) => {
  const { mount } = world(t)
  const [a, b] = await Promise.all([mount('a', [get('/')]), mount('b', [get('/')])])
  assert.notEqual(a.at, b.at)
})

test('mounts that come at once for one address share it', async (t) => {
  const { mount } = world(t)
  const first = await mount('first', [get('/')])
  await first.mounted.unmount()
  const options = { listen: first.listen }
  const [a, b] = await Promise.all([mount('a', [get('/a')], options), mount('b', [get('/b')], options)])
  assert.equal(await text(`${a.at}/b`), '200 /b')
  const closing = Promise.all([a.mounted.unmount(), b.mounted.unmount()])
  const again = await mount('c', [get('/c')], options)
  await closing
  assert.equal(await text(`${again.at}/c`), '200 /c')
})

function isListenError(...parts: string[]) {
  return (error: unknown) => {
    assert.ok(error instanceof StreamgateError && error.code === 'SG_LISTEN')
    for (const part of parts) assert.ok(error.message.includes(part), error.message)
    return true
  }
}

test('one route for two sources, and unequal options, are errors that name both', async (t) => {
  const { mount } = world(t)
  const a = await mount('a', [get('/x'), get('/:y/z')])
  const { listen } = a
  await assert.rejects(
    mount('b', [get('/free'), get('/:other/z')], { listen }),
    isListenError('"a"', '"b"', '/:other/z'),
  )
  assert.equal(await text(`${a.at}/free`).then((answer) => answer.slice(0, 3)), '404', 'it is as if it never was')
  await assert.rejects(
    mount('b', [get('/b')], { listen, keep_alive_ms: 5 }),
    isListenError('"a"', '"b"', 'keep_alive_ms'),
  )
  await assert.rejects(mount('b', [get('/b')], { listen, allow: ['::1'] }), isListenError('"a"', '"b"', 'allow'))
  await assert.rejects(mount('b', [get('/healthz')], { listen }), isListenError('"b"', '/healthz'))
  await mount('b', [get('/b')], { listen })
})

test('refusals are in the words of the source whose routes are nearest', async (t) => {
  const { mount } = world(t)
  const word = (status: number, detail: string) => ({ type: 'text/plain', body: `${status}! ${detail}` })
  const plain = await mount('plain', [get('/plain')])
  const { at, listen } = plain
  await mount('wordy', [get('/wordy/a')], { listen }, word)
  assert.equal(await text(`${at}/wordy/b`), '404 404! Nothing is taken here.')
  assert.equal(await text(`${at}/wordy/a`, { method: 'PUT' }), '405 405! This takes GET, HEAD.')
  const response = await fetch(`${at}/plain`, { method: 'DELETE' })
  assert.equal(response.headers.get('content-type'), 'application/problem+json')
  assert.equal(response.headers.get('allow'), 'GET, HEAD')
  assert.deepEqual(plain.source.rejected, [], 'no records were meant')
})

test('what left a listener that stays answers 503 for a while, until it is back or gone', async (t) => {
  const { mount, clock } = world(t)
  const { at, listen } = await mount('stays', [get('/stays')])
  const leaves = await mount('leaves', [get('/leaves')], { listen })
  await leaves.mounted.unmount()
  assert.equal(leaves.source.connections, 0)
  const away = await fetch(`${at}/leaves`)
  assert.deepEqual([away.status, away.headers.get('retry-after')], [503, '1'])
  const back = await mount('leaves', [get('/leaves', says('back'))], { listen })
  assert.equal(await text(`${at}/leaves`), '200 back')
  await back.mounted.unmount()
  clock.advance(10_001)
  assert.equal((await fetch(`${at}/leaves`)).status, 404)
})

test('an unmount waits for what is under way, and takes nothing new', async (t) => {
  const { mount } = world(t)
  const gate = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const stays = await mount('stays', [get('/stays')])
  const leaves = await mount(
    'leaves',
    [
      get('/slow', async (exchange) => {
        begun.resolve()
        await gate.promise
        says('at last')(exchange)
      }),
    ],
    { listen: stays.listen },
  )
  const slow = text(`${stays.at}/slow`)
  await begun.promise
  let left = false
  const unmounted = leaves.mounted.unmount().then(() => {
    left = true
  })
  assert.equal((await fetch(`${stays.at}/slow`)).status, 503)
  assert.equal(left, false)
  gate.resolve()
  await unmounted
  assert.equal(await slow, '200 at last')
})

test('a body that does not arrive is cut off when its source leaves, and others are not', async (t) => {
  const { mount } = world(t)
  const stays = await mount('stays', [get('/stays')])
  const limits = bodyLimits(bodySchema.parse({}))
  const failures: string[] = []
  const handle = async (exchange: Exchange) => {
    const result = await exchange.body(limits)
    if (!result.ok) failures.push(result.failure)
    exchange.refuse(400, 'It broke.')
  }
  const leaves = await mount('leaves', [{ method: 'POST', path: '/body', handle }], { listen: stays.listen })
  const [half, idle] = [await RawHttp.open(stays.at), await RawHttp.open(stays.at)]
  await half.head('POST', '/body', { 'content-length': 100, expect: '100-continue' })
  while (half.socket.bytesRead === 0) await new Promise(setImmediate)
  await idle.head('GET', '/stays')
  await idle.answer()
  await leaves.mounted.unmount()
  assert.deepEqual(failures, ['aborted'])
  await half.untilClosed()
  await idle.head('GET', '/stays')
  assert.equal((await idle.answer())?.status, 200)
  idle.socket.destroy()
})

test('a handler that fails, or forgets to answer, is our defect: 500, and the listener goes on', async (t) => {
  const { mount, logged } = world(t)
  const { at } = await mount('a', [
    get('/throws', () => {
      throw new Error('boom')
    }),
    get('/forgets', () => undefined),
    get('/twice', (exchange) => {
      says('one')(exchange)
      says('two')(exchange)
    }),
    get('/nothing', (exchange) => exchange.answer(204, {})),
  ])
  assert.equal((await fetch(`${at}/throws`)).status, 500)
  assert.equal((await fetch(`${at}/forgets`)).status, 500)
  assert.equal(await text(`${at}/twice`), '200 one')
  const nothing = await fetch(`${at}/nothing`)
  assert.deepEqual([nothing.status, nothing.headers.get('content-length')], [204, null])
  assert.deepEqual(logged, Array(2).fill('a request could not be answered'))
})

test('snappy blocks are taken where a route asks for them, within the limits', async (t) => {
  const { mount } = world(t)
  const limits = bodyLimits(bodySchema.parse({ decompressed_bytes_max: 10_000, buffered_bytes_max: 20_000 }))
  const take = (expected: Parameters<Exchange['body']>[1]) => async (exchange: Exchange) => {
    const result = await exchange.body(limits, expected)
    if (!result.ok) {
      exchange.answer(result.status, result.headers, result.failure)
      return
    }
    exchange.answer(200, {}, `${result.wireBytes} ${result.body.length}`)
    result.body.release()
  }
  const { at } = await mount('a', [
    { method: 'POST', path: '/also', handle: take({ snappy: 'also' }) },
    { method: 'POST', path: '/assumed', handle: take({ snappy: 'assumed' }) },
    { method: 'POST', path: '/never', handle: take({}) },
  ])
  const block = compressSync(Buffer.alloc(5000, 'abc'))
  const named = { 'content-encoding': 'snappy' }
  const cases: [path: string, headers: Record<string, string>, body: Buffer, answer: string][] = [
    ['/also', named, block, `200 ${block.length} 5000`],
    ['/also', {}, block, `200 ${block.length} ${block.length}`],
    ['/assumed', named, block, `200 ${block.length} 5000`],
    ['/assumed', {}, block, `200 ${block.length} 5000`],
    ['/assumed', named, Buffer.from([0]), '200 1 0'],
    ['/never', named, block, '415 unsupported_encoding'],
    ['/also', named, compressSync(Buffer.alloc(10_001)), '413 body_too_large'],
    // It promises 4 GiB.
    ['/also', named, Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3]), '400 malformed'],
    ['/also', named, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]), '400 malformed'],
    ['/also', named, block.subarray(0, -1), '400 malformed'],
    ['/also', named, Buffer.alloc(0), '400 malformed'],
    ['/also', { 'content-encoding': 'gzip' }, block, '400 malformed'],
  ]
  for (const [path, headers, body, answer] of cases) {
    assert.equal(await text(at + path, { method: 'POST', headers, body }), answer)
  }
  assert.equal((limits.budget as { used?: number }).used, 0, 'all memory was given back')
  const unknown = await fetch(`${at}/also`, { method: 'POST', headers: { 'content-encoding': 'br' }, body: 'x' })
  assert.match(unknown.headers.get('accept-encoding') ?? '', /gzip.*zstd.*snappy/)
})

test('who is not in the list is not let in: counted, logged once a second', async (t) => {
  const { mount, logged, clock } = world(t)
  const closed = await mount('closed', [get('/')], { allow: ['10.0.0.0/8', '::1'] })
  for (let i = 0; i < 3; i++) {
    const raw = await RawHttp.open(closed.at)
    await raw.untilClosed()
  }
  clock.advance(1001)
  const raw = await RawHttp.open(closed.at)
  await raw.untilClosed()
  assert.deepEqual(closed.source.rejected, Array(4).fill(['not_allowed', 1, 0]))
  assert.deepEqual(logged, Array(2).fill('refused: the sender is not in the list of those that may send'))
  const open = await mount('open', [get('/')], { allow: ['127.0.0.0/8'] })
  assert.equal(await text(open.at), '200 /')
})
