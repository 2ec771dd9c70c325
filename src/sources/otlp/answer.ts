/**
 * What a sender is told: the same over HTTP and gRPC, in Protocol Buffers and JSON.
 *
 *   Export…ServiceResponse { Export…PartialSuccess partial_success = 1 }     (opentelemetry-proto: collector/…/v1)
 *   Export…PartialSuccess { int64 rejected_… = 1, string error_message = 2 }
 *   Status { int32 code = 1, string message = 2, repeated Any details = 3 }                      (google.rpc)
 *   Any { string type_url = 1, bytes value = 2 }   RetryInfo { Duration retry_delay = 1 }
 *   Duration { int64 seconds = 1, int32 nanos = 2 }
 */
import { varintBytes, writeVarint } from '#codecs/protobuf/wire.ts'
import { allocate, type Bytes, concat, fromText } from '#std/bytes.ts'
import type { Signal } from '#telemetry/signal.ts'

/** google.rpc.Code */
export const Code = {
  ok: 0,
  invalidArgument: 3,
  deadlineExceeded: 4,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const
export type Code = (typeof Code)[keyof typeof Code]

/** Nothing was taken. A sender tries again only where `retryMs` says when. */
export interface Refusal {
  status: number
  code: Code
  message: string
  retryMs?: number
}

/** What was taken, but for `rejected` records (data points, for metrics), which must not be sent again. */
export interface Taken {
  rejected: number
  message: string
}

const REJECTED: Record<Signal, string> = {
  logs: 'rejectedLogRecords',
  metrics: 'rejectedDataPoints',
  traces: 'rejectedSpans',
}

export function responseBytes({ rejected, message }: Taken): Bytes {
  if (rejected === 0) return allocate(0)
  return bytesField(1, concat([varintField(1, rejected), bytesField(2, fromText(message))]))
}

export function responseJson(signal: Signal, { rejected, message }: Taken): string {
  if (rejected === 0) return '{}'
  return JSON.stringify({ partialSuccess: { [REJECTED[signal]]: String(rejected), errorMessage: message } })
}

export function statusBytes({ code, message, retryMs }: Refusal): Bytes {
  const status = [varintField(1, code), bytesField(2, fromText(message))]
  if (retryMs !== undefined) {
    const delay = concat([varintField(1, Math.floor(retryMs / 1000)), varintField(2, (retryMs % 1000) * 1_000_000)])
    const type = bytesField(1, fromText('type.googleapis.com/google.rpc.RetryInfo'))
    status.push(bytesField(3, concat([type, bytesField(2, bytesField(1, delay))])))
  }
  return concat(status)
}

export function statusJson({ code, message }: Pick<Refusal, 'code' | 'message'>): string {
  return JSON.stringify({ code, message })
}

function varintField(field: number, value: number): Bytes {
  const bytes = allocate(1 + varintBytes(value))
  bytes[0] = field << 3
  writeVarint(bytes, value, 1)
  return bytes
}

function bytesField(field: number, content: Bytes): Bytes {
  const head = allocate(1 + varintBytes(content.length))
  head[0] = (field << 3) | 2
  writeVarint(head, content.length, 1)
  return concat([head, content])
}
