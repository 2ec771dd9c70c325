/** Export requests made of encoded records, and what the answers say (opentelemetry-proto: collector/…/v1). */
import { type Group, groupsOf } from '#codecs/grouped/grouped.ts'
import { MEMBER_FIELD_TAG, partsOf, RESOURCE_FIELD_TAG } from '#codecs/otlp/group.ts'
import { fieldsOf, varintBytes, writeVarint } from '#codecs/protobuf/wire.ts'
import type { Batch, SendResult } from '#component/output.ts'
import { allocate, type Bytes, copyBytes, writeLatin1 } from '#std/bytes.ts'

/** What a resource and a scope of its own take around a record: two tags, two lengths. */
export const GROUP_BYTES_MAX = 12

/** One field of the request. */
interface ResourceGroup {
  /** Its fields beside its scopes, one character per byte. */
  head: string
  bytes: number
  scopes: ScopeGroup[]
}

interface ScopeGroup {
  head: string
  bytes: number
  records: Group
}

/**
 * An `Export…ServiceRequest`: records grouped by resource, those by scope, in the order in which each shows first. What
 * came as OTLP has its resources and scopes as they came.
 */
export function requestOf(batch: Batch): Bytes {
  const groups = groupsOf(batch)
  const whole = groups.filter(({ key }) => key === '')
  const resources = resourcesOf(groups)
  const target = allocate(
    resources.reduce((sum, { bytes }) => sum + fieldBytes(bytes), 0) +
      whole.reduce((sum, records) => sum + payloadBytes(records), 0),
  )
  let write = 0
  for (const { head, bytes, scopes } of resources) {
    target[write++] = RESOURCE_FIELD_TAG
    write = writeVarint(target, bytes, write)
    write += writeLatin1(target, head, write)
    for (const scope of scopes) {
      target[write++] = MEMBER_FIELD_TAG
      write = writeVarint(target, scope.bytes, write)
      write += writeLatin1(target, scope.head, write)
      write = writePayloads(batch, scope.records, target, write)
    }
  }
  for (const records of whole) write = writePayloads(batch, records, target, write)
  return target
}

function resourcesOf(groups: readonly Group[]): ResourceGroup[] {
  const resources = new Map<string, ResourceGroup>()
  for (const records of groups) {
    if (records.key === '') continue
    const { resource: head, scope } = partsOf(records.key)
    let resource = resources.get(head)
    if (resource === undefined) {
      resource = { head, bytes: head.length, scopes: [] }
      resources.set(head, resource)
    }
    const bytes = scope.length + payloadBytes(records)
    resource.scopes.push({ head: scope, bytes, records })
    resource.bytes += fieldBytes(bytes)
  }
  return [...resources.values()]
}

function payloadBytes({ from, to }: Group): number {
  let sum = 0
  for (let i = 0; i < from.length; i++) sum += to[i]! - from[i]!
  return sum
}

function writePayloads({ bytes }: Batch, { from, to }: Group, target: Bytes, at: number): number {
  let write = at
  for (let i = 0; i < from.length; i++) {
    copyBytes(bytes, from[i]!, to[i]!, target, write)
    write += to[i]! - from[i]!
  }
  return write
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
