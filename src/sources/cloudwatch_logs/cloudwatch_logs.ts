/**
 * `cloudwatch_logs` takes what agents and SDKs send to Amazon CloudWatch Logs: `PutLogEvents`, AWS JSON 1.1 over `POST
 * /`.
 *
 * Groups and streams need not be made here: who makes one or asks for one is told that it is there. Who is asked to
 * sign has its signature verified; otherwise it is not looked at.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Exchange, ReceivedBody } from '#component/exchange.ts'
import { Secret } from '#component/secret.ts'
import { defineSource, type Source, type SourceContext } from '#component/source.ts'
import type { Admitted } from '#listeners/api-keys.ts'
import { HttpIntake, httpIntakeOptions } from '#listeners/http-intake.ts'
import { type Bytes, utf8 } from '#std/bytes.ts'
import { type AwsError, answerError, answerJson, word } from './answers.ts'
import { readPutLogEvents } from './put-log-events.ts'
import { accessKeyOf, type SignatureSettings, signatureProblem } from './signature.ts'

const CREDENTIALS_MAX = 1000
const credential = z.strictObject({
  access_key_id: z.string().regex(/^[^/,\s]{1,128}$/, 'must be an access key ID'),
  secret_access_key: z
    .string()
    .min(1)
    .max(1024)
    .transform((text) => new Secret(text)),
})

const config = z.strictObject({
  ...httpIntakeOptions('0.0.0.0:8085'),
  credentials: z
    .array(credential)
    .max(CREDENTIALS_MAX)
    .default([])
    .describe('Access keys with one of which requests must be signed; without any, signatures are not looked at.'),
  clock_skew_ms_max: z
    .int()
    .min(1)
    .max(86_400_000)
    .default(300_000)
    .describe('With credentials: how far the time of a signature may be from ours.'),
})
type Options = z.output<typeof config>

export const cloudwatchLogs = defineSource({
  name: 'cloudwatch_logs',
  summary: 'What is sent to Amazon CloudWatch Logs.',
  config,
  promising: true,
  create: (options, context) => new CloudwatchLogsSource(options, context),
})

const TARGET = /^Logs_20140328\.([A-Za-z]{1,64})$/
/** A batch within the limits of AWS has no more, however its messages are escaped. */
const REQUEST_BYTES_MAX = 8 * 1024 * 1024
/** Requests about groups and streams are small. */
const NAMES_BYTES_MAX = 64 * 1024
/** Tokens have lost their meaning; old agents want one. */
const TOKEN = '49590302000000000000000000000000000000000000000000000000'

class CloudwatchLogsSource implements Source {
  readonly #context: SourceContext
  readonly #intake: HttpIntake
  readonly #signatures: SignatureSettings

