/**
 * OpenTelemetry's own SDK sends all three signals, in each of its three ways, through the program to a sink that reads
 * with protobufjs. What the exporters send straight to such a sink says what must arrive.
 */
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ROOT_CONTEXT as ROOT, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api'
import { OTLPLogExporter as LogsOverGrpc } from '@opentelemetry/exporter-logs-otlp-grpc'
import { OTLPLogExporter as LogsAsJson } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPLogExporter as LogsAsProto } from '@opentelemetry/exporter-logs-otlp-proto'
import { OTLPMetricExporter as MetricsOverGrpc } from '@opentelemetry/exporter-metrics-otlp-grpc'
import { OTLPMetricExporter as MetricsAsJson } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPMetricExporter as MetricsAsProto } from '@opentelemetry/exporter-metrics-otlp-proto'
import { OTLPTraceExporter as TracesOverGrpc } from '@opentelemetry/exporter-trace-otlp-grpc'
import { OTLPTraceExporter as TracesAsJson } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as TracesAsProto } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { NodeStats } from '#contract/stats.ts'
import { otlp } from '#sources/otlp/otlp.ts'
import { randomFrom } from '#std/random.ts'
import type { Signal } from '#telemetry/signal.ts'
import { FakeSourceContext } from '#test/support/fake-intake.ts'
import { type Arrived, OtlpSink } from '#test/support/otlp-sink.ts'
import { Program, temporaryFolder } from '#test/support/program.ts'

const SSN = '123-45-6789'
const LOGS = 40
const TRACES = 60
const SPANS_EACH = 3

const resource = resourceFromAttributes({
  'service.name': 'checkout',
  'host.name': 'node-1',
  owner: `ssn ${SSN}`,
  count: 7,
})

/** Exporters of every way, by the address of each door. */
function exporters(http: string, grpc: string) {
  const to = (signal: Signal) => ({ url: `${http}/v1/${signal}`, compression: 'gzip' as never })
  const over = { url: grpc }
  return {
    proto: {
      logs: new LogsAsProto(to('logs')),
      metrics: new MetricsAsProto(to('metrics')),
      traces: new TracesAsProto(to('traces')),
    },
    json: {
      logs: new LogsAsJson(to('logs')),
      metrics: new MetricsAsJson(to('metrics')),
      traces: new TracesAsJson(to('traces')),
    },
    grpc: { logs: new LogsOverGrpc(over), metrics: new MetricsOverGrpc(over), traces: new TracesOverGrpc(over) },
  }
}
type Exporters = ReturnType<typeof exporters>
const ways = ['proto', 'json', 'grpc'] as const

interface Exporting<Records> {
  export(records: Records, done: (result: { code: number; error?: Error }) => void): void
  shutdown(): Promise<void>
}

async function exported<Records>(exporter: Exporting<Records>, records: Records): Promise<void> {
  const result = await new Promise<{ code: number; error?: Error }>((resolve) => exporter.export(records, resolve))
  if (result.code !== 0) throw result.error ?? new Error('not exported')
}

/** What an application says, once; every exporter is given the same. */
function logRecords() {
  const memory = new InMemoryLogRecordExporter()
  const provider = new LoggerProvider({
    resource,
    processors: [new SimpleLogRecordProcessor({ exporter: memory } as never)],
  })
  const [shop, db] = [
    provider.getLogger('shop', '1.2.3', { schemaUrl: 'https://example.com/s' }),
    provider.getLogger('db'),
  ]
  for (let i = 0; i < LOGS; i++) {
    const isDebug = i % 4 === 0
    const logger = i % 3 === 0 ? db : shop
    logger.emit({
      severityNumber: isDebug ? 5 : 9,
      severityText: isDebug ? 'DEBUG' : 'INFO',
      body:
        i % 5 === 0
          ? { text: `order ${i} of ${SSN}`, n: i, deep: [1.5, true, { ssn: SSN }] }
          : `order ${i} of ${SSN} naïve ☃`,
      timestamp: 1_700_000_000_000 + i,
      attributes: {
        i,
        ratio: i / 3,
        ok: i % 2 === 0,
        who: `ssn ${SSN}`,
        list: ['a', SSN],
        blob: new Uint8Array([1, 2, 255]),
      },
      context: trace.setSpanContext(ROOT, { traceId: hex(i, 32), spanId: hex(i, 16), traceFlags: TraceFlags.SAMPLED }),
    })
  }
  return memory.getFinishedLogRecords()
}

