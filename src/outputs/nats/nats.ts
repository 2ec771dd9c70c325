/**
 * `nats` publishes each record as a message to a NATS JetStream stream, and waits for the stream's acknowledgement.
 *
 * Every message has an id that its record has got from the encoder, so a stream that has seen it drops the retry.
 */

import { readFileSync } from 'node:fs'
import type { JetStreamPublishOptions } from '@nats-io/jetstream'
import { z } from 'zod'
import { PARTITION_HEADER_BYTES, STAMP_BYTES } from '#codecs/partitioned/partitioned.ts'
import { MISSING_PATTERN, templateProblem } from '#codecs/partitioned/template.ts'
import {
  type Batch,
  defineOutput,
  type Failed,
  type Output,
  type OutputContext,
  type SendResult,
} from '#component/output.ts'
import { Secret } from '#component/secret.ts'
import { StreamgateError } from '#contract/error.ts'
import { type Bytes, latin1 } from '#std/bytes.ts'
import { signals } from '#telemetry/signal.ts'
import { tlsOptions } from '#upstreams/plan.ts'
import { type PartOutcome, resultOf } from '../outcome.ts'
import { Connection, type Session } from './connection.ts'
import { connectFailureOf, failureOf } from './failure.ts'

/** A server takes longer ones, but they cost each of its routers. */
const SUBJECT_BYTES_MAX = 512
/** What a server takes where nobody has set `max_payload`. */
const MAX_PAYLOAD_BYTES = 1024 * 1024
/** Headers count: the id, and perhaps the name of a stream. */
const HEADERS_BYTES = 512

const secret = z
  .string()
  .regex(/^[^\r\n]{1,4096}$/, { error: 'must be one line', abort: true })
  .transform((text) => new Secret(text))

