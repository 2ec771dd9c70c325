/** The configuration document, but for the options of components: those come from each component's own schema. */
import { isIP } from 'node:net'
import { z } from 'zod'
import { spoolFullPolicies, whenFullPolicies } from '#component/plan.ts'
import { overflowPolicies } from '#component/source.ts'
import { signals } from '#telemetry/signal.ts'
import { upstreamOptions } from '#upstreams/options.ts'
import { id, processorEntry, type } from './rules.ts'

export const COMPONENTS_MAX = 256
export const UPSTREAMS_MAX = 64
const MiB = 1024 * 1024
const DAY_MS = 24 * 3_600_000
const RETRY_ATTEMPTS_MAX = 1_000_000_000

/** What every source takes beside its own options. */
export const sourceEntry = z.object({
  id,
  type,
  overflow: z
    .enum(overflowPolicies)
    .default('drop_oldest')
    .describe('What happens when the intake is full: give up the oldest records, or let the sender wait.'),
  durable: z
    .boolean()
    .default(false)
    .describe(
      'Answers only when what it took in is safe on disk or has gone its way. Needs a source that answers: http.',
    ),
})

const batch = z.strictObject({
  max_records: z.int().min(1).max(100_000).optional().describe('Records in a batch.'),
  max_bytes: z
    .int()
    .min(1)
    .max(64 * MiB)
    .optional()
    .describe('Bytes in a batch.'),
  max_wait_ms: z.int().min(1).max(600_000).optional().describe('Age at which a batch goes out, full or not.'),
})

const retry = z.strictObject({
  max_attempts: z
    .int()
    .min(1)
    .max(RETRY_ATTEMPTS_MAX)
    .default(RETRY_ATTEMPTS_MAX)
    .describe('Attempts before a batch is given up; by default only age ends them.'),
  max_age_ms: z
    .int()
    .min(1)
    .max(30 * DAY_MS)
    .default(DAY_MS)
    .describe('Age at which a batch in memory is given up.'),
  base_ms: z.int().min(1).max(600_000).default(200).describe('Bound of the first wait; it doubles each time.'),
  cap_ms: z.int().min(1).max(3_600_000).default(10_000).describe('The longest wait.'),
})

const spool = z.strictObject({
  max_bytes: z
    .int()
    .min(MiB)
    .max(1_048_576 * MiB)
    .default(1024 * MiB)
    .describe('Bytes that may wait on disk.'),
  max_age_ms: z
    .int()
    .min(1000)
    .max(365 * DAY_MS)
    .default(7 * DAY_MS)
    .describe('Older records are given up.'),
  when_full: z
    .enum(spoolFullPolicies)
    .optional()
    .describe('What happens when that many wait: drop_oldest, or block where a durable source feeds it.'),
})

/** What every output takes beside its own options. */
export const outputEntry = z.object({
  id,
  type,
  batch: batch.default({}).describe("Overrides the pipeline's batch limits."),
  queue_bytes_max: z
    .int()
    .min(1024)
    .max(4096 * MiB)
    .default(16 * MiB)
    .describe('Bytes that may wait in memory.'),
  when_full: z
    .enum(whenFullPolicies)
    .optional()
    .describe(
      'What happens when that many wait: spool (on disk; the default of outputs that send to others), or one of the drops, or block.',
    ),
  spool: spool.prefault({}).describe('What may wait on disk.'),
  dead_letters: z
    .strictObject({
      max_bytes: z
        .int()
        .min(0)
        .max(65_536 * MiB)
        .default(64 * MiB)
        .describe('Bytes of refused records to keep on disk; the oldest go first. 0 keeps none.'),
    })
    .prefault({})
    .describe('Records that the other side refused for good.'),
  retry: retry.prefault({}).describe('When and how often to try again.'),
})

const failOpen = z.strictObject({
  at_buffer_ratio: z
    .number()
    .min(0.05)
    .max(1)
    .default(0.8)
    .describe('Share of the intake in use from which only required processors run.'),
  stall_ms: z.int().min(20).max(600_000).default(250).describe('Silence after which an engine counts as stalled.'),
  kill_ms: z.int().min(20).max(600_000).default(2_000).describe('Silence after which it is replaced.'),
  probe_ms: z.int().min(0).max(600_000).default(1_000).describe('Rest before all processors are tried again.'),
  error_ratio: z
    .number()
    .min(0.01)
    .max(1)
    .default(0.5)
    .describe('Share of records that may fail before that counts as pressure.'),
})

const keepDropped = z.strictObject({
  max_bytes: z
    .int()
    .min(MiB)
    .max(65_536 * MiB)
    .default(16 * MiB)
    .describe('Bytes for each rule; the oldest go first.'),
  max_age_ms: z
    .int()
    .min(1000)
    .max(30 * DAY_MS)
    .default(DAY_MS)
    .describe('Age at which it is forgotten.'),
})

const pipelineEntry = z.strictObject({
  id,
  signal: z
    .enum(signals)
    .default('logs')
    .describe('What it carries. Of a source that brings several signals it takes this one.'),
  sources: z.array(z.string()).min(1).max(COMPONENTS_MAX).describe('Ids of the sources that feed it.'),
  processors: z.array(processorEntry).max(1000).default([]).describe('The rules, in order.'),
  outputs: z.array(z.string()).min(1).max(32).describe('Ids of the outputs; every one gets all records.'),
  batch: batch.default({}).describe('When a batch goes out: at the first of the three.'),
  fail_open: failOpen.prefault({}).describe('What counts as too slow or broken.'),
  keep_dropped: keepDropped
    .optional()
    .describe('Keeps what each rule drops, redacted, for a while: to look at and to send after all.'),
})
export type PipelineEntry = z.output<typeof pipelineEntry>

