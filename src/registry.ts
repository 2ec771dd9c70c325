/** Every component, one line each: sources and outputs here, decoders and encoders in `engine-registry.ts`, processors in `processor-registry.ts`. There is no other list. */
import type { Registry } from '#component/registry.ts'
import { blackhole } from '#outputs/blackhole/blackhole.ts'
import { cloudwatchLogs } from '#outputs/cloudwatch_logs/cloudwatch_logs.ts'
import { consoleOutput } from '#outputs/console/console.ts'
import { datadog } from '#outputs/datadog/datadog.ts'
import { datadogMetrics } from '#outputs/datadog_metrics/datadog_metrics.ts'
import { elasticsearch } from '#outputs/elasticsearch/elasticsearch.ts'
import { file } from '#outputs/file/file.ts'
import { gcpLogging } from '#outputs/gcp_logging/gcp_logging.ts'
import { gcpMonitoring } from '#outputs/gcp_monitoring/gcp_monitoring.ts'
import { http as httpOutput } from '#outputs/http/http.ts'
import { loki } from '#outputs/loki/loki.ts'
import { nats } from '#outputs/nats/nats.ts'
import { newrelic } from '#outputs/newrelic/newrelic.ts'
import { otlp } from '#outputs/otlp/otlp.ts'
import { prometheusExposition } from '#outputs/prometheus_exposition/prometheus_exposition.ts'
import { prometheusRemoteWrite as remoteWriteOutput } from '#outputs/prometheus_remote_write/prometheus_remote_write.ts'
import { s3 } from '#outputs/s3/s3.ts'
import { splunkHec } from '#outputs/splunk_hec/splunk_hec.ts'
import { statsd as statsdOutput } from '#outputs/statsd/statsd.ts'
import { syslog } from '#outputs/syslog/syslog.ts'
import { tcp as tcpOutput } from '#outputs/tcp/tcp.ts'
import { cloudwatchLogs as cloudwatchLogsSource } from '#sources/cloudwatch_logs/cloudwatch_logs.ts'
import { datadog as datadogSource } from '#sources/datadog/datadog.ts'
import { elasticsearch as elasticsearchSource } from '#sources/elasticsearch/elasticsearch.ts'
import { fluentForward } from '#sources/fluent_forward/fluent_forward.ts'
import { http as httpSource } from '#sources/http/http.ts'
import { loki as lokiSource } from '#sources/loki/loki.ts'
import { nats as natsSource } from '#sources/nats/nats.ts'
import { otlp as otlpSource } from '#sources/otlp/otlp.ts'
import { prometheusRemoteWrite } from '#sources/prometheus_remote_write/prometheus_remote_write.ts'
import { prometheusScrape } from '#sources/prometheus_scrape/prometheus_scrape.ts'
import { splunkHec as splunkHecSource } from '#sources/splunk_hec/splunk_hec.ts'
import { statsd as statsdSource } from '#sources/statsd/statsd.ts'
import { syslog as syslogSource } from '#sources/syslog/syslog.ts'
import { tcp as tcpSource } from '#sources/tcp/tcp.ts'
import { udp } from '#sources/udp/udp.ts'
import { engineRegistry } from './engine-registry.ts'

export const registry = {
  ...engineRegistry,
  sources: [
    tcpSource, //
    udp,
    httpSource,
    syslogSource,
    datadogSource,
    splunkHecSource,
    elasticsearchSource,
    otlpSource,
    fluentForward,
    lokiSource,
    cloudwatchLogsSource,
    natsSource,
    statsdSource,
    prometheusRemoteWrite,
    prometheusScrape,
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
    statsdOutput,
    datadogMetrics,
    gcpMonitoring,
    remoteWriteOutput,
    prometheusExposition,
  ],
} as const satisfies Registry
