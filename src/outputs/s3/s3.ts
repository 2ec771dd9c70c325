/**
 * `s3` puts batches as objects into a bucket of Amazon S3, or of any store that speaks its protocol (PutObject,
 * Signature Version 4).
 *
 * The records of a batch that belong to one key make one object. Its name hangs on which records they are, so a retry
 * writes over the object that it repeats.
 */

import { createHash } from 'node:crypto'
import { z } from 'zod'
import { type Group, groupsOf } from '#codecs/grouped/grouped.ts'
import { MISSING_PATTERN, templateProblem } from '#codecs/partitioned/template.ts'
import {
  type Batch,
  defineOutput,
  type Failed,
  type Output,
  type OutputContext,
  type SendResult,
} from '#component/output.ts'
import type { Logger } from '#observe/log.ts'
import { signals } from '#telemetry/signal.ts'
import type { UpstreamAnswer } from '#upstreams/upstream.ts'
import { AwsCredentials, awsOptions, KEYS_GO_TOGETHER, keysGoTogether, signAws } from '../aws-credentials.ts'
import { type AwsKeys, awsUrl } from '../aws-keys.ts'
import { Endpoint, endpointOptions, endpointUrl } from '../endpoint.ts'
import { type PartOutcome, resultOf } from '../outcome.ts'
import { compressions, NAME_BYTES_MAX, objectFormats, objectOf, type S3Object } from './object.ts'

/** Of a whole key, in bytes. */
const KEY_BYTES_MAX = 1024
/** What one PutObject takes; batches are far smaller. */
const OBJECT_BYTES_MAX = 5_000_000_000
/** From here on somebody chose a field with too many values: each object is a request to pay for. */
const MANY_OBJECTS = 1000

const config = z
  .strictObject({
    bucket: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be a bucket name: 3 to 63 of a-z, 0-9, dot and dash')
      .describe('Bucket to put objects into.'),
    ...awsOptions,
    region: awsOptions.region.describe('Region of the bucket; what another store calls it, often us-east-1 or auto.'),
    endpoint: endpointUrl.optional().describe("Address of another store that speaks S3, instead of Amazon's."),
    path_style: z
      .boolean()
      .optional()
      .describe(
        'Bucket in the path instead of the host name; by default with an endpoint of its own or a dot in its name.',
      ),
    key: z
      .string()
      .default('logs/{yyyy}/{MM}/{dd}/{HH}')
      .describe('Template of the folder; the name of the object follows it.'),
    key_time: z.enum(['event', 'arrival']).default('event').describe("Whose time the key takes: the record's or ours."),
    missing: z
      .string()
      .regex(MISSING_PATTERN, 'must be 1 to 64 letters, digits, dashes and underscores')
      .default('unknown')
      .describe('Stands in the key for a field that a record does not have.'),
    format: z.enum(objectFormats).default('ndjson').describe('One JSON object a line, or each record as it came.'),
    compression: z.enum(compressions).default('gzip').describe('How objects are compressed.'),
    content_type: z
      .string()
      .regex(/^[\x20-\x7e]{1,200}$/, 'must be printable ASCII')
      .optional()
      .describe('Content-Type of the objects, instead of what the format is.'),
    storage_class: z
      .string()
      .regex(/^[A-Z_]{1,40}$/, 'must be a storage class such as STANDARD_IA')
      .optional()
      .describe("Storage class, instead of the bucket's own."),
    server_side_encryption: z
      .enum(['AES256', 'aws:kms', 'aws:kms:dsse'])
      .optional()
      .describe("How the store encrypts the objects, instead of the bucket's own way."),
    kms_key_id: z
      .string()
      .regex(/^[\x21-\x7e]{1,2048}$/, 'must be printable ASCII')
      .optional()
      .describe('KMS key for aws:kms and aws:kms:dsse.'),
    checksum: z
      .enum(['none', 'md5', 'sha256'])
      .default('none')
      .describe('Checksum to send beside the signed digest; buckets with Object Lock ask for one.'),
    uploads_max: z.int().min(1).max(64).default(4).describe('Objects of one batch that are under way at once.'),
    ...endpointOptions,
    timeout_ms: z.int().min(1).max(600_000).default(60_000).describe('How long one request may take.'),
  })
  .refine(keysGoTogether, KEYS_GO_TOGETHER)
  .refine(({ kms_key_id, server_side_encryption: sse }) => kms_key_id === undefined || sse?.startsWith('aws:'), {
    path: ['kms_key_id'],
    error: 'goes with server_side_encryption: aws:kms',
  })
  .superRefine(({ key, missing }, context) => {
    const problem = templateProblem(key, 'path', missing, KEY_BYTES_MAX - NAME_BYTES_MAX)
    if (problem !== undefined) context.addIssue({ code: 'custom', path: ['key'], message: problem })
  })

