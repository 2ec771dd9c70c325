import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { ManualClock } from '#std/clock.ts'
import { Secret } from '#std/secret.ts'
import { HttpSink } from '#test/support/sinks.ts'
import { guardedLookup, isForbidden, literalAddress } from './address-guard.ts'
import { type Message, RESPONSE_BYTES_MAX, Sender, type SenderOptions, TIMEOUT_MS } from './sender.ts'
import { newSigningSecret, signatureOf } from './signature.ts'

const never = new AbortController().signal
const AT = Date.UTC(2026, 0, 1)

function messageFor(url: string, overrides: Partial<Message> = {}): Message {
  const body = '{"type":"webhook.test","timestamp":"2026-01-01T00:00:00.000Z","data":{"text":"a < b & c"}}'
  return { kind: 'standard', url: new Secret(url), secrets: [newSigningSecret()], id: 'msg_1', body, ...overrides }
}

function senderWith(options: Partial<SenderOptions> = {}, clock = new ManualClock(AT)): Sender {
  return new Sender(clock, { allowPrivate: true, version: '1.2.3', ...options })
}

test('a signature is the one that the text of Standard Webhooks describes', () => {
  // Computed with `openssl dgst -sha256 -hmac`, from the key "abcdefghijklmnopqrstuvwxyz012345".
  const secret = new Secret('whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXowMTIzNDU=')
  const expected = 'v1,7ccghHP4dGK9hSgrONhiTWO25k+MZ2SVIBUTvdPC0FM='
  assert.equal(signatureOf([secret], 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W', 1_674_087_231, '{"a":"é"}'), expected)
  const both = signatureOf([newSigningSecret(), secret], 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W', 1_674_087_231, '{"a":"é"}')
  assert.equal(both.split(' ')[1], expected)
})

test('a standard webhook carries its id, the time of the attempt, and the signature of the bytes that are sent', async () => {
  await using sink = await HttpSink.start()
  const message = messageFor(`${sink.url}/hook?x=1`)
  sink.answers.push({ status: 202, body: 'thanks' })
  const outcome = await senderWith().send(message, never)
  assert.deepEqual(outcome, { status: 202, error: null, response: 'thanks', retryAfterMs: 0 })
  const [request] = sink.requests
  assert.equal(request?.method, 'POST')
  assert.equal(request?.path, '/hook?x=1')
  assert.equal(request?.headers['content-type'], 'application/json')
  assert.equal(request?.headers['user-agent'], 'streamgate/1.2.3')
  assert.equal(request?.headers['webhook-id'], 'msg_1')
  assert.equal(request?.headers['webhook-timestamp'], String(AT / 1000))
  assert.equal(request?.body, message.body)
  const key = Buffer.from(message.secrets[0]!.reveal().slice(6), 'base64')
  const signed = createHmac('sha256', key)
    .update(`msg_1.${AT / 1000}.${request?.body}`)
    .digest('base64')
  assert.equal(request?.headers['webhook-signature'], `v1,${signed}`)
})

test('Slack gets a text in which nothing means anything, and no signature', async () => {
  await using sink = await HttpSink.start()
  await senderWith().send(messageFor(sink.url, { kind: 'slack', secrets: [] }), never)
  const body = JSON.stringify({
    type: 'alert.firing',
    data: { text: '[critical] <!channel> is quiet', rule: { description: 'Call & see' } },
  })
  await senderWith().send(messageFor(sink.url, { kind: 'slack', secrets: [], body }), never)
  assert.deepEqual(
    sink.requests.map((request) => JSON.parse(request.body)),
    [{ text: 'a &lt; b &amp; c' }, { text: ':red_circle: [critical] &lt;!channel&gt; is quiet\nCall &amp; see' }],
  )
  assert.equal(sink.requests[0]!.headers['webhook-signature'], undefined)
})

test('an answer is read as far as it is kept, and a redirect is an answer', async () => {
  await using sink = await HttpSink.start()
  sink.answers.push(
    { status: 500, body: 'x'.repeat(1_000_000) },
    { status: 302, headers: { location: 'http://127.0.0.1:1/' } },
    { status: 200, headers: { 'content-length': '100' }, body: 'half\0' },
    { status: 503, headers: { 'retry-after': '120' } },
    { status: 503, headers: { 'retry-after': new Date(AT + 60_000).toUTCString() } },
    { status: 503, headers: { 'retry-after': '999999999' } },
    { status: 503, headers: { 'retry-after': 'soon' } },
  )
  const clock = new ManualClock(AT)
  const sender = senderWith({}, clock)
  const large = await sender.send(messageFor(sink.url), never)
  assert.equal(large.response?.length, RESPONSE_BYTES_MAX)
  assert.equal((await sender.send(messageFor(sink.url), never)).status, 302)
  const half = sender.send(messageFor(sink.url), never)
  while (sink.requests.length < 3) await new Promise(setImmediate)
  // The rest never comes.
  for (let i = 0; i < 200 && !(await isSettled(half)); i++) clock.advance(TIMEOUT_MS)
  assert.deepEqual(await half, { status: 200, error: null, response: 'half\ufffd', retryAfterMs: 0 })
  const waits = []
  for (let i = 0; i < 4; i++) waits.push((await senderWith().send(messageFor(sink.url), never)).retryAfterMs)
  assert.deepEqual(waits, [120_000, 60_000, 3_600_000, 0])
  assert.equal(sink.requests.length, 7, 'no redirect is followed')
})

test('what does not answer is told, without the URL', async () => {
  await using sink = await HttpSink.start()
  sink.answers.push('reset', 'hang')
  const clock = new ManualClock(AT)
  const sender = senderWith({}, clock)
  const reset = await sender.send(messageFor(`${sink.url}/s3cret`), never)
  assert.equal(reset.status, null)
  assert.ok(reset.error !== null && !reset.error.includes('s3cret'), reset.error ?? '')
  const hanging = sender.send(messageFor(`${sink.url}/s3cret`), never)
  while (sink.requests.length < 2) await new Promise(setImmediate)
  clock.advance(TIMEOUT_MS)
  assert.partialDeepStrictEqual(await hanging, { status: null, error: `no answer within ${TIMEOUT_MS} ms` })
  assert.match((await sender.send(messageFor('http://127.0.0.1:1/'), never)).error ?? '', /ECONNREFUSED/)
})

test('addresses that are not public are forbidden', () => {
  const bad = `0.0.0.0 10.1.2.3 100.64.0.1 100.100.100.200 127.0.0.1 127.8.9.1 169.254.169.254 172.16.0.1 172.31.255.255
    192.0.0.192 192.168.1.1 198.18.0.1 224.0.0.1 239.1.1.1 255.255.255.255 168.63.129.16 ::1 :: ::ffff:127.0.0.1 ::ffff:8.8.8.8
    ::127.0.0.1 64:ff9b::7f00:1 64:ff9b::808:808 fe80::1 fe80::1%eth0 fc00::1 fd00:ec2::254 ff02::1 2001:db8::1 2002:7f00:1::1
    2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 3fff::1 100::1 5f00::1 no-address`
  for (const address of bad.split(/\s+/)) assert.ok(isForbidden(address), address)
  for (const address of '1.1.1.1 8.8.8.8 172.15.0.1 172.32.0.1 100.63.0.1 100.128.0.1 11.0.0.1 2606:4700::1111 2a00:1450::1'.split(
    ' ',
  ))
    assert.ok(!isForbidden(address), address)
  // However it is written, a URL holds the address itself.
  for (const host of ['127.1', '0x7f.0.0.1', '2130706433', '[::1]', '[::ffff:127.0.0.1]', '017700000001'])
    assert.ok(isForbidden(literalAddress(new URL(`http://${host}/`))!), host)
  assert.equal(literalAddress(new URL('http://example.com')), undefined)
})

test('an address in the URL, and a name that leads to one, are refused before anything is connected', async () => {
  await using sink = await HttpSink.start()
  const port = new URL(sink.url).port
  const resolve = async () => [
    { address: '93.184.216.34', family: 4 },
    { address: '127.0.0.1', family: 4 },
  ]
  const sender = senderWith({ allowPrivate: false, resolve })
  for (const host of ['127.0.0.1', '[::1]', '0x7f.1', 'rebound.example']) {
    const { status, error } = await sender.send(messageFor(`http://${host}:${port}/`), never)
    assert.equal(status, null)
    assert.match(error ?? '', /is not a public address/, host)
  }
  assert.equal(sink.requests.length, 0)
})

test('a name is resolved once for each request, and what it leads to later does not matter', async () => {
  await using sink = await HttpSink.start()
  const port = new URL(sink.url).port
  const answers = ['127.0.0.1', '127.0.0.2', '127.0.0.1']
  let asked = 0
  const resolve = async () => [{ address: answers[asked++]!, family: 4 }]
  // Here 127.0.0.2 stands for what is private, and 127.0.0.1 for what is not.
  const sender = senderWith({ allowPrivate: false, resolve, isForbidden: (address) => address !== '127.0.0.1' })
  const outcomes = []
  for (let i = 0; i < answers.length; i++)
    outcomes.push(await sender.send(messageFor(`http://rebound.example:${port}/`), never))
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    [200, null, 200],
  )
  assert.match(outcomes[1]!.error ?? '', /rebound.example \(127.0.0.2\)/)
  assert.equal(asked, 3, 'not once more for the connection')
  assert.equal(sink.requests.length, 2)
  assert.equal(sink.requests[0]!.headers.host, `rebound.example:${port}`)
})

test('the lookup of a connection answers in both of the forms that sockets ask for', async () => {
  const ask = (options: { all?: boolean }, addresses: string[]) =>
    new Promise<unknown[]>((resolve) => {
      const found = async () => addresses.map((address) => ({ address, family: 4 }))
      guardedLookup(found, isForbidden)('h', options, (...answer) => resolve(answer))
    })
  assert.deepEqual(await ask({}, ['8.8.8.8', '1.1.1.1']), [null, '8.8.8.8', 4])
  assert.deepEqual(await ask({ all: true }, ['8.8.8.8']), [null, [{ address: '8.8.8.8', family: 4 }]])
  assert.match(String((await ask({}, []))[0]), /has no address/)
  assert.match(String((await ask({ all: true }, ['8.8.8.8', '10.0.0.1']))[0]), /10.0.0.1/)
})

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  void promise.finally(() => {
    settled = true
  })
  for (let i = 0; i < 20; i++) await new Promise(setImmediate)
  return settled
}