const config = z
  .strictObject({
    servers: z
      .array(
        z.string().regex(/^(nats|tls):\/\/[^\s/@?#]+$/, 'must be nats:// or tls:// with host and port, and no more'),
      )
      .min(1)
      .max(64)
      .describe('Servers of the cluster; one of them is taken. tls:// asks for TLS.'),
    subject: z.string().default('logs.{service}.{level}').describe('Template of the subject.'),
    subject_time: z
      .enum(['event', 'arrival'])
      .default('event')
      .describe("Whose time the subject takes, if it has one: the record's or ours."),
    missing: z
      .string()
      .regex(MISSING_PATTERN, 'must be 1 to 64 letters, digits, dashes and underscores')
      .default('unknown')
      .describe('Stands in the subject for a field that a record does not have.'),
    stream: z
      .string()
      .regex(/^[^\s.*>/\\]{1,255}$/, 'must be the name of a stream')
      .optional()
      .describe('Stream that must be the one that takes a message; by default any that takes its subject.'),
    format: z.enum(['ndjson', 'text']).default('ndjson').describe('A JSON object a message, or the record as it came.'),
    user: z.string().min(1).max(255).optional().describe('User, with `password`.'),
    password: secret.optional().describe('Its password; best as a reference to the environment or a file.'),
    token: secret.optional().describe('Token, instead of a user.'),
    nkey_seed: secret.optional().describe('Seed of an nkey (SU…), instead of a user.'),
    credentials_file: z.string().min(1).optional().describe('File of a JWT and its seed (.creds), instead of a user.'),
    tls: tlsOptions.optional().describe('Authorities, client certificate and server name for TLS.'),
    message_bytes_max: z
      .int()
      .min(1024)
      .max(64 * 1024 * 1024)
      .default(MAX_PAYLOAD_BYTES)
      .describe("The server's max_payload: larger messages are refused before they are sent."),
    publishes_max: z
      .int()
      .min(1)
      .max(4096)
      .default(256)
      .describe('Messages that wait for their acknowledgement at once.'),
    connect_timeout_ms: z.int().min(1).max(600_000).default(5_000).describe('How long one server may take to connect.'),
    timeout_ms: z.int().min(1).max(600_000).default(10_000).describe('How long one acknowledgement may take.'),
    concurrency: z.int().min(1).max(64).default(1).describe('Batches under way at once; 1 keeps the order.'),
  })
  .refine(({ user, password }) => (user === undefined) === (password === undefined), 'user and password go together')
  .refine(
    ({ user, token, nkey_seed, credentials_file }) =>
      [user, token, nkey_seed, credentials_file].filter((way) => way !== undefined).length <= 1,
    'only one of user, token, nkey_seed and credentials_file',
  )
  .superRefine(({ subject, missing }, context) => {
    const problem = templateProblem(subject, 'subject', missing, SUBJECT_BYTES_MAX)
    if (problem !== undefined) context.addIssue({ code: 'custom', path: ['subject'], message: problem })
  })

type Options = z.output<typeof config>

export const nats = defineOutput({
  name: 'nats',
  summary: 'Publishes records to a NATS JetStream stream.',
  // What is no text comes as JSON.
  signals,
  shape: 'request',
  config,
  encoder: ({ subject, subject_time: time, missing, format }) => ({
    name: 'partitioned',
    options: { template: subject, use: 'subject', missing, time, format },
  }),
  concurrency: ({ concurrency }) => concurrency,
  batch: { maxRecords: 1_000, maxBytes: 1024 * 1024, maxWaitMs: 200 },
  limits: ({ message_bytes_max: bytes }) => ({ recordBytes: bytes - HEADERS_BYTES }),
  weigh: (bytes, from, to) => to - from - PARTITION_HEADER_BYTES - NEWLINE_BYTES - nameBytesAt(bytes, from),
  create: (options, context) => new NatsOutput(options, context),
})

const NEWLINE_BYTES = 1

function nameBytesAt(bytes: Bytes, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8)
}

class NatsOutput implements Output {
  readonly #options: Options
  readonly #connection: Connection
  readonly #publishOptions: Partial<JetStreamPublishOptions>
  #running = false

  constructor(options: Options, context: OutputContext) {
    this.#options = options
    this.#connection = new Connection(`streamgate ${context.id}`, options)
    this.#publishOptions = {
      timeout: options.timeout_ms,
      ...(options.stream === undefined ? {} : { expect: { streamName: options.stream } }),
    }
  }

  async start(): Promise<void> {
    const { credentials_file, tls } = this.#options
    for (const file of [credentials_file, tls?.ca_file, tls?.cert_file, tls?.key_file]) mustBeReadable(file)
    this.#running = true
  }

  async stop(): Promise<void> {
    this.#running = false
    await this.#connection.close()
  }

  async send(batch: Batch, signal: AbortSignal): Promise<SendResult> {
    if (!this.#running) return STOPPED
    if (signal.aborted) return ABORTED
    const { promise: aborted, resolve } = Promise.withResolvers<'aborted'>()
    const abort = () => resolve('aborted')
    signal.addEventListener('abort', abort, { once: true })
    try {
      const session = await Promise.race([this.#connection.get(), aborted])
      if (session === 'aborted') return ABORTED
      return await this.#publishAll(batch, session, signal, aborted)
    } catch (error) {
      return connectFailureOf(error)
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  /** Publishes go out in order, so many of them unacknowledged at a time. */
  async #publishAll(
    batch: Batch,
    session: Session,
    signal: AbortSignal,
    aborted: Promise<'aborted'>,
  ): Promise<SendResult> {
    const outcomes: PartOutcome[] = Array.from({ length: batch.records }, (_, i) => ({
      records: [i],
      failure: ABORTED,
    }))
    let next = 0
    const work = async () => {
      while (next < batch.records && !signal.aborted) {
        const i = next++
        const failure = await this.#publish(batch, i, session)
        // The caller has its answer, and perhaps its memory, when it has aborted.
        if (!signal.aborted) outcomes[i]!.failure = failure
      }
    }
    const workers = Array.from({ length: Math.min(this.#options.publishes_max, batch.records) }, work)
    await Promise.race([Promise.all(workers), aborted])
    // A server that says nothing is left. One that permits nothing is asked anew, with the credentials of the day.
    const stuck = (code: string) => outcomes.every(({ failure }) => failure?.code === code)
    if (batch.records > 0 && (stuck('timeout') || stuck('permission'))) await this.#connection.drop(session)
    return resultOf(outcomes)
  }

  async #publish({ bytes, ends }: Batch, i: number, session: Session): Promise<Failed | undefined> {
    const from = i === 0 ? 0 : ends[i - 1]!
    const name = from + PARTITION_HEADER_BYTES - STAMP_BYTES
    const stamp = name + nameBytesAt(bytes, from)
    const to = ends[i]! - NEWLINE_BYTES
    const subject = latin1(bytes, name, stamp)
    // A copy: the client may hold it longer than the batch is ours.
    const payload = new Uint8Array(bytes.subarray(stamp + STAMP_BYTES, to))
    try {
      const options = { ...this.#publishOptions, msgID: bytes.toString('hex', stamp, stamp + STAMP_BYTES) }
      const ack = await session.stream.publish(subject, payload, options)
      return ack.stream ? undefined : failureOf(new SyntaxError(), subject)
    } catch (error) {
      return failureOf(error, subject)
    }
  }
}

const STOPPED: Failed = { ok: false, retryable: true, code: 'stopped', message: 'the output is not running' }
const ABORTED: Failed = { ok: false, retryable: true, code: 'aborted', message: 'stopped while sending' }

function mustBeReadable(file: string | undefined): void {
  if (file === undefined) return
  try {
    readFileSync(file)
  } catch (error) {
    throw new StreamgateError('SG_CONFIG_REFERENCE', `the file ${file} cannot be read`, { cause: error })
  }
}
