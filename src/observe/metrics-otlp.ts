/** The same metrics as at `/metrics`, as an ExportMetricsServiceRequest of OTLP in JSON (opentelemetry-proto, metrics.proto). */
import type { NodeStats } from '#contract/stats.ts'
import { metrics } from './metrics.ts'

const CUMULATIVE = 2
const NANOS_OF_MS = 1_000_000n

/** `atMs`: Unix milliseconds of the reading. */
export function metricsAsOtlp(stats: NodeStats, atMs: number): object {
  const startTimeUnixNano = nanos(stats.started_at)
  const timeUnixNano = nanos(atMs)
  const shown = metrics.flatMap(({ name, help, type, samples }) => {
    const dataPoints = samples(stats).map(([labels, value]) => ({
      attributes: attributes(labels),
      ...(type === 'counter' && { startTimeUnixNano }),
      timeUnixNano,
      asDouble: value,
    }))
    if (dataPoints.length === 0) return []
    const data =
      type === 'counter'
        ? { sum: { aggregationTemporality: CUMULATIVE, isMonotonic: true, dataPoints } }
        : { gauge: { dataPoints } }
    return [{ name, description: help, ...data }]
  })
  const resource = {
    attributes: attributes({
      'service.name': 'streamgate',
      'service.version': stats.version,
      'service.instance.id': stats.id,
    }),
  }
  return { resourceMetrics: [{ resource, scopeMetrics: [{ scope: { name: 'streamgate' }, metrics: shown }] }] }
}

function attributes(labels: Readonly<Record<string, string>>) {
  return Object.entries(labels).map(([key, stringValue]) => ({ key, value: { stringValue } }))
}

/** 64-bit integers stand as text in OTLP's JSON. */
function nanos(ms: number): string {
  return String(BigInt(Math.trunc(ms)) * NANOS_OF_MS)
}
