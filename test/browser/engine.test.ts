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
import { type Browser, chromium, type Page } from 'playwright-core'
import { build } from 'vite'
import { processorPlan } from '#config/rules.ts'
import type { ManifestProcessor } from '#contract/manifest.ts'
import { type ReplayInput, replay } from '#engine/replay.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { randomFrom } from '#std/random.ts'
import { yaml } from '#std/yaml.ts'
import { requireService } from '#test/support/services.ts'
import { run } from '#ui/engine/jobs.ts'
import type { Answer, ExplainRequest, RuleEntry, RunRequest, RunResult, TriedStep } from '#ui/engine/messages.ts'
import { engineRegistry } from '../../src/engine-registry.ts'

enableLinearRegex()

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const POLICY = "default-src 'none'; script-src 'self'; worker-src 'self'; img-src data:; report-uri /breach"
const WORKER_GZIP_BYTES_MAX = 100 * 1024
const PREVIEW_MS_MAX = 300
const SEED = 20260104

const folder = mkdtempSync(join(tmpdir(), 'streamgate-engine-'))
const violations: string[] = []
let browser: Browser | undefined
let page: Page
let stop: () => void

before(async () => {
  await buildInto(folder)
  const { url, close } = await serve(folder)
  stop = close
  browser = await launch()
  if (browser === undefined) return
  page = await browser.newPage()
  page.on('console', (message) => violations.push(message.text()))
  page.on('pageerror', (error) => violations.push(String(error)))
  await page.goto(url)
  await page.waitForFunction('globalThis.client !== undefined')
})

after(async () => {
  await browser?.close()
  stop()
  rmSync(folder, { recursive: true, force: true })
})

test('every rule on every kind of record gives the bytes that a node gives', async (t) => {
  if (!isThere(t)) return
  const random = randomFrom(SEED)
  const used = new Set<string>()
  for (const processors of [
    ...RULES.map((rule) => [rule]),
    RULES.filter((_, i) => i % 3 === 1),
    ...documentedRules(),
  ]) {
    const request = { processors, records: recordsFrom(random, 520), seed: Math.floor(random() * 1e9) }
    const [there, here] = [await runInPage(request), run(request)]
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
  if (!isThere(t)) return
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
    const there = await runInPage(request)
    assert.deepEqual(there, run(request))
    assert.equal(there.ok, false, JSON.stringify(params))
  }
})

test('one record is explained in the page', async (t) => {
  if (!isThere(t)) return
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
  if (!isThere(t)) return
  const slow = {
    processors: [{ id: 'slow', type: 'filter', params: { pattern: '(a+)+$' } }],
    records: [{ text: `${'a'.repeat(60)}!` }],
  }
  assert.equal(run(slow).ok, true, 'a node matches it in linear time')
  const startedAt = performance.now()
  const answer = await runInPage(slow)
  assert.equal(answer.ok, false)
  assert.deepEqual(answer.ok ? '' : answer.reason, 'too_slow')
  assert.ok(performance.now() - startedAt < 10_000)
  const quick = { processors: RULES.slice(0, 2), records: recordsFrom(randomFrom(SEED), 20) }
  assert.deepEqual(await runInPage(quick), run(quick))
})

test('a preview of 1,000 records comes at once', async (t) => {
  if (!isThere(t)) return
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
  assert.deepEqual(violations, [])
})

/** What stands in the page: an `EngineClient`. */
interface InPage {
  client: {
    run(request: RunRequest): Promise<Answer<RunResult>>
    explain(request: ExplainRequest): Promise<Answer<TriedStep[]>>
  }
}

async function runInPage(request: RunRequest): Promise<Answer<RunResult>> {
  return await page.evaluate((asked) => (globalThis as unknown as InPage).client.run(asked), request)
}

/** Rules whose results hang on all that differs between Node and browsers: text, bytes, patterns, chance, shared state. */
const RULES: RuleEntry[] = [
  { id: 'value', type: 'filter', params: { value: 'DEBUG' } },
  { id: 'detectors', type: 'redact', params: { builtins: ['email', 'credit_card', 'ipv4', 'ipv6', 'jwt', 'iban'] } },
  { id: 'caseless', type: 'filter', params: { values: ['größe', 'ERROR'], ignore_case: true } },
  { id: 'kept', type: 'filter', params: { pattern: '[a-z]{3}=\\d+|🙂', mode: 'keep' } },
  { id: 'groups', type: 'redact', params: { pattern: 'user=(?<first>\\w)\\w*', replacement: '<$<first>|$1|$$>' } },
  { id: 'unicode', type: 'redact', params: { pattern: 'ö|日.|[^\\x00-\\x7f]$', replacement: '✂' } },
  { id: 'caseless_pattern', type: 'redact', params: { pattern: '(?i)straße|timeout', replacement: '' } },
  { id: 'longer', type: 'redact', params: { pattern: 'a', replacement: '$$aaaa日' } },
  { id: 'unsafe', type: 'filter', params: { pattern: '(?<!x)DEBUG(?= [a-z])', unsafe: true } },
  { id: 'field', type: 'attribute_filter', params: { attribute: 'service', equals: 'api' } },
  { id: 'field_pattern', type: 'attribute_filter', params: { path: 'http/route', regex: '^/a', mode: 'keep' } },
  { id: 'chance', type: 'sample', params: { keep_ratio: 0.4 } },
  { id: 'traces', type: 'sample', params: { keep_ratio: 0.3, key: 'trace_id', missing_key: 'keep' } },
  { id: 'repeats', type: 'dedupe', params: { window_ms: 2000 } },
  { id: 'repeated_fields', type: 'dedupe', params: { window_ms: 5000, fields: ['service', 'level'], max_keys: 64 } },
  {
    id: 'when',
    type: 'redact',
    params: { pattern: '\\d+', replacement: '#' },
    when: { any: [{ field: 'level', equals: 'ERROR' }, { not: { field: 'service', exists: true } }] },
  },
]

