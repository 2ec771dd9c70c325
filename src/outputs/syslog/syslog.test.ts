import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Output } from '#component/output.ts'
import { Certificate } from '#test/support/certificate.ts'
import { encodeFor, outputContext } from '#test/support/outputs.ts'
import { requireService } from '#test/support/services.ts'
import { until } from '#test/support/sinks.ts'
import { SyslogNg } from '#test/support/syslog-ng.ts'
import { SyslogFake } from '#test/support/vendors/syslog.ts'
import { syslog } from './syslog.ts'

const never = new AbortController().signal
const ARRIVAL = Date.UTC(2026, 0, 31, 8, 15, 30)

async function outputTo(options: Record<string, unknown>): Promise<Output> {
  const output = syslog.create(syslog.config.parse(options), outputContext())
  await output.start()
  return output
}

const batch = (options: Record<string, unknown>, records: string[]) =>
  encodeFor(syslog, options, records, { arrivalMs: ARRIVAL })

const RECORD = '{"level":"error","service":"checkout","host":"web-1","message":"a\\nb","trace_id":"t1"}'

for (const [transport, framing] of [
  ['tcp', 'octet_counting'],
  ['tcp', 'newline'],
  ['udp', undefined],
] as const) {
  test(`syslog: messages over ${transport}${framing === undefined ? '' : `, ${framing}`}`, async () => {
    await using fake = await new SyslogFake({ transport, framing: framing ?? 'octet_counting' }).listen()
    const options = {
      ...{ address: `127.0.0.1:${fake.port}`, transport, facility: 'local3', message: 'message' },
      ...{ hostname: 'gateway', app_name: 'app', structured_data_id: 'trace@32473' },
      ...(framing === undefined ? {} : { framing }),
    }
    const output = await outputTo(options)
    const records = [RECORD, ...Array.from({ length: 100 }, (_, i) => `text ${i} é`)]
    assert.deepEqual(await output.send(batch(options, records), never), { ok: true })
    await until(() => fake.messages.length === records.length, 'the messages')
    await output.stop()
    assert.deepEqual(fake.violations, [])
    assert.deepEqual(fake.messages[0], {
      ...{ facility: 19, severity: 3, timestamp: '2026-01-31T08:15:30.000Z', hostname: 'web-1', appName: 'checkout' },
      structuredData: '[trace@32473 trace_id="t1"]',
      message: framing === 'newline' ? 'a b' : 'a\nb',
    })
    assert.partialDeepStrictEqual(fake.messages[100], { severity: 6, hostname: 'gateway', appName: 'app' })
    assert.deepEqual(fake.stored.slice(1), records.slice(1))
  })
}

test('syslog: over TLS the server is checked, and so is its name', async (t) => {
  if (!requireService(t, 'openssl')) return
  using certificate = new Certificate()
  const { cert, key } = certificate
  await using fake = await new SyslogFake({ transport: 'tls', tls: { cert, key } }).listen()
  const options = { address: `127.0.0.1:${fake.port}`, transport: 'tls' }
  const send = async (tls: Record<string, unknown>) => {
    const all = { ...options, tls }
    const output = await outputTo(all)
    const result = await output.send(batch(all, ['secured']), never)
    await output.stop()
    return result
  }
  const trusted = { ca_file: certificate.certFile }
  assert.deepEqual(await send({ ...trusted, server_name: 'localhost' }), { ok: true })
  assert.deepEqual(await send({ verify: false }), { ok: true })
  for (const tls of [trusted, { ...trusted, server_name: 'other' }, {}]) {
    assert.partialDeepStrictEqual(await send(tls), { ok: false, retryable: true, code: 'connect' })
  }
  await until(() => fake.messages.length === 2, 'the messages')
  assert.deepEqual(fake.stored, ['secured', 'secured'])
  assert.deepEqual(fake.violations, [])
})

