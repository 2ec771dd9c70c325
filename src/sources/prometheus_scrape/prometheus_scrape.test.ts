import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { metricRecords } from '#codecs/metric/decoder.ts'
import { metricFormat } from '#codecs/metric/format.ts'
import { ManualClock } from '#std/clock.ts'
import { Block } from '#telemetry/block.ts'
import { FakeIntake, FakeSourceContext } from '#test/support/fake-intake.ts'
import { TargetServer } from '#test/support/target-server.ts'
import { prometheusScrape } from './prometheus_scrape.ts'

interface Point {
  name: string
  labels: Record<string, string>
  value: unknown
  stale?: boolean
  timestamp: string
}

function pointsOf(intake: FakeIntake): Point[] {
  const block = new Block()
  const json = new Block()
  return intake.entries.splice(0).flatMap(({ bytes, framing }) => {
    assert.equal(framing, 'metric_records')
    const points: Point[] = []
    for (let at = 0, done = false; !done; ) {
      block.fill(bytes, at, at, { source: 's', arrivalMs: 0, truncated: false, format: metricFormat })
      const part = metricRecords.create().decode({ bytes, from: 0, to: bytes.length }, at, block, 8192)
      assert.equal(part.malformedRecords, 0)
      metricFormat.toJson(block, json)
      for (let i = 0; i < json.count; i++) points.push(JSON.parse(json.recordText(i)) as Point)
      at = part.end
      done = part.done
    }
    return points
  })
}

const INTERVAL = 15_000

async function world(t: { after(f: () => Promise<void>): void }, options: object = {}) {
  const server = await new TargetServer().listen()
  const clock = new ManualClock()
  const intake = new FakeIntake()
  const context = new FakeSourceContext(intake, clock)
  const instance = server.url.slice('http://'.length)
  const all = { job: 'j', targets: [instance], ...options }
  const source = prometheusScrape.create(prometheusScrape.config.parse(all), context)
  await source.start()
  t.after(async () => {
    await source.stop()
    await server[Symbol.asyncDispose]()
  })
  const scrape = async (body: string, headers: Record<string, string> = {}, status = 200): Promise<Point[]> => {
    server.reply = { status, headers, body }
    const puts = intake.puts
    clock.advance(INTERVAL)
    await intake.until(() => intake.puts > puts)
    // The next one is scheduled behind the put.
    await new Promise(setImmediate)
    return pointsOf(intake)
  }
  return { server, clock, intake, context, source, scrape, instance }
}

const shown = (points: Point[]) =>
  points
    .filter(({ name }) => name !== 'scrape_duration_seconds')
    .map(({ name, labels, value, stale }) => {
      const own = Object.entries(labels).filter(([label]) => label !== 'job' && label !== 'instance')
      return `${name}{${own.map(([label, text]) => `${label}=${text}`).join()}} ${stale === true ? 'stale' : value}`
    })

test('a target is scraped on its schedule, and what it has no more becomes stale', async (t) => {
  const { scrape, server, instance } = await world(t, { params: { m: 'x' }, user: 'u', password: 'p' })
  const first = await scrape('a 1\nb{c="d"} 2\n')
  assert.deepEqual(shown(first), ['a{} 1', 'b{c=d} 2', 'up{} 1', 'scrape_samples_scraped{} 2'])
  assert.ok(first.every(({ labels }) => labels['job'] === 'j' && labels['instance'] === instance))
  assert.equal(server.requests[0]?.path, '/metrics?m=x')
  assert.equal(server.requests[0]?.headers.authorization, `Basic ${Buffer.from('u:p').toString('base64')}`)
  assert.match(server.requests[0]?.headers.accept ?? '', /^application\/openmetrics-text/)
  assert.deepEqual(shown(await scrape('a 3\n')), ['a{} 3', 'b{c=d} stale', 'up{} 1', 'scrape_samples_scraped{} 1'])
  assert.deepEqual(shown(await scrape('a 3\n', {}, 500)), ['a{} stale', 'up{} 0', 'scrape_samples_scraped{} 0'])
  assert.deepEqual(shown(await scrape('a 4\nb oops\n')), ['up{} 0', 'scrape_samples_scraped{} 1'])
})

test('labels of the target win, or those of the exporter', async (t) => {
  const labels = { env: 'prod' }
  const body = 'a{env="test",job="x",exported_job="y"} 1\n'
  const ours = await (await world(t, { labels })).scrape(body)
  assert.partialDeepStrictEqual(ours[0]?.labels, {
    env: 'prod',
    exported_env: 'test',
    job: 'j',
    exported_job: 'y',
    exported_exported_job: 'x',
  })
  const theirs = await (await world(t, { labels, honor_labels: true })).scrape(body)
  assert.partialDeepStrictEqual(theirs[0]?.labels, { env: 'test', job: 'x', exported_job: 'y' })
})

