/** Every component, one line each. This is the only list of them. */
import { elasticsearchBulk } from '#codecs/elasticsearch_bulk/elasticsearch_bulk.ts'
import { eventJson } from '#codecs/event_json/event_json.ts'
import { jsonArray } from '#codecs/json_array/json_array.ts'
import { loki as lokiEntries } from '#codecs/loki/loki.ts'
import { ndjson } from '#codecs/ndjson/ndjson.ts'
import { otlp as otlpRecords } from '#codecs/otlp/otlp.ts'
import { partitioned } from '#codecs/partitioned/partitioned.ts'
import { syslog as syslogEncoder } from '#codecs/syslog/syslog.ts'
import { text } from '#codecs/text/text.ts'
import type { Registry } from '#component/registry.ts'
import { blackhole } from '#outputs/blackhole/blackhole.ts'
import { cloudwatchLogs } from '#outputs/cloudwatch_logs/cloudwatch_logs.ts'
import { consoleOutput } from '#outputs/console/console.ts'
import { datadog } from '#outputs/datadog/datadog.ts'
import { elasticsearch } from '#outputs/elasticsearch/elasticsearch.ts'
import { file } from '#outputs/file/file.ts'
import { gcpLogging } from '#outputs/gcp_logging/gcp_logging.ts'
import { http as httpOutput } from '#outputs/http/http.ts'
import { loki } from '#outputs/loki/loki.ts'
import { nats } from '#outputs/nats/nats.ts'
import { newrelic } from '#outputs/newrelic/newrelic.ts'
import { otlp } from '#outputs/otlp/otlp.ts'
import { s3 } from '#outputs/s3/s3.ts'
import { splunkHec } from '#outputs/splunk_hec/splunk_hec.ts'
import { syslog } from '#outputs/syslog/syslog.ts'
import { tcp as tcpOutput } from '#outputs/tcp/tcp.ts'
import { attributeFilter } from '#processors/attribute_filter/attribute_filter.ts'
import { dedupe } from '#processors/dedupe/dedupe.ts'
import { filter } from '#processors/filter/filter.ts'
import { redact } from '#processors/redact/redact.ts'
import { sample } from '#processors/sample/sample.ts'
import { http as httpSource } from '#sources/http/http.ts'
import { tcp as tcpSource } from '#sources/tcp/tcp.ts'
import { udp } from '#sources/udp/udp.ts'

export const registry = {
  sources: [
    tcpSource, //
    udp,
    httpSource,
  ],
  processors: [
    filter, //
    redact,
    attributeFilter,
    sample,
    dedupe,
  ],
  outputs: [
    consoleOutput, //
    httpOutput,
    tcpOutput,
    file,
    blackhole,
    datadog,
    cloudwatchLogs,
    gcpLogging,
    elasticsearch,
    newrelic,
    splunkHec,
    syslog,
    nats,
    s3,
    loki,
    otlp,
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
  ],
} as const satisfies Registry
