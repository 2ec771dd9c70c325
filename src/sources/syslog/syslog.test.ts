import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { connect as connectSecurely } from 'node:tls'
import { promisify } from 'node:util'
import { syslogRecord } from '#codecs/syslog/decoders.ts'
import { Block } from '#telemetry/block.ts'
import { blockOf } from '#test/support/blocks.ts'
import { Certificate } from '#test/support/certificate.ts'
import { authority } from '#test/support/certificates.ts'
import { FakeSourceContext } from '#test/support/fake-intake.ts'
import { requireService } from '#test/support/services.ts'
import { Forwarder } from '#test/support/syslog-daemons.ts'
import { tlsFiles } from '#test/support/tls-files.ts'
import { syslog } from './syslog.ts'

const run = promisify(execFile)

async function started(t: TestContext, options: object = {}) {
  const context = new FakeSourceContext()
  const source = syslog.create(syslog.config.parse({ listen: '127.0.0.1:0', ...options }), context)
  await source.start()
  t.after(() => source.stop())
  const { intake } = context
  const port = Number(new URL(source.address()).port)
  const messages = (): string[] =>
    intake.entries.flatMap(({ framing, bytes }) =>
      framing === 'syslog_record' ? [bytes.toString()] : bytes.toString().replace(/\n$/, '').split('\n'),
    )
  const received = (count: number) => intake.until(() => messages().length >= count)
  return { source, context, intake, port, messages, received }
}

/** What a rule or a vendor sees of a message. */
function read(message: string): Record<string, unknown> {
  const json = new Block()
  const { format } = syslogRecord
  format.toJson(blockOf([message], { context: { format, arrivalMs: Date.now() } }), json)
  return JSON.parse(json.recordText(0)) as Record<string, unknown>
}

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

test('syslog: connections of both framings, each with an origin of its own', async (t) => {
  const { intake, port, received, messages } = await started(t)
  const [lines, counted] = [await connected(port), await connected(port)]
  lines.end('<13>one\n<13>two')
  await received(2)
  counted.end('8 <13>four9 <13>fi\nve')
  await received(4)
  assert.deepEqual(messages(), ['<13>one', '<13>two', '<13>four', '<13>fi\nve'])
  const origins = new Set(intake.entries.map(({ origin }) => origin))
  assert.equal(origins.size, 2)
})

test('syslog: over TLS, the name of the zone in front', async (t) => {
  const { cert_file, key_file } = tlsFiles(t)
  const { intake, port } = await started(t, { tls: { cert_file, key_file }, time_zone: 'Europe/Berlin' })
  const socket = connectSecurely({ port, host: '127.0.0.1', ca: authority, servername: 'server.test' })
  await once(socket, 'secureConnect')
  socket.end('9 <13>first10 <13>second')
  socket.resume()
  await intake.until(() => intake.entries.length === 1)
  const [entry] = intake.entries
  assert.equal(entry!.framing, 'syslog_zoned')
  assert.equal(entry!.bytes.toString('latin1'), '\x00\x0dEurope/Berlin<13>first\n<13>second\n')
})

test('syslog: over UDP, each datagram one message', async (t) => {
  const { port, received, messages, source, intake } = await started(t, { protocol: 'udp' })
  assert.match(source.address(), /^udp:/)
  const sender = createSocket('udp4')
  t.after(() => sender.close())
  const sent = ['<13>one', '<13>two\n', '<13>th\nree', '<13>four\0']
  for (const text of sent) await new Promise((resolve) => sender.send(text, port, '127.0.0.1', resolve))
  await received(4)
  assert.deepEqual(messages(), ['<13>one', '<13>two', '<13>th\nree', '<13>four\0'])
  assert.equal(read(messages()[3]!)['message'], 'four')
  assert.ok(intake.entries.every(({ framing }) => framing.startsWith('syslog_')))
})

test('syslog: octet counting that is out of step is refused, and counted', async (t) => {
  const { port, context, messages } = await started(t, { framing: 'octet_counting' })
  const socket = await connected(port)
  socket.on('error', () => undefined)
  socket.write('7 <13>one<13>two\n')
  socket.resume()
  await once(socket, 'close')
  assert.deepEqual([messages(), context.reasons()], [['<13>one'], ['malformed']])
})

test('syslog: options that do not go together are refused', () => {
  for (const options of [
    { time_zone: 'Nowhere/None' },
    { protocol: 'udp', framing: 'newline' },
    { protocol: 'udp', tls: { cert_file: 'a', key_file: 'b' } },
    { message_bytes_max: 100 },
  ])
    assert.equal(syslog.config.safeParse(options).success, false, JSON.stringify(options))
})

