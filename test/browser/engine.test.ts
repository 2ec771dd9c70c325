/**
 * The rules engine of the page's worker, as Vite builds it, in a real Chromium: the same bytes as a node's own `replay`, an end to
 * rules that take too long, and nothing that a strict policy forbids. The page is served plain, so it has no shared memory.
 */
import assert from 'node:assert/strict'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import { build } from 'vite'
import { processorPlan } from '#config/rules.ts'
import type { ManifestProcessor } from '#contract/manifest.ts'
import { replay } from '#engine/replay.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { randomFrom } from '#std/random.ts'
import { openBrowser } from '#test/support/browser.ts'
import { documentedRules, RULES, recordsFrom, short } from '#test/support/engine-samples.ts'
import { run } from '#ui/engine/jobs.ts'
import type { Answer, ExplainRequest, RunRequest, RunResult, TriedStep } from '#ui/engine/messages.ts'
import { engineRegistry } from '../../src/engine-registry.ts'

enableLinearRegex()

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const POLICY = "default-src 'none'; script-src 'self'; worker-src 'self'; img-src data:; report-uri /breach"
const WORKER_GZIP_BYTES_MAX = 100 * 1024
const PREVIEW_MS_MAX = 300
const SEED = 20260104

const folder = mkdtempSync(join(tmpdir(), 'streamgate-engine-'))
const breaches: string[] = []
let url: string
let stop: () => void

before(async () => {
  await buildInto(folder)
  ;({ url, stop } = await serve(folder))
})

after(() => {
  stop()
  rmSync(folder, { recursive: true, force: true })
})

test('every rule on every kind of record gives the bytes that a node gives', async (t) => {
  const page = await openPage(t)
  if (page === undefined) return
  const random = randomFrom(SEED)
  const used = new Set<string>()
  for (const processors of [
    ...RULES.map((rule) => [rule]),
    RULES.filter((_, i) => i % 3 === 1),
    ...documentedRules(),
  ]) {
    const request = { processors, records: recordsFrom(random, 520), seed: Math.floor(random() * 1e9) }
    const there = await runInPage(page, request)
    const here = run(request)
    const what = `seed ${SEED}, ${JSON.stringify(processors)}`
    assert.equal(there.ok, true, `${what}: ${JSON.stringify(there)}`)
    assert.deepEqual(there, here, what)
    const plans = processors.map((rule) => processorPlan(rule as ManifestProcessor, engineRegistry))
    const { records, rules } = replay(plans, engineRegistry, request.records, { seed: request.seed })
    const result = there.ok ? there.result : { records: [], rules: [] }
    assert.deepEqual(
      result.records.map(({ spans: _, ...record }) => record),
      records,
      what,
    )
    assert.deepEqual(result.rules, rules, what)
    if (rules.some(({ ended, edited }) => ended + edited > 0)) for (const { type } of processors) used.add(type)
  }
  const forLogs = engineRegistry.processors.filter(({ signals }) => signals.includes('logs')).map(({ name }) => name)
  assert.deepEqual([...used].sort(), forLogs.sort(), 'each has done something')
})

test('what is wrong with a rule is said as on a node', async (t) => {
  const page = await openPage(t)
  if (page === undefined) return
  const records = [{ text: 'x' }]
  for (const params of [
    { pattern: '(?=x)y' },
    { pattern: '(a)\\1' },
    { pattern: '(?:(?:a{40}){40}){40}' },
    { pattern: '(' },
    { pattern: 'a', more: 1 },
    {},
  ]) {
    const request = { processors: [{ id: 'r', type: 'filter', params }], records }
    const there = await runInPage(page, request)
    assert.deepEqual(there, run(request))
    assert.equal(there.ok, false, JSON.stringify(params))
  }
})

test('one record is explained in the page', async (t) => {
  const page = await openPage(t)
  if (page === undefined) return
  const request = {
    processors: [
      { id: 'mail', type: 'redact', params: { builtin: 'email' } },
      { id: 'noise', type: 'filter', params: { value: 'DEBUG' } },
    ],
    record: { text: 'DEBUG größer 🙂 jo@example.org' },
  }
  const answer = await page.evaluate((asked) => (globalThis as unknown as InPage).client.explain(asked), request)
  assert.deepEqual(answer.ok && answer.result.map(({ id, result, after, spans }) => [id, result, after, spans]), [
    ['mail', 'edited', 'DEBUG größer 🙂 [email]', { before: [[16, 30]], after: [[16, 23]] }],
    ['noise', 'dropped', null, { before: [[0, 5]], after: [] }],
  ])
})

