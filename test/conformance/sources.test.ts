/** What every source promises, and what every door withstands. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { parse } from 'yaml'
import type { Source, SourceDefinition } from '#component/source.ts'
import { StreamgateError } from '#contract/error.ts'
import { http } from '#sources/http/http.ts'
import { syslog } from '#sources/syslog/syslog.ts'
import { tcp } from '#sources/tcp/tcp.ts'
import { udp } from '#sources/udp/udp.ts'
import { FakeSourceContext } from '#test/support/fake-intake.ts'
import { RawHttp } from '#test/support/raw-http.ts'

const SEED = 20_260_104
const LOCAL = { listen: '127.0.0.1:0' }

const doors = [tcp, udp, http, syslog] as const
/** Of those that are not called by what they speak. */
const SCHEMES: Readonly<Record<string, string>> = { syslog: 'tcp' }
/** Makes a source from options as a user writes them. */
function make(definition: (typeof doors)[number], options: object, context = new FakeSourceContext()): Source {
  switch (definition.name) {
    case 'tcp':
      return tcp.create(tcp.config.parse(options), context)
    case 'udp':
      return udp.create(udp.config.parse(options), context)
    case 'syslog':
      return syslog.create(syslog.config.parse(options), context)
    default:
      return http.create(http.config.parse(options), context)
  }
}

function portOf(source: Source): number {
  return Number(new URL(source.address()).port)
}

/** Number of sockets and listeners that this process holds; where the system does not tell, always 0. */
function openSockets(): number {
  if (!existsSync('/proc/self/fd')) return 0
  return readdirSync('/proc/self/fd').filter((fd) => linkOf(fd).startsWith('socket:')).length
}

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return ''
  }
}

for (const definition of doors) {
  const { name } = definition
  const facts: SourceDefinition<typeof definition.config> | typeof definition = definition

  test(`${name}: defaults are valid and every option says what it is for`, () => {
    assert.ok(facts.config.safeParse({}).success)
    for (const [option, schema] of Object.entries(facts.config.shape)) {
      assert.ok(schema.description, `${option} has no description`)
    }
  })

  test(`${name}: an unknown key and an address that is none are refused`, () => {
    assert.equal(facts.config.safeParse({ listn: '0.0.0.0:1' }).success, false)
    for (const listen of ['8081', 'host:', ':8081', '1.2.3.4:65536', '::1:80', 'a b:80', '[::1]', 80]) {
      assert.equal(facts.config.safeParse({ listen }).success, false, String(listen))
    }
    for (const listen of ['0.0.0.0:0', '[::]:8081', '[fe80::1%eth0]:1', 'localhost:65535', 'my-host.example:80']) {
      assert.equal(facts.config.safeParse({ listen }).success, true, listen)
    }
  })

  test(`${name}: the README names every option, and its example is valid`, () => {
    const readme = readFileSync(new URL(`../../src/sources/${name}/README.md`, import.meta.url), 'utf8')
    for (const option of Object.keys(facts.config.shape)) assert.ok(readme.includes(`| \`${option}\` |`), option)
    const example = /```yaml\n(.*?)```/s.exec(readme)?.[1]
    assert.ok(example)
    const { sources } = parse(example)
    assert.ok(sources.length > 0)
    for (const { id, type, overflow, ...options } of sources) {
      assert.equal(type, name)
      assert.ok(id && (overflow === undefined || ['block', 'drop_oldest'].includes(overflow)))
      facts.config.parse(options)
    }
  })

  test(`${name}: stop is safe before start and when called twice`, async () => {
    await make(definition, LOCAL).stop()
    const source = make(definition, LOCAL)
    await source.start()
    await Promise.all([source.stop(), source.stop()])
    await source.stop()
  })

  test(`${name}: says the real address, IPv6 too, and leaves no socket open`, async () => {
    const before = openSockets()
    for (const [listen, shape] of [
      ['127.0.0.1:0', /^\w+:\/\/127\.0\.0\.1:[1-9]\d*$/],
      ['[::1]:0', /^\w+:\/\/\[::1\]:[1-9]\d*$/],
    ] as const) {
      const source = make(definition, { listen })
      await source.start()
      assert.match(source.address(), shape)
      assert.ok(source.address().startsWith(`${SCHEMES[name] ?? name}://`))
      await source.stop()
    }
    await new Promise(setImmediate)
    assert.equal(openSockets(), before)
  })

  test(`${name}: a port in use is an SG_LISTEN with the address and a remedy`, async (t) => {
    const first = make(definition, LOCAL)
    await first.start()
    t.after(() => first.stop())
    const second = make(definition, { listen: `127.0.0.1:${portOf(first)}` })
    await assert.rejects(second.start(), (error) => {
      assert.ok(error instanceof StreamgateError)
      assert.equal(error.code, 'SG_LISTEN')
      assert.ok(error.message.includes(first.address()), error.message)
      assert.match(error.message, /choose another port/)
      return true
    })
    await second.stop()
  })
}