  constructor(options: Options, context: SourceContext) {
    this.#context = context
    this.#intake = new HttpIntake(context, options)
    this.#signatures = {
      secrets: new Map(options.credentials.map(({ access_key_id: id, secret_access_key: key }) => [id, key])),
      skewMsMax: options.clock_skew_ms_max,
    }
  }

  start(): Promise<void> {
    return this.#intake.start([{ method: 'POST', path: '/', handle: (exchange) => this.#call(exchange) }], word)
  }

  stop(): Promise<void> {
    return this.#intake.stop()
  }

  address(): string {
    return this.#intake.address()
  }

  async #call(exchange: Exchange): Promise<void> {
    const key = this.#intake.admit(exchange, accessKeyOf(exchange.headers))
    if (key === undefined) return
    const hash = createHash('sha256')
    const isSigned = this.#signatures.secrets.size > 0
    const body = await this.#intake.body(exchange, isSigned ? { asSent: (chunk) => hash.update(chunk) } : {})
    if (body === undefined) return
    if (isSigned) {
      const problem = signatureProblem(
        exchange.headers,
        hash.digest('hex'),
        this.#context.clock.wall(),
        this.#signatures,
      )
      if (problem !== undefined) {
        this.#refuse(exchange, body, 'unauthorized', problem)
        return
      }
    }
    const target = String(exchange.headers['x-amz-target'] ?? '')
    const action = TARGET.exec(target)?.[1]
    if (action === 'PutLogEvents') await this.#put(exchange, key, body)
    else this.#about(exchange, body, action)
  }

  async #put(exchange: Exchange, key: Admitted, body: ReceivedBody): Promise<void> {
    const { intake, clock } = this.#context
    if (body.length > REQUEST_BYTES_MAX) {
      this.#refuse(exchange, body, 'body_too_large', TOO_LARGE)
      return
    }
    const put = readPutLogEvents(body.bytes, clock.wall(), intake.entryBytesMax)
    if (!put.ok) {
      this.#refuse(exchange, body, put.isLarge ? 'body_too_large' : 'malformed', put.error)
      return
    }
    const { head, records, rejected } = put
    const entry = { origin: exchange.origin, framing: 'cloudwatch_put' }
    const pieces = put.pieces.map((range) => ({ entry, head, body: body.bytes, ...range }))
    const held = { records, bytes: body.length, release: () => body.release() }
    if (records === 0) held.release()
    else if (!(await this.#intake.hand(exchange, key, held, () => this.#intake.put(pieces)))) return
    if (rejected !== undefined) this.#context.reject('malformed', rejected.records, rejected.bytes)
    const info = rejected === undefined ? {} : { rejectedLogEventsInfo: rejected.info }
    answerJson(exchange, { nextSequenceToken: TOKEN, ...info })
  }

  /** What agents ask of groups and streams before they send. */
  #about(exchange: Exchange, body: ReceivedBody, action: string | undefined): void {
    const answer = action !== undefined && Object.hasOwn(answersAbout, action) ? answersAbout[action] : undefined
    if (answer === undefined) {
      const message = 'Of CloudWatch Logs, only what sends events is spoken here.'
      this.#refuse(exchange, body, 'malformed', { type: 'UnknownOperationException', message })
      return
    }
    const names = body.length > NAMES_BYTES_MAX ? undefined : objectIn(body.bytes)
    if (names === undefined) {
      this.#refuse(exchange, body, 'malformed', {
        type: 'SerializationException',
        message: 'The body is not a JSON object.',
      })
      return
    }
    body.release()
    answerJson(exchange, answer(names, this.#context.clock.wall()))
  }

  #refuse(
    exchange: Exchange,
    body: ReceivedBody,
    reason: 'unauthorized' | 'malformed' | 'body_too_large',
    error: AwsError,
  ): void {
    this.#context.reject(reason, 1, body.length)
    body.release()
    answerError(exchange, error)
  }
}

const TOO_LARGE: AwsError = {
  type: 'InvalidParameterException',
  message: 'Upload too large: the request exceeds limit.',
}

type Names = Readonly<Record<string, unknown>>

/** Whatever is asked for by its name is there; nothing else is. */
const answersAbout: Readonly<Record<string, (names: Names, nowMs: number) => object>> = {
  CreateLogGroup: () => ({}),
  CreateLogStream: () => ({}),
  PutRetentionPolicy: () => ({}),
  DescribeLogGroups({ logGroupNamePrefix: name }, nowMs) {
    return { logGroups: typeof name === 'string' ? [{ logGroupName: name, creationTime: nowMs, storedBytes: 0 }] : [] }
  },
  DescribeLogStreams({ logStreamNamePrefix: name }, nowMs) {
    const stream = { logStreamName: name, creationTime: nowMs, storedBytes: 0, uploadSequenceToken: TOKEN }
    return { logStreams: typeof name === 'string' ? [stream] : [] }
  },
}

function objectIn(bytes: Bytes): Names | undefined {
  try {
    return Object(JSON.parse(utf8(bytes, 0, bytes.length) || '{}')) as Names
  } catch {
    return undefined
  }
}