/** The examples that stand in the processors' descriptions and in `examples/`. */
function documentedRules(): RuleEntry[][] {
  const inReadmes = globSync('src/processors/*/README.md', { cwd: ROOT }).flatMap((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8')
    return [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, code]) => yaml().parse(code!)?.processors)
  })
  const inExamples = globSync('examples/*.yaml', { cwd: ROOT }).flatMap((file) =>
    (yaml().parse(readFileSync(join(ROOT, file), 'utf8')).pipelines ?? []).map(
      (pipeline: { processors?: RuleEntry[] }) => pipeline.processors,
    ),
  )
  const forLogs = ({ type }: RuleEntry) =>
    engineRegistry.processors.find(({ name }) => name === type)?.signals.includes('logs')
  const lists = [...inReadmes, ...inExamples].filter((rules) => Array.isArray(rules) && rules.every(forLogs))
  assert.ok(lists.length >= 5, `${lists.length} examples`)
  return lists
}

const WORDS = [
  'DEBUG',
  'error',
  'ERROR',
  'größe',
  'GRÖSSE',
  'Straße',
  'timeout',
  '🙂',
  '👩‍👩‍👧',
  '日本語',
  'user=alice',
  'abc=42',
  'jo@example.org',
  '4111 1111 1111 1111',
  '10.1.2.3',
  '2001:db8::1',
  'DE89370400440532013000',
  '\ufeff',
  '\u0000',
  '\t',
  'a\r',
  'x\ny',
  '\ud83d',
]
const SERVICES = ['api', 'web', 'größe']
const ODD_BYTES = [[0xff], [0xc0, 0x80], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x99]]

function recordsFrom(random: () => number, count: number): ReplayInput[] {
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!
  const words = (most: number) =>
    Array.from({ length: 1 + random() * most }, () => pick(WORDS)).join(pick([' ', '', ', ']))
  const json = () =>
    JSON.stringify({
      service: pick(SERVICES),
      level: pick(['ERROR', 'INFO', 'error']),
      trace_id: Math.floor(random() * 40).toString(16),
      http: { route: pick(['/a/b', '/b']) },
      message: words(4),
    })
  let at = Date.UTC(2026, 0, 1)
  return Array.from({ length: count }, (): ReplayInput => {
    if (random() < 0.02) at += Math.floor(random() * 3000)
    const kind = random()
    if (kind < 0.1) return { at, base64: oddBytes(words(3), pick(ODD_BYTES)) }
    if (kind < 0.12) return { at, text: words(4).repeat(500) }
    return { at, text: kind < 0.45 ? json() : words(6) }
  })
}

function oddBytes(text: string, odd: readonly number[]): string {
  return Buffer.concat([Buffer.from(text), Buffer.from(odd), Buffer.from(text)]).toString('base64')
}

/** As the lines of a program are. */
function short(record: ReplayInput): ReplayInput {
  return record.text === undefined ? record : { ...record, text: record.text.slice(0, 300) }
}

function isThere(t: TestContext): boolean {
  return browser !== undefined || requireService(t, 'chromium')
}

async function launch(): Promise<Browser | undefined> {
  const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
    (path) => globSync(path).length > 0,
  )
  if (executablePath === undefined) return undefined
  const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking']
  return await chromium.launch({ executablePath, args })
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

async function serve(from: string): Promise<{ url: string; close: () => void }> {
  const made: Record<string, string> = {
    '/': '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>',
    '/page.js': "import { EngineClient } from '/client.js'\nglobalThis.client = new EngineClient()",
  }
  const server = createServer((request, response) => {
    const path = request.url!
    if (path === '/breach') request.on('data', (report) => violations.push(String(report)))
    response.setHeader('content-security-policy', POLICY)
    response.setHeader('content-type', extname(path) === '.js' ? 'text/javascript' : 'text/html; charset=utf-8')
    response.end(path === '/breach' ? '' : (made[path] ?? readFileSync(join(from, path))))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
