/** Every vendor that is sent to over HTTP, for what must hold for all of them. */
import { cloudwatchLogs } from './cloudwatch_logs.ts'
import { datadog } from './datadog.ts'
import { datadogMetrics } from './datadog_metrics.ts'
import { elasticsearch } from './elasticsearch.ts'
import { gcpLogging } from './gcp_logging.ts'
import { gcpMonitoring } from './gcp_monitoring.ts'
import { http } from './http.ts'
import { loki } from './loki.ts'
import { newrelic } from './newrelic.ts'
import { otlp } from './otlp.ts'
import { otlpMetrics, otlpSpans } from './otlp_signals.ts'
import { remoteWrite, remoteWriteTwo } from './prometheus_remote_write.ts'
import { s3 } from './s3.ts'
import { splunkHec } from './splunk_hec.ts'
import type { Vendor } from './vendor-fake.ts'

/** Those that take lines. */
export const logVendors: readonly Vendor[] = [
  http,
  datadog,
  cloudwatchLogs,
  splunkHec,
  newrelic,
  loki,
  elasticsearch,
  otlp,
  gcpLogging,
  s3,
]

export const vendors: readonly Vendor[] = [
  ...logVendors,
  otlpMetrics,
  otlpSpans,
  datadogMetrics,
  gcpMonitoring,
  remoteWrite,
  remoteWriteTwo,
]