test('syslog: a client certificate is shown, and files that hold none stop the start', async (t) => {
  if (!requireService(t, 'openssl')) return
  using certificate = new Certificate()
  const { cert, key, certFile, keyFile } = certificate
  const server = { cert, key, ca: cert, requestCert: true, rejectUnauthorized: true }
  await using fake = await new SyslogFake({ transport: 'tls', tls: server }).listen()
  const options = { address: `127.0.0.1:${fake.port}`, transport: 'tls' }
  const tls = { ca_file: certFile, cert_file: certFile, key_file: keyFile, server_name: 'localhost' }
  const output = await outputTo({ ...options, tls })
  assert.deepEqual(await output.send(batch(options, ['secured']), never), { ok: true })
  await until(() => fake.messages.length === 1, 'the message')
  await output.stop()
  await assert.rejects(outputTo({ ...options, tls: { ...tls, key_file: certFile } }))
  await assert.rejects(outputTo({ ...options, tls: { ca_file: '/nonexistent/ca.pem' } }), /cannot be read/)
})

test('syslog: a server that is away, or goes, is tried again by the next send', async () => {
  const first = await new SyslogFake({ transport: 'tcp' }).listen()
  const { port } = first
  const options = { address: `127.0.0.1:${port}` }
  const output = await outputTo(options)
  assert.deepEqual(await output.send(batch(options, ['a']), never), { ok: true })
  await until(() => first.messages.length === 1, 'the first message')
  await first[Symbol.asyncDispose]()
  // How soon this side hears of it is the kernel's matter; until then a write may still be taken.
  let result = await output.send(batch(options, ['b']), never)
  for (let i = 0; i < 100 && result.ok === true; i++) result = await output.send(batch(options, ['b']), never)
  assert.partialDeepStrictEqual(result, { ok: false, retryable: true })
  await using second = await new SyslogFake({ transport: 'tcp', port }).listen()
  assert.deepEqual(await output.send(batch(options, ['c']), never), { ok: true })
  await until(() => second.messages.length === 1, 'the message on the new connection')
  await output.stop()
})

test('syslog: over UDP, records that the kernel did not take come again, and only those', async () => {
  const fake = await new SyslogFake({ transport: 'udp' }).listen()
  const { port } = fake
  await fake[Symbol.asyncDispose]()
  const options = { address: `127.0.0.1:${port}`, transport: 'udp' }
  const output = await outputTo(options)
  // The answer to a datagram that nobody took shows with a later one; how many go through is the kernel's matter.
  const records = Array.from({ length: 200 }, (_, i) => `text ${i}`)
  let result = await output.send(batch(options, records), never)
  for (let i = 0; i < 100 && result.ok === true; i++) result = await output.send(batch(options, records), never)
  assert.notEqual(result.ok, true)
  if (result.ok === 'partly') {
    assert.ok(result.retry.length > 0 && result.retry.length < 200)
    assert.deepEqual(
      [...result.retry].sort((a, b) => a - b),
      result.retry,
    )
    assert.equal(result.retry.at(-1), 199)
  } else assert.partialDeepStrictEqual(result, { ok: false, retryable: true })
  await using back = await new SyslogFake({ transport: 'udp', port }).listen()
  assert.deepEqual(await output.send(batch(options, ['x']), never), { ok: true })
  await until(() => back.stored.includes('x'), 'the message')
  await output.stop()
})

test('syslog: a name that nobody knows, and a stop, are results', async () => {
  const options = { address: 'nobody.invalid:514', transport: 'udp' }
  const output = await outputTo(options)
  assert.partialDeepStrictEqual(await output.send(batch(options, ['a', 'b']), never), {
    ok: false,
    retryable: true,
    code: 'connect',
  })
  await output.stop()
  assert.partialDeepStrictEqual(await output.send(batch(options, ['a']), never), { ok: false, code: 'stopped' })
})

test('syslog: a datagram is as long as it may be, and what is longer is cut or refused', async () => {
  await using fake = await new SyslogFake({ transport: 'udp' }).listen()
  const options = { address: `127.0.0.1:${fake.port}`, transport: 'udp' }
  const output = await outputTo(options)
  const large = { ...options, max_message_bytes: 65_507 }
  await output.send(batch(options, ['x'.repeat(5000)]), never)
  assert.deepEqual(await output.send(batch(large, ['y'.repeat(70_000)]), never), { ok: true })
  await until(() => fake.messages.length === 2, 'the messages')
  await output.stop()
  assert.match(fake.stored[0]!, /^x{1900,}…$/)
  assert.match(fake.stored[1]!, /^y{65000,}…$/)
})

