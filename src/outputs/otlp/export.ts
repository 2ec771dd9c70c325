/** Export requests made of encoded log records, and what the answers say (opentelemetry-proto: collector/logs/v1). */
import { groupsOf } from '#codecs/grouped/grouped.ts'
import { fieldsOf, varintBytes, writeVarint } from '#codecs/protobuf/wire.ts'
import type { Batch, SendResult } from '#component/output.ts'
import { allocate, type Bytes, copyBytes, writeLatin1 } from '#std/bytes.ts'

const RESOURCE_LOGS_TAG = 0x0a
const RESOURCE_TAG = 0x0a
const SCOPE_LOGS_TAG = 0x12

/** What a resource of its own takes around a record: three tags, three lengths. */
export const RESOURCE_BYTES_MAX = 18

/** An `ExportLogsServiceRequest`: records grouped by resource, in the order in which each shows first. */
export function requestOf(batch: Batch): Bytes {
  const groups = groupsOf(batch)
  const scopes = groups.map(({ from, to }) => from.reduce((sum, start, i) => sum + to[i]! - start, 0))
  const sizes = groups.map(({ key }, g) => fieldBytes(key.length) + fieldBytes(scopes[g]!))
  const target = allocate(sizes.reduce((sum, size) => sum + fieldBytes(size), 0))
  let write = 0
  for (const [g, { key, from, to }] of groups.entries()) {
    target[write++] = RESOURCE_LOGS_TAG
    write = writeVarint(target, sizes[g]!, write)
    target[write++] = RESOURCE_TAG
    write = writeVarint(target, key.length, write)
    write += writeLatin1(target, key, write)
    target[write++] = SCOPE_LOGS_TAG
    write = writeVarint(target, scopes[g]!, write)
    for (let i = 0; i < from.length; i++) {
      copyBytes(batch.bytes, from[i]!, to[i]!, target, write)
      write += to[i]! - from[i]!
    }
  }
  return target
}

function fieldBytes(length: number): number {
  return 1 + varintBytes(length) + length
}

export interface PartialSuccess {
  rejected: number
  message: string
}

/** What an `ExportLogsServiceResponse` says beside success; undefined when it says nothing. */
export function partialSuccessIn(response: Bytes): PartialSuccess | undefined {
  for (const { field, from, to } of fieldsOf(response, 0, response.length)) {
    if (field !== 1) continue
    const partial = { rejected: 0, message: '' }
    for (const inner of fieldsOf(response, from, to)) {
      if (inner.field === 1) partial.rejected = inner.value
      if (inner.field === 2) partial.message = textOf(response, inner.from, inner.to)
    }
    return partial.rejected === 0 && partial.message === '' ? undefined : partial
  }
  return undefined
}

/**
 * A partial success tells how many records were rejected, and not which. So that the counts are right, as many as were
 * rejected count as refused, the last of the batch, and each says that it stands for some record of the batch.
 */
export function resultOf(records: number, { rejected, message }: PartialSuccess): SendResult {
  const count = Math.min(rejected, records)
  if (count === 0) return { ok: true }
  const code = 'partial_success'
  const reason = `the server rejected ${rejected} of ${records} records: ${message || 'it does not say why'}`
  if (count === records) return { ok: false, retryable: false, code, message: reason }
  const uncertain = `${reason} (it does not say which; this record stands for one of them)`
  const refused = Array.from({ length: count }, (_, i) => ({ record: records - count + i, code, message: uncertain }))
  return { ok: 'partly', retry: [], refused, code, message: reason }
}

export interface RpcStatus {
  message: string
  /** What a `RetryInfo` among its details asks to wait; undefined when there is none. */
  retryMs: number | undefined
}

const RETRY_INFO = /(^|\/)google\.rpc\.RetryInfo$/

/** Reads a `google.rpc.Status`, which errors carry: in the body over HTTP, in `grpc-status-details-bin` over gRPC. */
export function statusIn(bytes: Bytes): RpcStatus {
  const status: RpcStatus = { message: '', retryMs: undefined }
  for (const { field, from, to } of fieldsOf(bytes, 0, bytes.length)) {
    if (field === 2) status.message = textOf(bytes, from, to)
    if (field !== 3) continue
    let type = ''
    for (const inner of fieldsOf(bytes, from, to)) {
      if (inner.field === 1) type = textOf(bytes, inner.from, inner.to)
      if (inner.field === 2 && RETRY_INFO.test(type)) status.retryMs = retryMsIn(bytes, inner.from, inner.to)
    }
    if (RETRY_INFO.test(type)) status.retryMs ??= 0
  }
  return status
}

/** `RetryInfo { Duration retry_delay = 1 }`, `Duration { seconds = 1, nanos = 2 }`. */
function retryMsIn(bytes: Bytes, from: number, to: number): number {
  let ms = 0
  for (const delay of fieldsOf(bytes, from, to)) {
    if (delay.field !== 1) continue
    for (const { field, value } of fieldsOf(bytes, delay.from, delay.to)) {
      if (field === 1) ms += value * 1000
      if (field === 2) ms += Math.ceil(value / 1_000_000)
    }
  }
  return ms
}

const REASON_CHARACTERS_MAX = 200

function textOf(bytes: Bytes, from: number, to: number): string {
  const text = bytes.toString('utf8', from, Math.min(to, from + 4 * REASON_CHARACTERS_MAX))
  return text.slice(0, REASON_CHARACTERS_MAX).replace(/\s+/g, ' ').trim()
}