type Options = z.output<typeof config>

export const s3 = defineOutput({
  name: 's3',
  summary: 'Puts batches as objects into Amazon S3 or another store that speaks its protocol.',
  // What is no text comes as JSON.
  signals,
  shape: 'request',
  config,
  encoder: ({ key, key_time: time, missing, format }) => ({
    name: 'partitioned',
    options: { template: key, use: 'path', missing, time, format },
  }),
  concurrency: ({ concurrency }) => concurrency,
  // Half of what an output's queue holds by default: one batch grows while another is under way.
  batch: { maxRecords: 100_000, maxBytes: 8 * 1024 * 1024, maxWaitMs: 60_000 },
  limits: () => ({ bytes: OBJECT_BYTES_MAX }),
  create: (options, context) => new S3Output(options, context),
})

class S3Output implements Output {
  readonly #options: Options
  readonly #endpoint: Endpoint
  readonly #credentials: AwsCredentials
  readonly #log: Logger
  readonly #id: string
  /** What stands before each key in the path. */
  readonly #root: string
  readonly #headers: Record<string, string>
  #warned = false

  constructor(options: Options, context: OutputContext) {
    const { url, root } = placeOf(options)
    this.#options = options
    this.#endpoint = new Endpoint({ ...options, url }, context)
    this.#credentials = new AwsCredentials(options, context.upstreams)
    this.#log = context.log
    this.#id = context.id
    this.#root = root
    this.#headers = headersOf(options)
  }