test('syslog: what is refused as too long is the same length on every transport', () => {
  const limitOf = (options: Record<string, unknown>) => syslog.limits!(syslog.config.parse(options)).recordBytes
  const refuse = { address: 'h:514', too_long: 'refuse', max_message_bytes: 2000 }
  assert.equal(limitOf({ address: 'h:514' }), undefined)
  for (const options of [refuse, { ...refuse, framing: 'newline' }, { ...refuse, transport: 'udp' }]) {
    const limit = limitOf(options)!
    const header = '<14>1 2026-01-31T08:15:30.000Z - - - - - '.length
    const fitting = batch(options, ['x'.repeat(2000 - header)])
    const longer = batch(options, ['x'.repeat(2001 - header)])
    assert.equal(fitting.ends[0], limit)
    assert.equal(longer.ends[0], limit + 1)
  }
})

test('syslog: options that do not go together are refused', () => {
  const valid = (options: Record<string, unknown>) => syslog.config.safeParse({ address: 'h:514', ...options }).success
  assert.equal(valid({}), true)
  assert.equal(valid({ address: 'h:65536' }), false)
  assert.equal(valid({ transport: 'tls', framing: 'newline' }), false)
  assert.equal(valid({ transport: 'udp', framing: 'octet_counting' }), false)
  assert.equal(valid({ transport: 'tcp', tls: {} }), false)
  assert.equal(valid({ transport: 'udp', max_message_bytes: 65_508 }), false)
  assert.equal(valid({ transport: 'tcp', max_message_bytes: 65_508 }), true)
  assert.equal(valid({ max_message_bytes: 1000 }), false)
  assert.equal(valid({ facility: 'local8' }), false)
  for (const id of ['trace', 'tr ace@1', 'tr"@1', 'tr]@1', 'a=b@1', 'a@b@1'])
    assert.equal(valid({ structured_data_id: id }), false, id)
  assert.equal(valid({ app_name: 'a b' }), false)
  assert.equal(valid({ hostname: 'é' }), false)
})

test('syslog: a real syslog-ng understands every transport', { timeout: 60_000 }, async (t) => {
  if (!requireService(t, 'syslog-ng') || !requireService(t, 'openssl')) return
  using certificate = new Certificate()
  await using server = await new SyslogNg().start(certificate)
  const { octets, lines, udp, tls } = server.ports
  const ways = [
    { address: `127.0.0.1:${octets}` },
    { address: `127.0.0.1:${lines}`, framing: 'newline' },
    { address: `127.0.0.1:${udp}`, transport: 'udp' },
    {
      address: `localhost:${tls}`,
      transport: 'tls',
      tls: { ca_file: certificate.certFile, server_name: 'localhost' },
    },
  ]
  for (const [i, way] of ways.entries()) {
    const options = { ...way, facility: 'local3', message: 'message', structured_data_id: 'trace@32473' }
    const output = await outputTo(options)
    assert.deepEqual(await output.send(batch(options, [RECORD, `way ${i}: é 😀`]), never), { ok: true })
    await server.received(2 * (i + 1))
    await output.stop()
    assert.deepEqual(server.messages.slice(-2), [
      {
        ...{ facility: 'local3', severity: '3', time: '2026-01-31T08:15:30.000000+00:00', host: 'web-1' },
        ...{ program: 'checkout', trace_id: 't1', message: 'framing' in way ? 'a b' : 'a\nb' },
      },
      {
        ...{ facility: 'local3', severity: '6', time: '2026-01-31T08:15:30.000000+00:00', host: '127.0.0.1' },
        ...{ program: '', trace_id: '', message: `way ${i}: é 😀` },
      },
    ])
  }
})
