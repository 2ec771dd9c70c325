/** Calls of CloudWatch Logs: JSON over POST (AWS JSON 1.1), signed, and what its errors mean. */
import type { Failed } from '#component/output.ts'
import type { Clock } from '#std/clock.ts'
import type { UpstreamAnswer } from '#upstreams/upstream.ts'
import { type AwsCredentials, signAws } from '../aws-credentials.ts'
import type { AwsKeys } from '../aws-keys.ts'
import type { Endpoint } from '../endpoint.ts'

export type Action = 'PutLogEvents' | 'CreateLogGroup' | 'CreateLogStream' | 'PutRetentionPolicy'
export type Called = { ok: true; answer: Record<string, unknown> } | Failed

const SERVICE = 'logs'
const VERSION = 'Logs_20140328'
const PATH = '/'
const REASON_CHARACTERS_MAX = 200

/** Other keys may do. Access keys that were replaced are unknown for a while, or from then on. */
const STALE_KEYS = new Set([
  'ExpiredTokenException',
  'ExpiredToken',
  'InvalidSignatureException',
  'UnrecognizedClientException',
])
/** Worth another try although the status says that the request is at fault. */
const RETRYABLE = new Set([
  'ThrottlingException',
  'Throttling',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'LimitExceededException',
  'ServiceUnavailable',
  'ServiceUnavailableException',
  'OperationAbortedException',
  'ResourceNotFoundException',
  // The keys are at fault, or this machine's clock: the records wait until somebody has seen to it.
  ...STALE_KEYS,
  'AccessDeniedException',
  'IncompleteSignatureException',
  'MissingAuthenticationTokenException',
])
/** Errors that are told by name; others by their status, so that there are not too many names. */
const NAMED = new Set([...RETRYABLE, 'InvalidParameterException', 'ResourceAlreadyExistsException'])
/** What an `InvalidParameterException` says of size. */
const TOO_LARGE = /too large|exceeds limit|length less than or equal to/i

export class LogsApi {
  readonly #endpoint: Endpoint
  readonly #credentials: AwsCredentials
  readonly #region: string
  readonly #clock: Clock

  constructor(endpoint: Endpoint, credentials: AwsCredentials, region: string, clock: Clock) {
    this.#endpoint = endpoint
    this.#credentials = credentials
    this.#region = region
    this.#clock = clock
  }

  /** Never rejects. Keys that have expired are replaced once. */
  async call(action: Action, body: Uint8Array, signal: AbortSignal): Promise<Called> {
    let called: Called | undefined
    for (let attempt = 0; attempt < 2; attempt++) {
      let keys: AwsKeys
      try {
        keys = await this.#credentials.get(signal)
      } catch (error) {
        return withoutKeys(error, signal)
      }
      called = await this.#callWith(keys, action, body, signal)
      if (called.ok || !STALE_KEYS.has(called.code)) return called
      this.#credentials.drop(keys)
    }
    return called!
  }

  async #callWith(keys: AwsKeys, action: Action, body: Uint8Array, signal: AbortSignal): Promise<Called> {
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `${VERSION}.${action}` }
    const result = await this.#endpoint.request({
      method: 'POST',
      path: PATH,
      headers,
      sign: (target) => {
        const url = new URL(target.pathname.replace(/\/$/, '') + PATH, target)
        return signAws({ method: 'POST', url, headers, body }, SERVICE, this.#region, keys, this.#clock.wall())
      },
      body,
      signal,
    })
    if (!result.answered) return this.#endpoint.failure(result)
    const answer = jsonIn(result)
    return result.status >= 200 && result.status < 300
      ? { ok: true, answer }
      : judged(this.#endpoint.failure(result), result, answer)
  }
}

function withoutKeys(error: unknown, signal: AbortSignal): Failed {
  if (signal.aborted)
    return { ok: false, retryable: true, code: 'aborted', message: 'stopped while looking for AWS keys' }
  return { ok: false, retryable: true, code: 'aws_credentials', message: (error as Error).message }
}

/** `failed` is what the status alone says. */
function judged(failed: Failed, result: UpstreamAnswer, answer: Record<string, unknown>): Failed {
  const name = errorName(result, answer)
  if (!NAMED.has(name)) return failed
  const reason = reasonOf(answer)
  const judged: Failed = {
    ...failed,
    retryable: failed.retryable || RETRYABLE.has(name),
    code: name,
    message: `CloudWatch Logs answered ${result.status} ${name}: ${reason}`,
  }
  if (name === 'InvalidParameterException' && TOO_LARGE.test(reason)) judged.tooLarge = true
  return judged
}

/** As a header, `Name:http://…`, or in the body, `prefix#Name`. */
function errorName({ headers }: UpstreamAnswer, answer: Record<string, unknown>): string {
  const header = headers['x-amzn-errortype']
  const text = typeof header === 'string' ? header : String(answer['__type'] ?? '')
  return /^(?:[^#:]*#)?([A-Za-z]+)/.exec(text)?.[1] ?? ''
}

/** The first line: what follows quotes the request as it was signed, with its session token. */
function reasonOf(answer: Record<string, unknown>): string {
  const message = String(answer['message'] ?? answer['Message'] ?? 'no reason given')
  return message.split('\n', 1)[0]!.slice(0, REASON_CHARACTERS_MAX)
}

function jsonIn({ body }: UpstreamAnswer): Record<string, unknown> {
  try {
    return Object(JSON.parse(body.toString()))
  } catch {
    return {}
  }
}
