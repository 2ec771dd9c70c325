/** Kinds of fields: how each is read and written. `read` gets the value of the same field so far. */
import { isUtf8, utf8 } from '#std/bytes.ts'
import { tagOf, WireType } from '../protobuf/wire.ts'
import type { Input } from './input.ts'
import type { Output } from './output.ts'
import type { Shape } from './shape.ts'

export interface Kind<V> {
  /** See `WireType`. */
  readonly type: number
  /** What stands there before the field was read; undefined for sub-messages. */
  empty(): V | undefined
  /** True: it is not written. */
  isEmpty(value: V): boolean
  read(input: Input, from: number, to: number, before: V | undefined): V
  /** Writes the field; `tag` comes in front of each value. */
  write(output: Output, tag: number, value: V): void
}

export const text: Kind<string> = {
  type: WireType.bytes,
  empty: () => '',
  isEmpty: (value) => value === '',
  read(input, from, to) {
    if (!isUtf8(input.bytes, from, to)) input.fail('malformed', from)
    return utf8(input.bytes, from, to)
  },
  write(output, tag, value) {
    output.small(tag)
    output.text(value)
  },
}

/** Copied: a key of 16 bytes must not hold a message of megabytes. */
export const bytes: Kind<Uint8Array> = {
  type: WireType.bytes,
  empty: () => new Uint8Array(0),
  isEmpty: (value) => value.length === 0,
  read: (input, from, to) => new Uint8Array(input.bytes.subarray(from, to)),
  write(output, tag, value) {
    output.small(tag)
    output.bytes(value)
  },
}

export const uint64: Kind<bigint> = {
  type: WireType.varint,
  empty: () => 0n,
  isEmpty: (value) => value === 0n,
  read: (input, from, to) => unsignedAt(input, from, to),
  write(output, tag, value) {
    output.small(tag)
    output.varint64(value)
  },
}

export const int64: Kind<bigint> = {
  ...uint64,
  read: (input, from, to) => BigInt.asIntN(64, unsignedAt(input, from, to)),
}

/** An enumeration: 32 bits. */
export const choice: Kind<number> = {
  type: WireType.varint,
  empty: () => 0,
  isEmpty: (value) => value === 0,
  read: (input, from, to) => Number(BigInt.asIntN(32, unsignedAt(input, from, to))),
  write(output, tag, value) {
    output.small(tag)
    output.varint64(BigInt(value))
  },
}

export const bool: Kind<boolean> = {
  type: WireType.varint,
  empty: () => false,
  isEmpty: (value) => !value,
  read: (input, from, to) => unsignedAt(input, from, to) !== 0n,
  write(output, tag, value) {
    output.small(tag)
    output.small(value ? 1 : 0)
  },
}

export const fixed64: Kind<bigint> = {
  type: WireType.fixed64,
  empty: () => 0n,
  isEmpty: (value) => value === 0n,
  read: (input, from) => input.bytes.readBigUInt64LE(from),
  write(output, tag, value) {
    output.small(tag)
    output.fixed64(value)
  },
}

export const double: Kind<number> = {
  type: WireType.fixed64,
  empty: () => 0,
  isEmpty: (value) => Object.is(value, 0),
  read: (input, from) => input.bytes.readDoubleLE(from),
  write(output, tag, value) {
    output.small(tag)
    output.double(value)
  },
}

/** A sub-message. Its shape is asked for when it is needed, so that shapes can hold themselves. */
export function message<T extends object>(shape: () => Shape<T>): Kind<T> {
  return {
    type: WireType.bytes,
    empty: () => undefined,
    isEmpty: () => false,
    read: (input, from, to, before) => shape().read(input, from, to, before),
    write(output, tag, value) {
      output.small(tag)
      const at = output.open()
      shape().write(output, value)
      output.close(at)
    },
  }
}

/** Any number of texts, byte strings or messages. */
export function list<V>(kind: Kind<V>): Kind<V[]> {
  return {
    type: kind.type,
    empty: () => [],
    isEmpty: (value) => value.length === 0,
    read(input, from, to, before = []) {
      before.push(kind.read(input, from, to, undefined))
      return before
    },
    write(output, tag, values) {
      for (const value of values) kind.write(output, tag, value)
    },
  }
}

const KEY_TAG = tagOf(1, WireType.bytes)

/** By text: entries of { string key = 1, value = 2 }. `missing`: the value of an entry that has none. */
export function mapOf<V>(kind: Kind<V>, missing: () => V): Kind<Map<string, V>> {
  return {
    type: WireType.bytes,
    empty: () => new Map(),
    isEmpty: (value) => value.size === 0,
    read(input, from, to, before = new Map<string, V>()) {
      const reader = input.enter(from, to)
      if (reader === undefined) return before
      let key = ''
      let value: V | undefined
      while (input.error === undefined && reader.next() && input.count(reader.start)) {
        if (reader.field === 1 && reader.type === text.type) key = text.read(input, reader.from, reader.to, key)
        if (reader.field === 2 && reader.type === kind.type) value = kind.read(input, reader.from, reader.to, value)
      }
      if (reader.broken) input.fail('malformed', reader.start)
      input.leave()
      before.set(key, value ?? missing())
      return before
    },
    write(output, tag, values) {
      for (const [key, value] of values) {
        output.small(tag)
        const at = output.open()
        if (key !== '') text.write(output, KEY_TAG, key)
        if (!kind.isEmpty(value)) kind.write(output, tagOf(2, kind.type), value)
        output.close(at)
      }
    },
  }
}

function unsignedAt(input: Input, from: number, to: number): bigint {
  const { bytes: source } = input
  if (to - from === 1) return BigInt(source[from]!)
  let value = 0n
  for (let at = to - 1; at >= from; at--) value = (value << 7n) | BigInt(source[at]! & 0x7f)
  return BigInt.asUintN(64, value)
}
