/** Every vendor that speaks HTTP, for what must hold for all of them. */
import { cloudwatchLogs } from './cloudwatch_logs.ts'
import { datadog } from './datadog.ts'
import { elasticsearch } from './elasticsearch.ts'
import { gcpLogging } from './gcp_logging.ts'
import { http } from './http.ts'
import { loki } from './loki.ts'
import { newrelic } from './newrelic.ts'
import { otlp } from './otlp.ts'
import { s3 } from './s3.ts'
import { splunkHec } from './splunk_hec.ts'
import type { Vendor } from './vendor-fake.ts'

export const vendors: readonly Vendor[] = [
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
