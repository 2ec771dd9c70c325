import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { ObservedRecord } from '#contract/observation.ts'
import { ApiClient } from './api-client.ts'
import { durationFrom, queryOf, watch } from './tap.ts'
import { recordLine, shownText } from './tap-text.ts'

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url))

function record(more: Partial<ObservedRecord> = {}): ObservedRecord {
  return {
    pipeline: 'p',
    source: 'tcp',
    at: 1000,
    fate: 'forwarded',
    rule: null,
    edited_by: [],
    before: { text: 'a' },
    after: { text: 'a' },
    bytes_in: 1,
    bytes_out: 1,
    ...more,
  }
}

function records(count: number, skipped = 0): string {
  const data = { gateway: 'g', records: Array.from({ length: count }, () => record()), skipped }
  return `event: records\ndata: ${JSON.stringify(data)}\n\n`
}

/** Answers with these events and, unless told to end, leaves the stream open. */
async function serve(
  t: TestContext,
  text: string,
  ends = false,
): Promise<{ url: string; asked: string[]; gone: Promise<unknown> }> {
  const asked: string[] = []
  const gone = Promise.withResolvers<void>()
  const server = createServer((request, response: ServerResponse) => {
    asked.push(request.url!)
    response.on('close', gone.resolve)
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(`: here\n\n${text}`)
    if (ends) response.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, gone: gone.promise }
}

const ignore = () => undefined
const none = (_: unknown, text: string) => text

test('a record has one line, on which signs and words say what colours repeat', () => {
  const head = '00:00:01.000 g/p'
  const line = (more: Partial<ObservedRecord>) => recordLine('g', record(more), none)
  assert.equal(line({}), `${head}   a`)
  assert.equal(line({ after: { text: 'b' }, edited_by: ['x', 'y'] }), `${head} − a → + b  [edited by x, y]`)
  assert.equal(line({ after: null, fate: 'dropped', rule: 'r' }), `${head} − a  [dropped by r]`)
  assert.equal(
    line({ after: null, fate: 'sampled', rule: 'r', edited_by: ['x'] }),
    `${head} − a  [sampled by r, edited by x]`,
  )
  assert.equal(line({ edited_by: ['hide'] }), `${head}   a  [edited by hide]`)
  assert.equal(
    line({ before: { text: 'a\n\u001b[2Jb' }, after: null, rule: null, fate: 'quarantined' }),
    `${head} − a  [2Jb  [quarantined]`,
  )
  assert.equal(line({ before: { base64: '/wA=' }, after: { base64: '/wA=' } }), `${head}   (2 bytes: /wA=)`)
  assert.match(
    recordLine('g', record({ after: null, rule: 'r', fate: 'dropped' }), (format, text) => `<${format}>${text}`),
    /<red>− a/,
  )
})

test('how much of what fitted was shown', () => {
  const cases: [number, number, string][] = [
    [3, 0, 'shown 3'],
    [200, 40_800, 'shown 200 of ~41k'],
    [200, 799, 'shown 200 of ~999'],
    [200, 1000, 'shown 200 of ~1.2k'],
    [1, 999_600, 'shown 1 of ~1M'],
    [1, 12_345_678, 'shown 1 of ~12M'],
  ]
  for (const [shown, skipped, text] of cases) assert.equal(shownText(shown, skipped), text)
})

test('until so many are shown; what is over counts as not shown', async (t) => {
  const { url, asked, gone } = await serve(t, `event: other\ndata: 1\n\n${records(2, 10)}${records(3, 5)}`)
  const lines: string[] = []
  const query = queryOf({
    pipeline: 'p',
    when: '{"field": "a", "equals": 1}',
    rate: '5',
    raw: true,
    reason: 'an outage',
  })
  const options = { query, limit: 3, isJson: true, signal: new AbortController().signal }
  const watched = await watch(new ApiClient(url), options, (line) => lines.push(line), ignore)
  assert.deepEqual(watched, { shown: 3, skipped: 17, reason: undefined })
  assert.deepEqual(JSON.parse(lines[2]!), { gateway: 'g', ...record() })
  assert.deepEqual(asked, [
    '/api/v1/tap?configuration=default&pipeline=p&when=%7B%22field%22%3A%22a%22%2C%22equals%22%3A1%7D&per_second_max=5&raw=true&reason=an+outage',
  ])
  await gone
})

test('until the controller ends it, and says why; a stream that breaks off is told', async (t) => {
  const options = { query: {}, limit: 10, isJson: false, signal: new AbortController().signal }
  const ended = await serve(t, `${records(1)}event: end\ndata: {"gateway":null,"reason":"an hour is over"}\n\n`)
  const over = { shown: 1, skipped: 0, reason: 'an hour is over' }
  assert.deepEqual(await watch(new ApiClient(ended.url), options, ignore, ignore), over)
  const broken = await serve(t, records(1), true)
  await assert.rejects(watch(new ApiClient(broken.url), options, ignore, ignore), /went away; start the tap again/)
  const strange = await serve(t, 'event: records\ndata: {"records": 1}\n\n')
  await assert.rejects(
    watch(new ApiClient(strange.url), options, ignore, ignore),
    /sends "records" in a form that this version does not know/,
  )
})

test('a gateway that ends its part is noted, and is the end where it was the one asked for', async (t) => {
  const refusal = `event: end\ndata: {"gateway":"x","reason":"no pipeline \\"nix\\""}\n\n`
  const { url } = await serve(t, `${refusal}${records(1)}`)
  const options = { query: {}, limit: 1, isJson: false, signal: new AbortController().signal }
  const notes: string[] = []
  const watched = await watch(new ApiClient(url), options, ignore, (text) => notes.push(text))
  assert.deepEqual(watched, { shown: 1, skipped: 0, reason: undefined })
  assert.deepEqual(notes, ['gateway x shows no more: no pipeline "nix"\n'])
  const asked = { ...options, query: { gateway: 'x' } }
  assert.equal((await watch(new ApiClient(url), asked, ignore, ignore)).reason, 'no pipeline "nix"')
})

test('flags that make no sense are told', () => {
  assert.throws(() => queryOf({ fate: 'lost' }), /--fate knows forwarded, dropped, .*, not "lost"/)
  assert.throws(() => queryOf({ raw: true }), /--raw needs a --reason/)
  assert.throws(() => queryOf({ raw: true, reason: ' ' }), /--raw needs a --reason/)
  assert.throws(() => queryOf({ reason: 'x' }), /--reason goes with --raw/)
  assert.throws(() => queryOf({ when: '{' }), /--when is not JSON/)
  assert.throws(() => queryOf({ rate: '1001' }), /--rate is a number from 1 to 1000, not "1001"/)
  assert.equal(durationFrom('1.5s'), 1500)
  assert.equal(durationFrom('24h'), 86_400_000)
  for (const text of ['5', '0s', '25h', '-1s', '1d']) assert.throws(() => durationFrom(text), /--for takes a time/)
})

function tap(url: string, ...args: string[]): ChildProcess {
  const env = { ...process.env, STREAMGATE_URL: url }
  return spawn(process.execPath, [MAIN, 'tap', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
}

async function textOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += Buffer.from(chunk).toString()
  return text
}

test('Ctrl-C ends it in order, and so does its time', async (t) => {
  const { url, gone } = await serve(t, records(2, 98))
  const child = tap(url)
  const told = textOf(child.stderr!)
  await once(child.stdout!, 'data')
  child.kill('SIGINT')
  const [status] = await once(child, 'close')
  assert.equal(status, 0)
  assert.equal(await told, 'shown 2 of ~100\n')
  await gone
  const timed = tap((await serve(t, records(1))).url, '--for', '300ms')
  const [text, again] = await Promise.all([textOf(timed.stdout!), textOf(timed.stderr!), once(timed, 'close')])
  // On a busy machine it may be over before anything has come.
  assert.match(text, /^(00:00:01\.000 g\/p {3}a\n)?$/)
  assert.match(again, /^shown [01]\n$/)
  assert.equal(timed.exitCode, 0)
})
