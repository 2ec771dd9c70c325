/**
 * `cloudwatch_logs` sends logs to one stream of an AWS CloudWatch Logs group (PutLogEvents).
 *
 * The service may take a call and still refuse events in it; what it says of them is read, so that nothing is lost
 * unseen.
 */
import { hostname } from 'node:os'
import { z } from 'zod'
import {
  type Batch,
  defineOutput,
  type Failed,
  type Output,
  type OutputContext,
  type Refusal,
  type SendResult,
} from '#component/output.ts'
import { fromText } from '#std/bytes.ts'
import { AwsCredentials, awsOptions, KEYS_GO_TOGETHER, keysGoTogether } from '../aws-credentials.ts'
import { awsUrl } from '../aws-keys.ts'
import { Endpoint, endpointOptions, endpointUrl } from '../endpoint.ts'
import { type Action, LogsApi } from './api.ts'
import { bodyOf, callsOf, type Rejected, refusalsIn, weigh } from './events.ts'

/** Documented limits of one call; bytes as `weigh` counts them. */
const EVENTS_MAX = 10_000
const CALL_BYTES_MAX = 1_048_576
const STREAM_CHARACTERS_MAX = 512

const RETENTION_DAYS = [
  ...[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545],
  ...[731, 1096, 1827, 2192, 2557, 2922, 3288, 3653],
]