/** As it is published: what it leaves out is what the file says of the pipeline of this id. */
export const publishedPipelineEntry = pipelineEntry.extend({
  sources: z.array(z.string()).max(COMPONENTS_MAX).default([]),
  outputs: z.array(z.string()).max(32).default([]),
})

export const upstreamEntry = z.strictObject({ id, ...upstreamOptions })

const address = z.string().regex(/^(\[[^\]]+\]|[^:[\]]*):\d{1,5}$/, 'must be HOST:PORT, such as 127.0.0.1:8083')

/** Of an address, or of a network such as 10.0.0.0/8. */
function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}

const auth = z
  .enum(['required', 'open'])
  .optional()
  .describe('Whether credentials are asked for; by default everywhere but on the loopback address.')

const serverTls = z
  .strictObject({
    cert_file: z.string().min(1).describe('PEM file with the certificate and those between it and its authority.'),
    key_file: z.string().min(1).describe('PEM file with its key.'),
    client_ca_file: z.string().min(1).optional().describe('PEM file with the authorities of client certificates.'),
  })
  .optional()
  .describe('TLS; without it, connections are plain.')

const controlEntry = z.strictObject({
  listen: address.default('127.0.0.1:8000'),
  auth,
  tls: serverTls,
  public_url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('How people reach it, for links.'),
  trusted_proxies: z
    .array(z.string().refine(isNetwork, 'must be an address or a network, such as 10.0.0.0/8'))
    .max(64)
    .default([])
    .describe(
      'Proxies before it, whose X-Forwarded-For says who asks; without it, all who come through one count as one.',
    ),
  database_url: z
    .string()
    .min(1)
    .optional()
    .describe('PostgreSQL to keep everything in; by default the data directory.'),
  secret_key: z
    .string()
    .min(1)
    .optional()
    .describe('32 bytes in base64 that seal what is secret, the same for all controllers of one database.'),
  dashboard: z.boolean().default(true).describe('Whether the dashboard is served, under /ui/.'),
  webhooks: z
    .strictObject({
      allow_private: z.boolean().default(false).describe('Whether webhooks may go to private addresses.'),
    })
    .prefault({})
    .describe('Where webhooks may go.'),
})

const opampEntry = z.strictObject({
  listen: address.default('127.0.0.1:4320'),
  auth,
  tls: serverTls,
  own_metrics: z
    .strictObject({
      endpoint: z.url({ protocol: /^https?$/ }).describe('Such as http://collector:4318/v1/metrics.'),
      headers: z.record(z.string(), z.string()).default({}).describe('Headers to send, such as a credential.'),
    })
    .optional()
    .describe('Where gateways are told to send their own metrics, by OTLP over HTTP.'),
})

const controllerEntry = z.strictObject({
  endpoint: z
    .string()
    .regex(
      /^(wss?|https?):\/\/[^\s]+$/,
      'must be a URL of ws, wss, http or https, such as ws://127.0.0.1:4320/v1/opamp',
    )
    .describe('Address of the OpAMP server.'),
  token: z.string().min(1).optional().describe('Registration token, or the credential of this gateway.'),
  labels: z.record(z.string().max(128), z.string().max(256)).default({}).describe('What this gateway says of itself.'),
  ca_file: z.string().min(1).optional().describe('PEM file with the authorities of the server.'),
  cert_file: z.string().min(1).optional().describe('PEM file with the certificate of this gateway.'),
  key_file: z.string().min(1).optional().describe('PEM file with its key.'),
})

export const document = z.strictObject({
  version: z.literal(2, { error: 'must be 2, the version of this format' }),
  sources: z.array(z.looseObject({ id, type })).max(COMPONENTS_MAX).describe('Where records come in.'),
  pipelines: z.array(pipelineEntry).min(1).max(31).describe('Which rules they go through.'),
  outputs: z.array(z.looseObject({ id, type })).min(1).max(COMPONENTS_MAX).describe('Where they go.'),
  upstreams: z.array(upstreamEntry).max(UPSTREAMS_MAX).default([]).describe('Servers that outputs send through.'),
  engines: z
    .int()
    .min(1)
    .max(64)
    .default(1)
    .describe('Engine threads. 1 keeps strict order, more keep it per connection.'),
  intake: z
    .strictObject({
      max_bytes: z
        .int()
        .min(8 * MiB)
        .max(16_384 * MiB)
        .default(64 * MiB)
        .describe('Memory for records that wait for an engine.'),
      max_entries: z
        .int()
        .min(64)
        .max(16_777_216)
        .default(65_536)
        .describe('Reads, datagram groups and bodies that may wait.'),
    })
    .prefault({})
    .describe('The intake ring.'),
  admin: z
    .strictObject({ listen: address.default('127.0.0.1:8083') })
    .prefault({})
    .describe('Metrics and health of the node.'),
  control: controlEntry.prefault({}).describe("The controller's API."),
  opamp: opampEntry.prefault({}).describe("The controller's OpAMP server, which manages gateways."),
  controller: controllerEntry.optional().describe('The OpAMP server that this node takes its configuration from.'),
  redis: z
    .strictObject({
      url: z.string().optional(),
      host: z.string().optional(),
      port: z.int().min(1).max(65_535).optional(),
    })
    .optional()
    .describe('Where configurations are published and fetched.'),
  data_dir: z.string().optional().describe('Where state is kept.'),
  secrets_dir: z
    .string()
    .optional()
    .describe('Directory of the files that secret references name; by default SECRETS_DIR, or /run/secrets.'),
  node_id: id.optional().describe('How this node calls itself; by default its host name.'),
  shutdown_timeout_ms: z.int().min(0).max(600_000).default(10_000).describe('How long a stop may take.'),
  log_level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info').describe('What our own log says.'),
})
export type Document = z.output<typeof document>