test('syslog: what logger sends, in every way that it knows', async (t) => {
  if (!requireService(t, 'logger')) return
  const tcp = await started(t)
  const udp = await started(t, { protocol: 'udp' })
  const rfc5424 = ['--rfc5424', '--msgid', 'ORDER', '--sd-id', 'o@32473', '--sd-param', 'user="ann"']
  const log = (port: number, ...flags: string[]) =>
    run('logger', [
      '-n',
      '127.0.0.1',
      '-P',
      String(port),
      '-p',
      'local3.err',
      '-t',
      'shop',
      '--id=17',
      ...flags,
      'no stock',
    ])
  await log(tcp.port, '--tcp', ...rfc5424)
  await log(tcp.port, '--tcp', '--octet-count', ...rfc5424)
  await log(tcp.port, '--tcp', '--rfc3164')
  await log(tcp.port, '--tcp', '--octet-count', '--rfc3164')
  await tcp.received(4)
  await log(udp.port, '--udp', ...rfc5424)
  await log(udp.port, '--udp', '--rfc3164')
  await udp.received(2)
  for (const message of [...tcp.messages(), ...udp.messages()]) {
    const { timestamp, host, structured_data, msg_id, ...rest } = read(message)
    assert.deepEqual(rest, {
      ...{ message: 'no stock', level: 'error', facility: 'local3', service: 'shop', proc_id: '17' },
    })
    assert.ok(Math.abs(Date.now() - Date.parse(timestamp as string)) < 86_400_000, message)
    assert.ok(typeof host === 'string')
    if (message.startsWith('<155>1 ')) {
      assert.equal(msg_id, 'ORDER')
      assert.deepEqual((structured_data as Record<string, unknown>)['o@32473'], { user: 'ann' })
    }
  }
})

const LINES = ['<155>Jan 31 08:15:30 web-1 shop[17]: no stock', '<14>Jan 31 08:15:31 web-1 shop[17]: {"user":"ann"}']

async function forwards(forwarder: Forwarder, target: Awaited<ReturnType<typeof started>>): Promise<void> {
  await using daemon = forwarder
  await daemon.log(...LINES)
  await target.received(2)
  const fields = target.messages().map((message) => {
    const { level, facility, host, service, proc_id, message: text } = read(message)
    // rsyslog counts the space behind the colon of an old message to the message.
    return [level, facility, host, service, proc_id, String(text).trimStart()]
  })
  assert.deepEqual(fields, [
    ['error', 'local3', 'web-1', 'shop', '17', 'no stock'],
    ['info', 'user', 'web-1', 'shop', '17', '{"user":"ann"}'],
  ])
}

for (const [name, action] of [
  ['lines of RFC 3164', 'template="RSYSLOG_TraditionalForwardFormat"'],
  ['lines with times of RFC 3339', 'template="RSYSLOG_ForwardFormat"'],
  ['counted messages of RFC 5424', 'TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format"'],
] as const) {
  test(`syslog: rsyslog forwards ${name}`, async (t) => {
    if (!requireService(t, 'rsyslogd')) return
    const target = await started(t)
    await forwards(await Forwarder.rsyslog(`target="127.0.0.1" port="${target.port}" protocol="tcp" ${action}`), target)
  })
}

test('syslog: rsyslog forwards over TLS', async (t) => {
  if (!requireService(t, 'rsyslogd')) return
  const { cert_file, key_file, client_ca_file } = tlsFiles(t)
  const target = await started(t, { tls: { cert_file, key_file } })
  const secure = 'StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="x509/name"'
  const action = `target="127.0.0.1" port="${target.port}" protocol="tcp" TCP_Framing="octet-counted" ${secure}`
  await forwards(await Forwarder.rsyslog(`${action} StreamDriverPermittedPeers="server.test"`, client_ca_file), target)
})

test('syslog: syslog-ng forwards lines, counted messages, and over TLS', async (t) => {
  if (!requireService(t, 'syslog-ng') || !requireService(t, 'openssl')) return
  using certificate = new Certificate()
  for (const [destination, options] of [
    ['network("127.0.0.1" transport("tcp") port(PORT))', {}],
    ['network("127.0.0.1" transport("tcp") port(PORT) flags(syslog-protocol))', {}],
    ['syslog("127.0.0.1" transport("tcp") port(PORT))', {}],
    [
      `syslog("localhost" transport("tls") port(PORT) tls(ca-file("${certificate.certFile}")))`,
      { tls: { cert_file: certificate.certFile, key_file: certificate.keyFile } },
    ],
  ] as const) {
    const target = await started(t, options)
    await forwards(await Forwarder.syslogNg(destination.replace('PORT', String(target.port))), target)
  }
})

interface SyslogClient {
  log(message: string, options: object, done: (error?: Error) => void): void
  close(): void
}

test('syslog: the npm client syslog-client, over TCP and UDP, old and new', async (t) => {
  const library = createRequire(import.meta.url)('syslog-client') as {
    createClient(target: string, options: object): SyslogClient
    Transport: Record<'Tcp' | 'Udp', number>
  }
  for (const protocol of ['tcp', 'udp'] as const) {
    const target = await started(t, { protocol })
    for (const rfc3164 of [true, false]) {
      const client = library.createClient('127.0.0.1', {
        ...{ port: target.port, rfc3164, appName: 'shop', syslogHostname: 'web-1' },
        transport: protocol === 'tcp' ? library.Transport.Tcp : library.Transport.Udp,
      })
      await new Promise<void>((resolve, reject) => {
        client.log('no stock', { facility: 19, severity: 3 }, (error) => (error ? reject(error) : resolve()))
      })
      client.close()
    }
    await target.received(2)
    for (const message of target.messages()) {
      const { level, facility, host, message: text } = read(message)
      assert.deepEqual([level, facility, host], ['error', 'local3', 'web-1'], message)
      assert.match(String(text), /no stock$/)
    }
  }
})
