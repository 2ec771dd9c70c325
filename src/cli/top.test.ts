import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { NodeStats } from '#contract/stats.ts'
import { exampleStats } from '#test/support/stats-fixture.ts'
import { nodesOf, plainLines } from './top.ts'
import { viewOf } from './top-rates.ts'

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url))

/** Every answer has a hundred records more. Answers what was asked for, with its credentials. */
async function serve(t: TestContext): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = []
  const stats = exampleStats()
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.authorization ?? ''}`.trim())
    stats.pipelines[0]!.in.records += 100
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify(answerTo(request.url ?? '', stats)))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

/** A controller lists what gateways have told last, and knows its own node's books of now. */
function answerTo(url: string, stats: NodeStats) {
  const other = { ...stats, id: 'node-2' }
  return url.startsWith('/api/v1/stats/live') ? { items: [{ stats }, { stats: other }], next_cursor: null } : stats
}

function top(args: string[], env: Record<string, string> = {}): ChildProcess {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(ADMIN|STREAMGATE)_/.test(name)),
  )
  return spawn(process.execPath, [MAIN, 'top', '--interval', '0.1', ...args], {
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function ended(child: ChildProcess) {
  const output = { stdout: '', stderr: '' }
  child.stdout!.on('data', (chunk) => {
    output.stdout += chunk
  })
  child.stderr!.on('data', (chunk) => {
    output.stderr += chunk
  })
  const [status] = (await once(child, 'close')) as [number | null]
  return { status, ...output }
}

test('--once --json: one view from two readings of a node', async (t) => {
  const { url, asked } = await serve(t)
  const { status, stdout } = await ended(top(['--once', '--json', '--admin', url]))
  assert.equal(status, 0)
  const view = JSON.parse(stdout)
  assert.ok(view.pipelines[0].in.records_per_s > 0)
  assert.equal(view.outputs[0].queue.bytes_max, 4096)
  assert.deepEqual(asked, ['/stats', '/stats'])
})

test('a controller is asked by its API, with the key', async (t) => {
  const { url, asked } = await serve(t)
  const { status, stdout } = await ended(top(['--once'], { STREAMGATE_URL: url, STREAMGATE_API_KEY: 'k' }))
  assert.equal(status, 0)
  assert.match(stdout, /node-1/)
  assert.match(stdout, /node-2/)
  const once = ['/api/v1/stats/live Bearer k', '/api/v1/stats Bearer k']
  assert.deepEqual(asked, [...once, ...once])
})

test('where no terminal is there are lines, until the reader has had enough', async (t) => {
  const { url } = await serve(t)
  const child = top(['--admin', url])
  const result = ended(child)
  let text = ''
  for await (const chunk of child.stdout!) {
    text += chunk
    if (text.split(' pipeline ').length > 2) break
  }
  assert.match(text, /^\S+Z pipeline main state=pressed in=[\d.]+k?\/s /)
  assert.equal((await result).status, 0, 'a closed pipe is no failure')
})

test('bad flags, and nobody there, are told', async () => {
  const told = async (...args: string[]) => {
    const { status, stderr } = await ended(top(args))
    assert.equal(status, 1)
    return stderr
  }
  assert.match(await told('--sort', 'size'), /--sort knows configured, records, bytes, name, not "size"/)
  assert.match(await told('--interval', '0'), /--interval takes seconds, 0\.1 to 3600, not "0"/)
  assert.match(await told('--admin', 'http://127.0.0.1:1', '--once'), /no node answers at http:\/\/127\.0\.0\.1:1/)
})

test('statistics of one node, of several, and what are none', () => {
  const stats = exampleStats()
  assert.deepEqual(nodesOf(stats), [stats])
  assert.equal(nodesOf([stats, stats]).length, 2)
  assert.equal(nodesOf({ items: [stats] }).length, 1)
  assert.throws(() => nodesOf({ id: 'x' }), /no statistics that this version knows/)
})

test('plain lines have one word for each thing', () => {
  const lines = plainLines(
    viewOf(undefined, { now: 0, at: 0, nodes: [exampleStats(), { ...exampleStats(), id: 'a b' }] }),
  )
  assert.equal(
    lines.split('\n')[1],
    '1970-01-01T00:00:00.000Z pipeline main node=a_b state=pressed in=–/s in_bytes=–/s out=–/s out_bytes=–/s less=– bypassed=–/s',
  )
  assert.match(lines, /output out node=node-1 sent=–\/s sent_bytes=–\/s queue=505 spool=700 retries=6 dead=2 error=–\n/)
})
