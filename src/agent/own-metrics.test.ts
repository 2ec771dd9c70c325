import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { type Logger, silentLogger } from '#observe/log.ts'
import { metricsAsOtlp } from '#observe/metrics-otlp.ts'
import { ManualClock } from '#std/clock.ts'
import { Secret } from '#std/secret.ts'
import { exampleStats } from '#test/support/stats-fixture.ts'
import { OWN_METRICS_MS, OwnMetricsSender } from './own-metrics.ts'

interface Heard {
  headers: IncomingHttpHeaders
  body: ReturnType<typeof JSON.parse>
}

/** Answers with `status`, and resolves with each request. */
async function endpoint(t: TestContext, status: () => number) {
  let next = Promise.withResolvers<Heard>()
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk) => {
      text += chunk
    })
    request.on('end', () => {
      response.writeHead(status()).end()
      const heard = next
      next = Promise.withResolvers()
      heard.resolve({ headers: request.headers, body: JSON.parse(text) })
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/v1/metrics`, heard: () => next.promise }
}

test('metrics go where the server says, every ten seconds, with its headers, until it says otherwise', async (t) => {
  const { url, heard } = await endpoint(t, () => 200)
  const clock = new ManualClock()
  const collect = () => metricsAsOtlp(exampleStats(), clock.wall())
  const sender = new OwnMetricsSender({ collect, clock, log: silentLogger })
  t.after(() => sender.stop())
  sender.use({ endpoint: url, headers: { 'x-key': new Secret('k') } })
  const first = heard()
  clock.advance(OWN_METRICS_MS)
  const { headers, body } = await first
  assert.deepEqual([headers['x-key'], headers['content-type']], ['k', 'application/json'])
  const { resource, scopeMetrics } = body.resourceMetrics[0]
  const service = resource.attributes.find(({ key }: { key: string }) => key === 'service.name')
  assert.deepEqual(service, { key: 'service.name', value: { stringValue: 'streamgate' } })
  const named = (name: string) => scopeMetrics[0].metrics.find((metric: { name: string }) => metric.name === name)
  const [pipeline] = exampleStats().pipelines
  const taken = named('streamgate_pipeline_in_records_total').sum
  assert.deepEqual([taken.isMonotonic, taken.aggregationTemporality], [true, 2])
  assert.equal(taken.dataPoints[0].asDouble, pipeline!.in.records)
  assert.equal(taken.dataPoints[0].timeUnixNano, `${clock.wall()}000000`)
  assert.ok(named('process_resident_memory_bytes').gauge.dataPoints[0].asDouble > 0)
  sender.use({ endpoint: '', headers: {} })
  assert.equal(clock.nextAt, undefined)
})

test('an endpoint that refuses is complained of once, and tried again', async (t) => {
  const { url, heard } = await endpoint(t, () => 503)
  const clock = new ManualClock()
  const complaint = Promise.withResolvers<void>()
  let complaints = 0
  const warn = () => {
    complaints++
    complaint.resolve()
  }
  const log: Logger = { ...silentLogger, warn }
  const sender = new OwnMetricsSender({ collect: () => ({}), clock, log })
  t.after(() => sender.stop())
  sender.use({ endpoint: url, headers: {} })
  for (let round = 0; round < 3; round++) {
    const asked = heard()
    while (clock.nextAt === undefined) await new Promise((resolve) => setImmediate(resolve))
    clock.advance(OWN_METRICS_MS)
    await asked
  }
  await complaint.promise
  assert.equal(complaints, 1)
})
