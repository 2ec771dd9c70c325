/** What engine threads need of the registry: they need not hold the rest. */
import { bulk } from '#codecs/bulk/bulk.ts'
import { cloudwatchPut } from '#codecs/cloudwatch_put/cloudwatch_put.ts'
import { datadogLogs } from '#codecs/datadog_logs/datadog_logs.ts'
import { datadogMetrics } from '#codecs/datadog_metrics/encoder.ts'
import { elasticsearchBulk } from '#codecs/elasticsearch_bulk/elasticsearch_bulk.ts'
import { eventJson } from '#codecs/event_json/event_json.ts'
import { expositionSeries } from '#codecs/exposition/encoder.ts'
import { fluent } from '#codecs/fluent/fluent.ts'
import { jsonArray as jsonArrayDecoder, lines, record } from '#codecs/framing/decoders.ts'
import { gcpSeries } from '#codecs/gcp_series/encoder.ts'
import { describedLines } from '#codecs/headed/lines.ts'
import { hecEvents } from '#codecs/hec/hec.ts'
import { jsonArray } from '#codecs/json_array/json_array.ts'
import { loki as lokiEntries } from '#codecs/loki/loki.ts'
import { lokiPush, lokiPushJson } from '#codecs/loki_push/loki_push.ts'
import { metricRecords } from '#codecs/metric/decoder.ts'
import { ndjson } from '#codecs/ndjson/ndjson.ts'
import { otlpLogs, otlpTraces } from '#codecs/otlp/decoders.ts'
import { otlp as otlpRecords, otlpSpans } from '#codecs/otlp/otlp.ts'
import { otlpMetrics } from '#codecs/otlp_metrics/decoder.ts'
import { otlpMetricsEncoder } from '#codecs/otlp_metrics/encoder.ts'
import { partitioned } from '#codecs/partitioned/partitioned.ts'
import { remoteWrite, remoteWrite2 } from '#codecs/remote_write/decoder.ts'
import { remoteWriteSeries } from '#codecs/remote_write/encoder.ts'
import { statsdLines } from '#codecs/statsd/encoder.ts'
import { syslogLines, syslogRecord, syslogZoned } from '#codecs/syslog/decoders.ts'
import { syslog as syslogEncoder } from '#codecs/syslog/syslog.ts'
import { text } from '#codecs/text/text.ts'
import type { EngineRegistry } from '#component/registry.ts'
import { processorRegistry } from './processor-registry.ts'

export const engineRegistry = {
  ...processorRegistry,
  decoders: [
    lines, //
    record,
    jsonArrayDecoder,
    fluent,
    lokiPush,
    lokiPushJson,
    cloudwatchPut,
    metricRecords,
    syslogLines,
    syslogRecord,
    syslogZoned,
    describedLines,
    datadogLogs,
    hecEvents,
    bulk,
    otlpLogs,
    otlpTraces,
    otlpMetrics,
    remoteWrite,
    remoteWrite2,
  ],
  encoders: [
    text, //
    ndjson,
    jsonArray,
    eventJson,
    elasticsearchBulk,
    syslogEncoder,
    partitioned,
    lokiEntries,
    otlpRecords,
    otlpSpans,
    otlpMetricsEncoder,
    statsdLines,
    datadogMetrics,
    gcpSeries,
    remoteWriteSeries,
    expositionSeries,
  ],
} as const satisfies EngineRegistry