test('a rule that takes too long is stopped, and the next run works', async (t) => {
  const page = await openPage(t)
  if (page === undefined) return
  const slow = {
    processors: [{ id: 'slow', type: 'filter', params: { pattern: '(a+)+$' } }],
    records: [{ text: `${'a'.repeat(60)}!` }],
  }
  assert.equal(run(slow).ok, true, 'a node matches it in linear time')
  const startedAt = performance.now()
  const answer = await runInPage(page, slow)
  assert.equal(answer.ok, false)
  assert.deepEqual(answer.ok ? '' : answer.reason, 'too_slow')
  assert.ok(performance.now() - startedAt < 10_000)
  const quick = { processors: RULES.slice(0, 2), records: recordsFrom(randomFrom(SEED), 20) }
  assert.deepEqual(await runInPage(page, quick), run(quick))
})

test('a preview of 1,000 records comes at once', async (t) => {
  const page = await openPage(t)
  if (page === undefined) return
  const request = { processors: RULES.slice(0, 6), records: recordsFrom(randomFrom(SEED), 1000).map(short) }
  const timings = (await page.evaluate(async (asked) => {
    const { client } = globalThis as unknown as InPage
    const times: number[] = []
    for (let i = 0; i < 7; i++) {
      const startedAt = performance.now()
      const answer = await client.run(asked)
      if (!answer.ok) throw new Error(JSON.stringify(answer.problems))
      times.push(performance.now() - startedAt)
    }
    return times
  }, request)) as number[]
  t.diagnostic(`1,000 records: ${timings.map((time) => Math.round(time)).join(', ')} ms`)
  assert.ok(Math.min(...timings) < PREVIEW_MS_MAX, `${timings}`)
})

test('the worker is a file of its own and small, and breaks no policy', (t) => {
  const [worker, ...others] = globSync('**/worker-*.js', { cwd: folder })
  assert.ok(worker !== undefined && others.length === 0)
  const code = readFileSync(join(folder, worker))
  const size = gzipSync(code).length
  t.diagnostic(`the worker has ${code.length} bytes, ${size} of them when compressed`)
  assert.ok(size < WORKER_GZIP_BYTES_MAX, `${size} bytes`)
  assert.doesNotMatch(code.toString(), /["'`]node:|__vite-browser-external/)
  assert.deepEqual(breaches, [])
})

/** What stands in the page: an `EngineClient`. */
interface InPage {
  client: {
    run(request: RunRequest): Promise<Answer<RunResult>>
    explain(request: ExplainRequest): Promise<Answer<TriedStep[]>>
  }
}

/** Undefined: there is no browser here. */
async function openPage(t: TestContext): Promise<Page | undefined> {
  const session = await openBrowser(t)
  await session?.page.goto(url)
  await session?.page.waitForFunction('globalThis.client !== undefined')
  return session?.page
}

async function runInPage(page: Page, request: RunRequest): Promise<Answer<RunResult>> {
  return await page.evaluate((asked) => (globalThis as unknown as InPage).client.run(asked), request)
}

async function buildInto(outDir: string): Promise<void> {
  await build({
    configFile: false,
    root: join(ROOT, 'ui'),
    publicDir: false,
    logLevel: 'error',
    worker: { format: 'es' },
    build: {
      outDir,
      target: 'es2023',
      emptyOutDir: true,
      assetsInlineLimit: 0,
      lib: { entry: join(ROOT, 'ui/src/engine/engine-client.ts'), formats: ['es'], fileName: 'client' },
    },
  })
}

async function serve(from: string): Promise<{ url: string; stop: () => void }> {
  const made: Record<string, string> = {
    '/': '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>',
    '/page.js': "import { EngineClient } from '/client.js'\nglobalThis.client = new EngineClient()",
  }
  const server = createServer((request, response) => {
    const path = request.url!
    if (path === '/breach') request.on('data', (report) => breaches.push(String(report)))
    response.setHeader('content-security-policy', POLICY)
    response.setHeader('content-type', extname(path) === '.js' ? 'text/javascript' : 'text/html; charset=utf-8')
    response.end(path === '/breach' ? '' : (made[path] ?? readFileSync(join(from, path))))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    stop: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
