/** Blocks of OTLP as the engine has them: requests written by protobufjs, taken apart by the real decoders. */
import assert from 'node:assert/strict'
import { otlpLogs, otlpTraces } from '#codecs/otlp/decoders.ts'
import { type Bytes, viewOf } from '#std/bytes.ts'
import { BLOCK_RECORDS_MAX, Block } from '#telemetry/block.ts'
import { encodeMessage, requestName } from './otlp-messages.ts'

export type SignalOfRecords = 'logs' | 'traces'

const ARRIVAL_MS = Date.UTC(2026, 0, 1)
const MARGIN = 7

/** `request` in shared memory, with something else around it. */
export function entryOf(request: Uint8Array): { bytes: Bytes; from: number; to: number } {
  const bytes = viewOf(new SharedArrayBuffer(request.length + 2 * MARGIN))
  bytes.fill(0xee)
  bytes.set(request, MARGIN)
  return { bytes, from: MARGIN, to: MARGIN + request.length }
}

/** All records of a request that fits into one block. */
export function requestBlock(signal: SignalOfRecords, request: Uint8Array): Block {
  const entry = entryOf(request)
  const definition = signal === 'logs' ? otlpLogs : otlpTraces
  const block = new Block()
  const context = { source: 'test', arrivalMs: ARRIVAL_MS, truncated: false, format: definition.format }
  block.fill(entry.bytes, entry.from, entry.from, context)
  const { done } = definition.create().decode(entry, entry.from, block, BLOCK_RECORDS_MAX)
  assert.ok(done, 'the request fits into one block')
  return block
}

export interface Around {
  resource?: object
  resource_schema?: string
  scope?: object
  scope_schema?: string
}

/** LogRecords or Spans as plain objects, of one resource and scope. */
export function recordsBlock(signal: SignalOfRecords, records: readonly object[], around: Around = {}): Block {
  return requestBlock(signal, requestOf(signal, records, around))
}

export function requestOf(signal: SignalOfRecords, records: readonly object[], around: Around = {}): Bytes {
  const { resource, resource_schema, scope, scope_schema } = around
  const members = signal === 'logs' ? 'log_records' : 'spans'
  const scopes = signal === 'logs' ? 'scope_logs' : 'scope_spans'
  const resources = signal === 'logs' ? 'resource_logs' : 'resource_spans'
  return encodeMessage(requestName(signal), {
    [resources]: [
      {
        ...(resource === undefined ? {} : { resource }),
        ...(resource_schema === undefined ? {} : { schema_url: resource_schema }),
        [scopes]: [
          {
            ...(scope === undefined ? {} : { scope }),
            ...(scope_schema === undefined ? {} : { schema_url: scope_schema }),
            [members]: records,
          },
        ],
      },
    ],
  })
}

/** Plain JSON as attributes. */
export function attributesOf(values: object): object[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: anyValueOf(value) }))
}

export function anyValueOf(value: unknown): object {
  if (typeof value === 'string') return { string_value: value }
  if (typeof value === 'boolean') return { bool_value: value }
  if (typeof value === 'bigint') return { int_value: String(value) }
  if (typeof value === 'number') return Number.isSafeInteger(value) ? { int_value: value } : { double_value: value }
  if (Array.isArray(value)) return { array_value: { values: value.map(anyValueOf) } }
  if (value instanceof Uint8Array) return { bytes_value: value }
  if (typeof value === 'object' && value !== null) return { kvlist_value: { values: attributesOf(value) } }
  return {}
}
