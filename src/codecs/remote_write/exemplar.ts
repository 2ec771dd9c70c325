/**
 * Exemplars: those of Prometheus as those of OpenTelemetry (opentelemetry/proto/metrics/v1/metrics.proto), which
 * records keep, and back.
 *
 *   Prometheus     Exemplar { repeated Label labels = 1; double value = 2; int64 timestamp = 3 }; 2.0 has repeated
 *   uint32 labels_refs = 1
 *   OpenTelemetry  Exemplar { fixed64 time_unix_nano = 2; double as_double = 3; bytes span_id = 4; bytes trace_id = 5;
 *                             sfixed64 as_int = 6; repeated KeyValue filtered_attributes = 7 }
 */
import { fieldsOf, varintBytes, WireType, writeNanoseconds, writeVarint } from '#codecs/protobuf/wire.ts'
import { allocate, type Bytes, fromText, latin1 } from '#std/bytes.ts'
import { labelName } from './naming.ts'
import { attributeText } from './resource.ts'

export interface ExemplarLabel {
  name: Bytes
  value: Bytes
}

/** As OpenMetrics bounds labels; senders keep to 128 characters. Longer ones are left out. */
export const EXEMPLAR_BYTES_MAX = 1024

/** `trace_id` and `span_id` become what they are where they are hexadecimal and as long as they should be. */
export function otlpExemplar(
  labels: readonly ExemplarLabel[],
  valueBytes: Bytes,
  valueAt: number,
  timeMs: number,
): Bytes {
  const size = labels.reduce((sum, { name, value }) => sum + name.length + value.length + 32, 32)
  const target = allocate(size)
  target[0] = 0x11
  let write = writeNanoseconds(target, Math.max(0, timeMs), 0, 1)
  target[write++] = 0x19
  for (let i = 0; i < 8; i++) target[write++] = valueBytes[valueAt + i]!
  for (const { name, value } of labels) {
    const id = name.equals(SPAN_ID) ? hexBytes(value, 8) : name.equals(TRACE_ID) ? hexBytes(value, 16) : undefined
    if (id !== undefined) {
      target[write++] = id.length === 8 ? 0x22 : 0x2a
      target[write++] = id.length
      write += id.copy(target, write)
      continue
    }
    const text = 1 + varintBytes(value.length) + value.length
    const pair = 1 + varintBytes(name.length) + name.length + 1 + varintBytes(text) + text
    target[write++] = 0x3a
    write = writeVarint(target, pair, write)
    write = writePart(target, 0x0a, name, write)
    target[write++] = 0x12
    write = writeVarint(target, text, write)
    write = writePart(target, 0x0a, value, write)
  }
  return target.subarray(0, write)
}

export const TRACE_ID = fromText('trace_id')
export const SPAN_ID = fromText('span_id')

function writePart(target: Bytes, tag: number, part: Bytes, at: number): number {
  target[at] = tag
  const write = writeVarint(target, part.length, at + 1)
  return write + part.copy(target, write)
}

function hexBytes(text: Bytes, length: number): Bytes | undefined {
  if (text.length !== 2 * length) return undefined
  const bytes = allocate(length)
  for (let i = 0; i < length; i++) {
    const high = hexDigit(text[2 * i]!)
    const low = hexDigit(text[2 * i + 1]!)
    if (high < 0 || low < 0) return undefined
    bytes[i] = high * 16 + low
  }
  return bytes
}

/** Lower case alone: what is written otherwise would not come back as it was. */
function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  return byte >= 0x61 && byte <= 0x66 ? byte - 0x61 + 10 : -1
}

/** As Prometheus has it: text with one character per byte. */
export interface PromExemplar {
  labels: (readonly [name: string, value: string])[]
  value: number
  /** 0: unknown. */
  timeMs: number
}

/** One, or none where the bytes are none. */
export function readExemplar(bytes: Bytes, from: number, to: number): PromExemplar[] {
  const found: PromExemplar = { labels: [], value: 0, timeMs: 0 }
  for (const { field, type, from: at, to: end } of fieldsOf(bytes, from, to)) {
    if (field === 2 && type === WireType.fixed64) found.timeMs = Number(bytes.readBigUInt64LE(at) / 1_000_000n)
    else if (field === 3 && type === WireType.fixed64) found.value = bytes.readDoubleLE(at)
    else if (field === 6 && type === WireType.fixed64) found.value = Number(bytes.readBigInt64LE(at))
    else if (field === 4 && end > at) found.labels.push(['span_id', bytes.toString('hex', at, end)])
    else if (field === 5 && end > at) found.labels.push(['trace_id', bytes.toString('hex', at, end)])
    else if (field === 7) {
      let [name, value] = ['', '']
      for (const part of fieldsOf(bytes, at, end)) {
        if (part.field === 1) name = latin1(bytes, part.from, part.to)
        else if (part.field === 2) value = attributeText(bytes, part.from, part.to)
      }
      found.labels.push([labelName(name, false), value])
    }
  }
  found.labels.sort(([a], [b]) => (a < b ? -1 : 1))
  const length = found.labels.reduce((sum, [name, value]) => sum + name.length + value.length, 0)
  return length > EXEMPLAR_BYTES_MAX ? [] : [found]
}