  async start(): Promise<void> {
    // Where only approved digests are allowed, MD5 is not there: that shows here and not in each send.
    if (this.#options.checksum === 'md5') createHash('md5')
    this.#endpoint.start()
  }

  async stop(): Promise<void> {
    await this.#endpoint.stop()
  }

  async send(batch: Batch, signal: AbortSignal): Promise<SendResult> {
    if (!this.#endpoint.running) return STOPPED
    if (signal.aborted) return ABORTED
    const groups = groupsOf(batch)
    if (groups.length > MANY_OBJECTS) this.#warnOfMany(groups.length)
    const outcomes: PartOutcome[] = groups.map(({ records }) => ({ records, failure: ABORTED }))
    let next = 0
    /** Nobody answers: the objects that are left would fail alike, each after its own time. */
    let silence: Failed | undefined
    const work = async () => {
      while (next < groups.length && !signal.aborted) {
        const i = next++
        if (silence !== undefined) {
          outcomes[i]!.failure = silence
          continue
        }
        const { failure, silent } = await this.#put(groups[i]!, batch, signal)
        outcomes[i]!.failure = failure
        if (silent) silence = failure
      }
    }
    await Promise.all(Array.from({ length: Math.min(this.#options.uploads_max, groups.length) }, work))
    return resultOf(outcomes)
  }

  async #put(
    group: Group,
    batch: Batch,
    signal: AbortSignal,
  ): Promise<{ failure: Failed | undefined; silent: boolean }> {
    const { format, compression, region } = this.#options
    let object: S3Object
    try {
      object = await objectOf(group, batch.bytes, format, compression)
    } catch (error) {
      const message = error instanceof Error ? error.message : 'the object could not be made'
      return { failure: { ok: false, retryable: true, code: 'compression', message }, silent: false }
    }
    let keys: AwsKeys
    try {
      keys = await this.#credentials.get(signal)
    } catch (error) {
      if (signal.aborted) return { failure: ABORTED, silent: true }
      const message = error instanceof Error ? error.message : 'there are no credentials'
      return { failure: { ok: false, retryable: true, code: 'aws_credentials', message }, silent: true }
    }
    const path = this.#root + object.key.split('/').map(encodeURIComponent).join('/')
    const { body } = object
    const headers = { ...this.#headers, ...this.#digestsOf(object) }
    const sign = (target: URL) => {
      const url = new URL(target.pathname.replace(/\/$/, '') + path, target)
      return signAws({ method: 'PUT', url, headers, body }, 's3', region, keys)
    }
    const result = await this.#endpoint.request({ method: 'PUT', path, headers, sign, body, signal })
    if (!result.answered) return { failure: this.#endpoint.failure(result), silent: true }
    if (result.status >= 200 && result.status < 300) return { failure: undefined, silent: false }
    const { failure, keysAreStale } = explained(this.#endpoint.failure(result), result)
    if (keysAreStale) this.#credentials.drop(keys)
    return { failure, silent: false }
  }

  #digestsOf({ body, digest }: S3Object): Record<string, string> {
    const headers: Record<string, string> = { 'x-amz-content-sha256': digest.toString('hex') }
    const { checksum } = this.#options
    if (checksum === 'sha256') headers['x-amz-checksum-sha256'] = digest.toString('base64')
    if (checksum === 'md5') headers['content-md5'] = createHash('md5').update(body).digest('base64')
    return headers
  }

  #warnOfMany(objects: number): void {
    if (this.#warned) return
    this.#warned = true
    this.#log.warn(
      { output: this.#id, objects },
      `output ${this.#id} made ${objects} objects of one batch; a field in its key has too many values`,
    )
  }
}

const STOPPED: Failed = { ok: false, retryable: true, code: 'stopped', message: 'the output is not running' }
const ABORTED: Failed = { ok: false, retryable: true, code: 'aborted', message: 'stopped while sending' }

/** Where the bucket is: the origin to send to, and what its keys are put behind. */
function placeOf({ bucket, region, endpoint, upstream, path_style }: Options): { url: string; root: string } {
  const url = new URL(endpoint ?? awsUrl('s3', region))
  const own = endpoint !== undefined || upstream !== undefined
  // A certificate for *.s3.… stands for one name only, without a dot.
  const inPath = upstream !== undefined || (path_style ?? (own || bucket.includes('.')))
  if (!inPath) url.hostname = `${bucket}.${url.hostname}`
  const path = url.pathname.replace(/\/$/, '')
  return { url: url.origin, root: inPath ? `${path}/${bucket}/` : `${path}/` }
}

function headersOf(options: Options): Record<string, string> {
  const type = options.format === 'ndjson' ? 'application/x-ndjson' : 'text/plain; charset=utf-8'
  const headers: Record<string, string> = { 'content-type': options.content_type ?? type }
  if (options.compression !== 'none') headers['content-encoding'] = options.compression
  if (options.storage_class !== undefined) headers['x-amz-storage-class'] = options.storage_class
  if (options.server_side_encryption !== undefined)
    headers['x-amz-server-side-encryption'] = options.server_side_encryption
  if (options.kms_key_id !== undefined) headers['x-amz-server-side-encryption-aws-kms-key-id'] = options.kms_key_id
  return headers
}

/**
 * Errors of S3 after which the same request may go through, whatever their status. Other stores answer with other
 * statuses than S3 when they do not know a key, or it may not do this.
 */
const PASSING = new Set([
  'AccessDenied',
  'RequestTimeout',
  'RequestTimeTooSkewed',
  'OperationAborted',
  'ConditionalRequestConflict',
  'TemporaryRedirect',
  'IncompleteBody',
  'BadDigest',
  'XAmzContentSHA256Mismatch',
  'SlowDown',
])
/** The keys are not, or no longer, good; others may be there. */
const STALE_KEYS = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'TokenRefreshRequired',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
])
const TOO_LARGE = new Set(['EntityTooLarge', 'MaxMessageLengthExceeded'])

/**
 * S3 says in the body what the status leaves open. Only its code and message are told: the rest holds keys and
 * tokens.
 */
function explained(failed: Failed, answer: UpstreamAnswer): { failure: Failed; keysAreStale: boolean } {
  const xml = answer.body.toString('utf8', 0, ERROR_BYTES_MAX)
  const error = /<Code>([A-Za-z0-9.]{1,80})<\/Code>/.exec(xml)?.[1]
  if (error === undefined) return { failure: failed, keysAreStale: false }
  const said = /<Message>([^<]{1,200})/.exec(xml)?.[1] ?? ''
  const region = answer.headers['x-amz-bucket-region']
  const elsewhere = answer.status === 301 && region !== undefined ? ` (the bucket is in ${String(region)})` : ''
  const keysAreStale = STALE_KEYS.has(error)
  const failure: Failed = {
    ...failed,
    retryable: failed.retryable || keysAreStale || PASSING.has(error),
    message: `the server answered ${answer.status} ${error}${elsewhere}: ${said.replace(/\s+/g, ' ').trim()}`,
  }
  if (TOO_LARGE.has(error)) failure.tooLarge = true
  return { failure, keysAreStale }
}

const ERROR_BYTES_MAX = 16 * 1024