test('times that an exporter tells are kept, and its series do not become stale', async (t) => {
  const { scrape } = await world(t)
  const [point] = await scrape('a 1 1700000000123\n')
  assert.equal(point?.timestamp, new Date(1_700_000_000_123).toISOString())
  assert.deepEqual(shown(await scrape('')), ['up{} 1', 'scrape_samples_scraped{} 0'])
  const [other] = await (await world(t, { honor_timestamps: false })).scrape('a 1 1700000000123\n')
  assert.notEqual(other?.timestamp, point?.timestamp)
})

test('limits: samples and bytes', async (t) => {
  const { scrape, context } = await world(t, { sample_limit: 2, body_bytes_max: 5000 })
  assert.deepEqual(shown(await scrape('a 1\nb 2\nc 3\n')), ['up{} 0', 'scrape_samples_scraped{} 3'])
  assert.deepEqual(shown(await scrape(`a ${' '.repeat(6000)}1\n`)).slice(0, 1), ['up{} 0'])
  assert.equal(context.logged.length, 1)
  assert.deepEqual(shown(await scrape('a 1\n')).slice(0, 1), ['a{} 1'])
  assert.equal(context.logged.length, 2)
})

test('redirects are followed, not for ever, and what is secret stays', async (t) => {
  const other = await new TargetServer().listen()
  t.after(() => other[Symbol.asyncDispose]())
  other.reply = { status: 200, body: 'a 7\n' }
  const { server, scrape } = await world(t, { bearer_token: 'geheim' })
  server.replies.push({ status: 302, headers: { location: `${other.url}/m` } })
  assert.deepEqual(shown(await scrape('')).slice(0, 1), ['a{} 7'])
  assert.equal(other.requests[0]?.headers.authorization, undefined)
  for (let i = 0; i < 10; i++) server.replies.push({ status: 302, headers: { location: '/again' } })
  assert.deepEqual(shown(await scrape('a 1\n')), ['a{} stale', 'up{} 0', 'scrape_samples_scraped{} 0'])
})

test('files tell further targets, and are read again when they change', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'streamgate-scrape-'))
  t.after(async () => rmSync(folder, { recursive: true }))
  const path = join(folder, 'targets.yaml')
  writeFileSync(path, '[]')
  const { server, scrape, clock, context, instance, intake } = await world(t, {
    targets: [],
    file_sd: [path],
    file_sd_refresh_ms: 1000,
  })
  let marks = 0
  const write = async (text: string, targets: number) => {
    writeFileSync(path, text)
    utimesSync(path, 1_700_000_000, 1_700_000_000 + ++marks)
    clock.advance(1000)
    while (context.connections !== targets) await new Promise((resolve) => setTimeout(resolve, 5))
    await new Promise(setImmediate)
  }
  await write(`- targets: ['${instance}']\n  labels: { team: a, __metrics_path__: /m }\n`, 1)
  assert.deepEqual(shown(await scrape('a 1\n')).slice(0, 1), ['a{team=a} 1'])
  assert.equal(server.requests[0]?.path, '/m')
  await write('[]', 0)
  await intake.until(() => intake.entries.length > 0 || intake.puts > 1)
  assert.deepEqual(shown(pointsOf(intake)), [
    'a{team=a} stale',
    'up{team=a} stale',
    'scrape_samples_scraped{team=a} stale',
  ])
  writeFileSync(path, 'nonsense: [')
  utimesSync(path, 1, 1)
  clock.advance(1000)
  while (context.logged.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
})

test('gzip is asked for; OpenMetrics is told by its type', async (t) => {
  const { server, scrape } = await world(t)
  const points = await scrape('# TYPE a counter\na_total 3\n# EOF\n', {
    'content-type': 'application/openmetrics-text; version=1.0.0',
  })
  assert.deepEqual(shown(points).slice(0, 1), ['a_total{} 3'])
  assert.equal(server.requests[0]?.headers['accept-encoding'], 'gzip')
})

test('options: what does not fit is refused, secrets do not show, the README names every option', () => {
  const { config } = prometheusScrape
  for (const options of [{ targets: ['a b'] }, { targets: ['http://u:p@h/'] }, { timeout_ms: 20_000 }, { user: 'u' }]) {
    assert.equal(config.safeParse(options).success, false, JSON.stringify(options))
  }
  const options = config.parse({ targets: ['h:1', 'https://h/x'], bearer_token: 'geheim' })
  assert.doesNotMatch(inspect(options) + JSON.stringify(options), /geheim/)
  const readme = readFileSync(new URL('./README.md', import.meta.url), 'utf8')
  for (const option of Object.keys(config.shape)) assert.ok(readme.includes(`\`${option}\``), option)
})