const noise = fc.sample(fc.uint8Array({ minLength: 1, maxLength: 3000 }), { seed: SEED, numRuns: 150 })

test(`tcp: no byte of noise is lost or invented (seed ${SEED})`, async (t) => {
  const context = new FakeSourceContext()
  const source = make(tcp, { ...LOCAL, line_bytes_max: 100 }, context)
  await source.start()
  t.after(() => source.stop())
  const socket = connect(portOf(source), '127.0.0.1')
  for (const bytes of noise) if (!socket.write(bytes)) await once(socket, 'drain')
  socket.end()
  socket.resume()
  await once(socket, 'close')
  const got = Buffer.concat(context.intake.entries.map((entry) => entry.bytes))
  assert.deepEqual(got, Buffer.concat(noise))
})

test('tcp: hundreds of half-open, silent and broken connections are all let go at stop', async () => {
  const before = openSockets()
  const context = new FakeSourceContext()
  const source = make(tcp, LOCAL, context)
  await source.start()
  const sockets = Array.from({ length: 300 }, () =>
    connect({ port: portOf(source), host: '127.0.0.1', allowHalfOpen: true }),
  )
  for (const socket of sockets) socket.on('error', () => undefined)
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  while (context.connections < sockets.length) await new Promise(setImmediate)
  sockets.forEach((socket, i) => {
    if (i % 3 === 0) socket.write('unfinished')
    if (i % 3 === 1) socket.resetAndDestroy()
    if (i % 5 === 0) socket.end()
  })
  await source.stop()
  assert.equal(context.connections, 0)
  assert.equal(context.intake.records().length, 100)
  assert.ok(context.intake.records().every((record) => record === 'unfinished'))
  for (const socket of sockets) socket.destroy()
  await new Promise(setImmediate)
  assert.equal(openSockets(), before)
})

test(`udp: every datagram of noise is one record (seed ${SEED})`, async (t) => {
  const context = new FakeSourceContext()
  const source = make(udp, LOCAL, context)
  await source.start()
  const sender = createSocket('udp4')
  t.after(async () => {
    sender.close()
    await source.stop()
  })
  for (const bytes of noise) {
    await new Promise<void>((resolve) => sender.send(bytes, portOf(source), '127.0.0.1', () => resolve()))
  }
  await context.intake.until(() => context.intake.records().length === noise.length)
})

test(`http: noise on a connection is answered with 400 or closed, and the next client is served (seed ${SEED})`, async (t) => {
  const context = new FakeSourceContext()
  const source = make(http, LOCAL, context)
  await source.start()
  t.after(() => source.stop())
  for (const bytes of noise) {
    const client = await RawHttp.open(source.address())
    await client.send(bytes)
    client.socket.end()
    const answer = await client.answer()
    assert.ok(answer === null || answer.status === 400, String(answer?.status))
    client.socket.destroy()
  }
  assert.equal(context.intake.puts, 0)
  const client = await RawHttp.open(source.address())
  await client.head('GET', '/healthz')
  assert.equal((await client.answer())?.status, 200)
  client.socket.destroy()
})