function spans() {
  const memory = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({
    resource,
    spanProcessors: [new SimpleSpanProcessor(memory)],
    idGenerator: seededIds(),
  })
  const tracer = provider.getTracer('shop', '1.2.3')
  for (let i = 0; i < TRACES; i++) {
    const root = tracer.startSpan(`GET /orders/${i}`, {
      kind: SpanKind.SERVER,
      attributes: { 'http.route': '/orders', ssn: SSN },
    })
    const context = trace.setSpan(ROOT, root)
    for (let c = 1; c < SPANS_EACH; c++) {
      const child = tracer.startSpan(
        `SELECT ${c}`,
        { kind: SpanKind.CLIENT, links: [{ context: root.spanContext() }] },
        context,
      )
      child.addEvent('retry', { why: `ssn ${SSN}` })
      child.setStatus({ code: SpanStatusCode.ERROR, message: `no ${SSN}` })
      child.end()
    }
    root.end()
  }
  return memory.getFinishedSpans()
}

async function metrics() {
  const memory = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter: memory, exportIntervalMillis: 3_600_000 })
  const provider = new MeterProvider({ resource, readers: [reader] })
  const meter = provider.getMeter('shop', '1.2.3')
  meter.createCounter('orders', { unit: '1', description: 'Orders' }).add(3, { region: 'eu' })
  meter.createUpDownCounter('carts').add(-2)
  const histogram = meter.createHistogram('latency', { unit: 'ms' })
  for (const value of [1, 20, 300]) histogram.record(value, { route: '/orders' })
  meter.createObservableGauge('temperature').addCallback((result) => result.observe(21.5, { room: 'a' }))
  await provider.forceFlush()
  const [collected] = memory.getMetrics()
  await provider.shutdown()
  return collected!
}

const DROP_DEBUG = { id: 'drop_debug', type: 'filter', params: { value: 'DEBUG' } }
const REDACT_SSN = {
  id: 'redact_ssn',
  type: 'redact',
  params: { pattern: '\\d{3}-\\d{2}-\\d{4}', replacement: 'XXX-XX-XXXX' },
}
const HALF = { id: 'half', type: 'sample', params: { keep_ratio: 0.5, key: 'trace_id' } }

/** The program between two doors and the sink, with rules for each signal; traces leave over gRPC. */
async function start(t: TestContext, sink: OtlpSink, rules: Partial<Record<Signal, object[]>>) {
  const names = Object.keys(rules) as Signal[]
  const out = (signal: Signal) =>
    signal === 'traces' ? { url: sink.grpcUrl, protocol: 'grpc' } : { url: sink.url, protocol: 'http' }
  const config = {
    version: 2,
    sources: [
      { id: 'otel', type: 'otlp', overflow: 'block', http: { listen: '127.0.0.1:0' }, grpc: { listen: '127.0.0.1:0' } },
    ],
    pipelines: names.map((signal) => ({
      id: signal,
      signal,
      sources: ['otel'],
      processors: rules[signal],
      outputs: [`${signal}_out`],
    })),
    outputs: names.map((signal) => ({
      id: `${signal}_out`,
      type: 'otlp',
      batch: { max_wait_ms: 50 },
      ...out(signal),
    })),
  }
  const folder = temporaryFolder()
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'node.json')
  writeFileSync(file, JSON.stringify(config))
  const program = await Program.start('node', { flags: ['--config', file] })
  const [, http, grpc] = /^ {2}otel\s+(\S+) grpc:\/\/(\S+)/m.exec(program.stderr)!
  return { program, through: exporters(http!, `http://${grpc}`) }
}

