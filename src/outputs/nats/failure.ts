/**
 * What the errors of the NATS client and of JetStream mean for what was sent. They are told by their names: the
 * client is loaded late.
 */
import type { Failed } from '#component/output.ts'

/** Statuses of JetStream that pass, as in HTTP. */
const RETRYABLE = new Set([408, 425, 429])
const MESSAGE_CHARACTERS_MAX = 200

/** Why a publish did not go through. */
export function failureOf(error: unknown, subject: string): Failed {
  const cause = causeOf(error)
  switch (cause.name) {
    case 'JetStreamNotEnabled':
    case 'NoResponders':
      return again('no_stream', `no stream takes the subject ${subject}, or JetStream is not there`)
    case 'JetStreamApiError':
    case 'StreamNotFoundError':
      return answerOf(cause as Error & Answer)
    case 'TimeoutError':
      return again('timeout', `no stream acknowledged in time what was sent to ${subject}`)
    case 'PermissionViolationError':
      return again('permission', `this user may not publish to the subject ${subject}, or not read the answers`)
    case 'InvalidArgumentError':
      return never('message_too_large', 'the message is larger than the server takes (max_payload)')
    case 'InvalidSubjectError':
      return never('subject', `the server would not take the subject ${subject}`)
    case 'SyntaxError':
    case 'JetStreamError':
      return again('no_ack', `what answered on the subject ${subject} is no stream`)
    default:
      return again('connection', messageOf(cause))
  }
}

/** Why there is no session. Whatever it is, it says nothing of what was to be sent. */
export function connectFailureOf(error: unknown): Failed {
  const cause = causeOf(error)
  if (cause.name === 'AuthorizationError') return again('authorization', `the server refuses us: ${messageOf(cause)}`)
  if (cause.name === 'TimeoutError') return again('timeout', 'the server took too long to connect')
  return again('connection', messageOf(cause))
}

function causeOf(error: unknown): Error {
  if (!(error instanceof Error)) return new Error('the connection failed')
  return error.name === 'RequestError' && error.cause instanceof Error ? error.cause : error
}

/** An error that JetStream answered with: `code` is its own number, `status` one of HTTP's. */
interface Answer {
  code: number
  status: number
}

function answerOf(error: Error & Answer): Failed {
  const retryable = error.status >= 500 || RETRYABLE.has(error.status)
  const message = `JetStream answered ${error.status} (${error.code}): ${messageOf(error)}`
  return { ok: false, retryable, code: `jetstream_${error.code}`, message }
}

function again(code: string, message: string): Failed {
  return { ok: false, retryable: true, code, message }
}

function never(code: string, message: string): Failed {
  return { ok: false, retryable: false, code, message }
}

function messageOf({ message }: Error): string {
  return (message === '' ? 'the connection failed' : message).slice(0, MESSAGE_CHARACTERS_MAX)
}