const config = z
  .strictObject({
    group: z
      .string()
      .regex(/^[A-Za-z0-9_\-/.#]{1,512}$/, 'must be the name of a log group: letters, digits, _ - / . #')
      .describe('Log group to send to.'),
    stream: z
      .string()
      .regex(/^[^:*]{1,512}$/, 'must be the name of a log stream: no : and no *')
      .optional()
      .describe("Log stream in the group; by default this host's name."),
    create_group: z.boolean().default(true).describe('Whether to create the group where there is none.'),
    retention_days: z
      .int()
      .refine((days) => RETENTION_DAYS.includes(days), `must be one of ${RETENTION_DAYS.join(', ')}`)
      .optional()
      .describe('How long a group that was created here keeps its logs; by default for ever.'),
    ...awsOptions,
    url: endpointUrl.optional().describe("Endpoint to send to instead of the region's own: a proxy, a VPC, a test."),
    ...endpointOptions,
  })
  .refine(keysGoTogether, KEYS_GO_TOGETHER)

export const cloudwatchLogs = defineOutput({
  name: 'cloudwatch_logs',
  summary: 'Sends logs to AWS CloudWatch Logs.',
  shape: 'request',
  config,
  encoder: () => ({
    name: 'event_json',
    options: {
      after: ',',
      members: [{ key: 'timestamp', value: 'milliseconds' }],
      record: { as: 'text', key: 'message' },
    },
  }),
  concurrency: ({ concurrency }) => concurrency,
  batch: { maxRecords: EVENTS_MAX, maxBytes: CALL_BYTES_MAX, maxWaitMs: 1_000 },
  limits: () => ({ records: EVENTS_MAX, bytes: CALL_BYTES_MAX, recordBytes: CALL_BYTES_MAX }),
  weigh,
  create: (options, context) => new CloudwatchLogsOutput(options, context),
})

class CloudwatchLogsOutput implements Output {
  readonly #options: z.output<typeof config>
  readonly #context: OutputContext
  readonly #endpoint: Endpoint
  readonly #api: LogsApi
  readonly #names: { logGroupName: string; logStreamName: string }

  constructor(options: z.output<typeof config>, context: OutputContext) {
    const { region, group } = options
    this.#options = options
    this.#context = context
    this.#endpoint = new Endpoint({ ...options, url: options.url ?? awsUrl('logs', region) }, context)
    const credentials = new AwsCredentials(options, context.upstreams, process.env, context.clock)
    this.#api = new LogsApi(this.#endpoint, credentials, region, context.clock)
    this.#names = { logGroupName: group, logStreamName: options.stream ?? hostStream() }
  }

  async start(): Promise<void> {
    this.#endpoint.start()
  }

  async stop(): Promise<void> {
    await this.#endpoint.stop()
  }

  /** One call as a rule, and more for a batch that spans days. */
  async send(batch: Batch, signal: AbortSignal): Promise<SendResult> {
    if (!this.#endpoint.running)
      return { ok: false, retryable: true, code: 'stopped', message: 'the output is not running' }
    const { calls, refused } = callsOf(batch, this.#context.clock.wall())
    const open = fromText(`${JSON.stringify(this.#names).slice(0, -1)},"logEvents":[`)
    /** Records of calls that one of them may have spoiled, and what was said of the last such call. */
    const spoiled: number[] = []
    let spoiling: Failed | undefined
    for (let i = 0; i < calls.length; i++) {
      const records = calls[i]!
      const outcome = await this.#put(bodyOf(open, batch, records), records, signal)
      if (Array.isArray(outcome)) {
        refused.push(...outcome)
        continue
      }
      const alone = records.length === batch.records
      const nothingTaken = i === 0 && refused.length === 0
      if (alone || (nothingTaken && (outcome.retryable || outcome.tooLarge))) return outcome
      const { code, message } = outcome
      // One that is too large comes again first, with nothing before it, and is then judged as above.
      if (outcome.retryable || outcome.tooLarge) return partly(refused, [...spoiled, ...calls.slice(i).flat()], outcome)
      if (outcome.oneMaySpoil) {
        spoiled.push(...records)
        spoiling = outcome
        continue
      }
      refused.push(...records.map((record) => ({ record, code, message })))
    }
    if (spoiling !== undefined && spoiled.length === batch.records) return spoiling
    // They come again with nothing beside them, and are then judged as above.
    return refused.length + spoiled.length === 0 ? { ok: true } : partly(refused, spoiled, spoiling)
  }

  /** The records that were refused out of a call that was taken, or why it was not. */
  async #put(body: Uint8Array, records: readonly number[], signal: AbortSignal): Promise<Refusal[] | Failed> {
    let called = await this.#api.call('PutLogEvents', body, signal)
    if (!called.ok && called.code === MISSING) {
      const failed = await this.#createStream(signal)
      if (failed !== undefined) return failed
      called = await this.#api.call('PutLogEvents', body, signal)
    }
    if (!called.ok) return UNREADABLE.has(called.code) ? { ...called, oneMaySpoil: true } : called
    return refusalsIn(Object(called.answer['rejectedLogEventsInfo']) as Rejected, records)
  }

  async #createStream(signal: AbortSignal): Promise<Failed | undefined> {
    const failed = await this.#create('CreateLogStream', this.#names, signal)
    if (failed?.code !== MISSING) return failed
    const { logGroupName } = this.#names
    const { create_group: allowed, retention_days: retentionInDays } = this.#options
    if (!allowed) {
      return { ...failed, message: `there is no log group "${logGroupName}": create it, or set create_group` }
    }
    const groupFailed = await this.#create('CreateLogGroup', { logGroupName }, signal)
    if (groupFailed !== undefined) return groupFailed
    this.#context.log.info({ group: logGroupName }, 'created a log group')
    if (retentionInDays !== undefined) {
      const unset = await this.#create('PutRetentionPolicy', { logGroupName, retentionInDays }, signal)
      // The logs are worth more than the order: it is told, and the group keeps them for longer.
      if (unset !== undefined) this.#context.log.warn({ group: logGroupName }, `retention is not set: ${unset.message}`)
    }
    return await this.#create('CreateLogStream', this.#names, signal)
  }

  /** Undefined: it is there now. */
  async #create(action: Action, input: object, signal: AbortSignal): Promise<Failed | undefined> {
    const called = await this.#api.call(action, fromText(JSON.stringify(input)), signal)
    return called.ok || called.code === 'ResourceAlreadyExistsException' ? undefined : called
  }
}

const MISSING = 'ResourceNotFoundException'
/** Nothing of the call was taken, and it may be for a single event. */
const UNREADABLE = new Set(['InvalidParameterException', 'http_400', 'http_422'])

function partly(refused: Refusal[], retry: number[], failed: Failed | undefined): SendResult {
  return {
    ok: 'partly',
    retry: retry.sort((a, b) => a - b),
    refused: refused.sort((a, b) => a.record - b.record),
    code: failed?.code ?? refused[0]!.code,
    message: failed?.message ?? refused[0]!.message,
    ...(failed?.retryAfterMs === undefined ? {} : { retryAfterMs: failed.retryAfterMs }),
  }
}

function hostStream(): string {
  return hostname().replace(/[:*]/g, '-').slice(0, STREAM_CHARACTERS_MAX) || 'streamgate'
}