/** What arrives in whatever order, with what the rules hide hidden. */
function comparable(arrived: readonly Arrived[]): string[] {
  const order = (_: string, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value
  return arrived.map((each) => JSON.stringify(each, order).replaceAll(SSN, 'XXX-XX-XXXX')).sort()
}

test('otlp: what the SDK sends arrives with its resource and scope, less what the rules take', async (t) => {
  await using sink = await OtlpSink.start()
  await using straight = await OtlpSink.start()
  const rules = { logs: [DROP_DEBUG, REDACT_SSN], traces: [REDACT_SSN, HALF] }
  const { program, through } = await start(t, sink, rules)
  await using _ = program
  const said = { logs: logRecords(), traces: spans() }
  const direct = exporters(straight.url, straight.grpcUrl)
  t.after(() => shutdown([direct, through]))

  await exported(direct.proto.logs, said.logs)
  await exported(direct.proto.traces, said.traces)
  const expectedLogs = comparable(straight.arrived.logs.filter(({ record }) => record['severity_text'] !== 'DEBUG'))
  assert.equal(expectedLogs.length, LOGS - Math.ceil(LOGS / 4))

  const keptTraces: string[][] = []
  for (const way of ways) {
    sink.clear()
    await exported(through[way].logs, said.logs)
    await exported(through[way].traces, said.traces)
    await program.until(() => sink.arrived.logs.length >= expectedLogs.length, `${way}: the logs`)
    assert.deepEqual(comparable(sink.arrived.logs), expectedLogs, way)
    await program.until(
      async () => (await settledTraces(program)) === (keptTraces.length + 1) * TRACES * SPANS_EACH,
      `${way}: the spans`,
    )
    const kept = sink.arrived.traces
    const ids = [...new Set(kept.map(({ record }) => String(record['trace_id'])))].sort()
    assert.equal(kept.length, ids.length * SPANS_EACH, `${way}: traces are whole`)
    assert.ok(ids.length > TRACES / 5 && ids.length < (TRACES * 4) / 5, `${way}: ${ids.length} of ${TRACES}`)
    keptTraces.push(ids)
    const expected = straight.arrived.traces.filter(({ record }) => ids.includes(String(record['trace_id'])))
    assert.deepEqual(comparable(kept.map(withoutSampling)), comparable(expected.map(withoutSampling)), way)
  }
  assert.deepEqual(keptTraces[1], keptTraces[0])
  assert.deepEqual(keptTraces[2], keptTraces[0])
  assert.equal(await program.stop(), 0)
})

test('otlp: metrics of the SDK arrive point by point', async (t) => {
  await using sink = await OtlpSink.start()
  await using straight = await OtlpSink.start()
  const { program, through } = await start(t, sink, { metrics: [] })
  await using _ = program
  const said = await metrics()
  const direct = exporters(straight.url, straight.grpcUrl)
  t.after(() => shutdown([direct, through]))
  await exported(direct.proto.metrics, said)
  const expected = comparable(points(straight.arrived.metrics))
  for (const way of ways) {
    sink.clear()
    await exported(through[way].metrics, said)
    await program.until(() => points(sink.arrived.metrics).length >= expected.length, `${way}: the metrics`)
    assert.deepEqual(comparable(points(sink.arrived.metrics)), expected, way)
  }
  assert.equal(await program.stop(), 0)
})

test('otlp: the SDK tries again when there is no room, as it is asked to', async (t) => {
  const context = new FakeSourceContext()
  const source = otlp.create(otlp.config.parse({ http: { listen: '127.0.0.1:0' }, grpc: false }), context)
  await source.start()
  t.after(() => source.stop())
  const through = exporters(source.address(), 'http://127.0.0.1:1')
  t.after(() => shutdown([through]))
  const records = logRecords()
  for (const way of ['proto', 'json'] as const) {
    context.intake.setRoom(0)
    const puts = context.intake.puts
    const sent = exported(through[way].logs, records)
    await refused(context)
    assert.equal(context.intake.puts, puts)
    context.intake.setRoom(10)
    await sent
    assert.equal(context.intake.puts, puts + 1, way)
  }
})

/** Resolves when the next request is refused for want of room. */
function refused(context: FakeSourceContext): Promise<void> {
  const reject = context.reject.bind(context)
  return new Promise((resolve) => {
    context.reject = (reason, records, bytes) => {
      reject(reason, records, bytes)
      if (reason === 'overload') resolve()
    }
  })
}

/** Spans that have come in, once nothing is under way any more; -1 before. */
async function settledTraces(program: Program): Promise<number> {
  const stats = (await (await fetch(program.address('metrics').replace('/metrics', '/stats'))).json()) as NodeStats
  const pipeline = stats.pipelines.find(({ id }) => id === 'traces')!
  const output = stats.outputs.find(({ id }) => id === 'traces_out')!
  return pipeline.in_flight.records + output.in_flight.records === 0 ? pipeline.in.records : -1
}

/** Without what `sample` writes on what it keeps. */
function withoutSampling({ record, ...rest }: Arrived): Arrived {
  const { trace_state: _, attributes, ...others } = record
  const kept = (attributes as { key: string }[] | undefined)?.filter(({ key }) => key !== 'sample_rate')
  return { ...rest, record: { ...others, ...(kept === undefined || kept.length === 0 ? {} : { attributes: kept }) } }
}

/** A metric is as many records as it has points. */
function points(arrived: readonly Arrived[]): Arrived[] {
  return arrived.flatMap(({ record, ...rest }) => {
    const kind = ['gauge', 'sum', 'histogram'].find((name) => name in record)!
    const { data_points: each, ...about } = record[kind] as { data_points: object[] }
    return each.map((point) => ({ ...rest, record: { ...record, [kind]: { ...about, point } } }))
  })
}

async function shutdown(all: readonly Exporters[]): Promise<void> {
  await Promise.all(all.flatMap((each) => ways.flatMap((way) => Object.values(each[way]).map((one) => one.shutdown()))))
}

/** So that the same traces are sampled in every run. */
function seededIds() {
  const random = randomFrom(20_260_401)
  const id = (digits: number) => Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('')
  return { generateTraceId: () => id(32), generateSpanId: () => id(16) }
}

function hex(i: number, digits: number): string {
  return (i + 1).toString(16).padStart(digits, 'a')
}