test(`http: noise as a body, under any type and encoding, is taken whole or refused (seed ${SEED})`, async (t) => {
  const context = new FakeSourceContext()
  const source = make(http, LOCAL, context)
  await source.start()
  t.after(() => source.stop())
  const types = ['text/plain', 'application/json', 'application/x-ndjson']
  const encodings = ['identity', 'gzip', 'deflate', 'zstd']
  let i = 0
  for (const bytes of noise) {
    const client = await RawHttp.open(source.address())
    const headers = { 'content-type': types[i % 3]!, 'content-encoding': encodings[i++ % 4]! }
    await client.head('POST', '/', { ...headers, 'content-length': bytes.length })
    await client.send(bytes)
    const answer = await client.answer()
    assert.ok(answer?.status === 202 || answer?.status === 400, String(answer?.status))
    client.socket.destroy()
  }
})

test('http: one byte at a time is taken, an abort in mid-body and a wrong length take nothing', async (t) => {
  const context = new FakeSourceContext()
  const source = make(http, LOCAL, context)
  await source.start()
  t.after(() => source.stop())
  const slow = await RawHttp.open(source.address())
  slow.socket.setNoDelay(true)
  for (const byte of 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na\nb') {
    await slow.send(byte)
    await new Promise(setImmediate)
  }
  assert.equal((await slow.answer())?.status, 202)
  slow.socket.destroy()
  assert.deepEqual(context.intake.records(), ['a', 'b'])

  for (const headers of [
    { 'content-length': 1000 },
    { 'transfer-encoding': 'chunked' },
    { 'content-length': 1000, 'content-encoding': 'gzip' },
  ]) {
    const aborted = await RawHttp.open(source.address())
    await aborted.head('POST', '/', headers)
    const already = context.rejected.length
    await aborted.send('3e8\r\nhalf')
    aborted.socket.destroy()
    while (context.rejected.length === already) await new Promise(setImmediate)
  }
  assert.deepEqual(new Set(context.reasons()), new Set(['malformed']))

  const short = await RawHttp.open(source.address())
  await short.head('POST', '/', { 'content-length': 2 })
  await short.send('ok and more\r\n\r\n')
  assert.equal((await short.answer())?.status, 202)
  assert.equal((await short.answer())?.status, 400)
  short.socket.destroy()
  assert.deepEqual(context.intake.records(), ['a', 'b', 'ok'])
})

test('http: a body of a hundred thousand one-byte chunks takes no more than its bytes', async (t) => {
  const context = new FakeSourceContext()
  const source = make(http, LOCAL, context)
  await source.start()
  t.after(() => source.stop())
  const client = await RawHttp.open(source.address())
  await client.head('POST', '/', { 'transfer-encoding': 'chunked' })
  await client.send('1\r\nx\r\n'.repeat(100_000))
  await client.send('0\r\n\r\n')
  assert.deepEqual(JSON.parse((await client.answer())!.body), { accepted_bytes: 100_000 })
  client.socket.destroy()
})

test('http: bombs of a gigabyte get 413 and little memory, several at once', async (t) => {
  const source = make(http, LOCAL)
  await source.start()
  t.after(() => source.stop())
  const gigabyte = 1024 ** 3
  const part = Buffer.alloc(gigabyte / 64)
  // Both formats allow members one after the other.
  const bombs = [
    ['gzip', Buffer.concat(Array(64).fill(gzipSync(part, { level: 1 })))],
    ['zstd', Buffer.concat(Array(64).fill(zstdCompressSync(part)))],
  ] as const
  const before = process.memoryUsage.rss()
  let most = before
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss())
  }, 2)
  t.after(() => clearInterval(watch))
  for (const [encoding, bomb] of bombs) {
    const client = await RawHttp.open(source.address())
    await client.head('POST', '/', { 'content-encoding': encoding, 'content-length': bomb.length })
    await client.send(bomb)
    assert.equal((await client.answer())?.status, 413, encoding)
    client.socket.destroy()
  }
  assert.ok(most - before < 200e6, `RSS grew by ${((most - before) / 1e6).toFixed(0)} MB`)
})
