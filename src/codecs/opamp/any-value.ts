/** OpenTelemetry's values: one of several kinds, of which the last that comes counts; they hold each other. */
import { tagOf, WireType } from '../protobuf/wire.ts'
import type { Input } from './input.ts'
import { bool, bytes, double, int64, type Kind, list, message, text } from './kinds.ts'
import type { AnyValue, KeyValue } from './messages.ts'
import type { Output } from './output.ts'
import { Shape } from './shape.ts'

export const anyValue: Kind<AnyValue> = {
  type: WireType.bytes,
  empty: () => undefined,
  isEmpty: () => false,
  read: readAny,
  write(output, tag, value) {
    output.small(tag)
    const at = output.open()
    writeAny(output, value)
    output.close(at)
  },
}

export const keyValue = new Shape<KeyValue>({ key: [1, text], value: [2, anyValue] })
export const keyValues: Kind<KeyValue[]> = list(message(() => keyValue))

const values = new Shape<{ values: AnyValue[] }>({ values: [1, list(anyValue)] })
const pairs = new Shape<{ values: KeyValue[] }>({ values: [1, keyValues] })

/** By field number. A kind that holds its zero is written all the same: it says which kind it is. */
const KINDS = { string: 1, bool: 2, int: 3, double: 4, array: 5, kvlist: 6, bytes: 7 } as const

function readAny(input: Input, from: number, to: number): AnyValue {
  const reader = input.enter(from, to)
  let value: AnyValue = { kind: 'none' }
  if (reader === undefined) return value
  while (input.error === undefined && reader.next() && input.count(reader.start)) value = member(input, reader) ?? value
  if (reader.broken) input.fail('malformed', reader.start)
  input.leave()
  return value
}

function member(input: Input, at: { field: number; type: number; from: number; to: number }): AnyValue | undefined {
  const { field, type, from, to } = at
  if (type === WireType.varint) {
    if (field === KINDS.bool) return { kind: 'bool', value: bool.read(input, from, to, undefined) }
    if (field === KINDS.int) return { kind: 'int', value: int64.read(input, from, to, undefined) }
  }
  if (type === WireType.fixed64 && field === KINDS.double) {
    return { kind: 'double', value: double.read(input, from, to, undefined) }
  }
  if (type !== WireType.bytes) return undefined
  if (field === KINDS.string) return { kind: 'string', value: text.read(input, from, to, undefined) }
  if (field === KINDS.array) return { kind: 'array', value: values.read(input, from, to, undefined).values }
  if (field === KINDS.kvlist) return { kind: 'kvlist', value: pairs.read(input, from, to, undefined).values }
  if (field === KINDS.bytes) return { kind: 'bytes', value: bytes.read(input, from, to, undefined) }
  return undefined
}

function writeAny(output: Output, value: AnyValue): void {
  if (value.kind === 'none') return
  if (value.kind === 'string') text.write(output, tagOf(KINDS.string, text.type), value.value)
  else if (value.kind === 'bool') bool.write(output, tagOf(KINDS.bool, bool.type), value.value)
  else if (value.kind === 'int') int64.write(output, tagOf(KINDS.int, int64.type), value.value)
  else if (value.kind === 'double') double.write(output, tagOf(KINDS.double, double.type), value.value)
  else if (value.kind === 'bytes') bytes.write(output, tagOf(KINDS.bytes, bytes.type), value.value)
  else {
    output.small(tagOf(KINDS[value.kind], WireType.bytes))
    const at = output.open()
    if (value.kind === 'array') values.write(output, { values: value.value })
    else pairs.write(output, { values: value.value })
    output.close(at)
  }
}
