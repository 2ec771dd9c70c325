/**
 * Messages of the Fluent forward protocol v1, as far as the wire looks into them: which mode one is in, where its
 * events stand, and what its option says. Events themselves are read by the decoder.
 *
 *   Message        [tag, time, record, option?]
 *   Forward        [tag, [event, …], option?]
 *   PackedForward  [tag, str or bin of events one behind the other, option?]; compressed if the option says so
 *   heartbeat      nil
 *   option         {"chunk": str or bin, "compressed": "gzip" | "zstd" | "text", "size": int, "fluent_signal": int}
 */
import { TAG_BYTES_MAX } from '#codecs/fluent/fluent.ts'
import { Head, isSized, isTextual, Kind, readHead } from '#codecs/msgpack/head.ts'
import { skipValue } from '#codecs/msgpack/scanner.ts'
import { allocate, type Bytes, concat, fromText, latin1 } from '#std/bytes.ts'

export const compressions = ['gzip', 'zstd'] as const
export type Compression = (typeof compressions)[number]

/** [from, to) of some bytes. */
export interface Range {
  from: number
  to: number
}

export type Message =
  | { kind: 'heartbeat' }
  | { kind: 'malformed'; detail: string }
  | {
      kind: 'events'
      tag: Range
      events: Range
      /** The events are one, of which only the time and the record are there. */
      isBare: boolean
      compression: Compression | undefined
      /** The sender wants to be told when these are taken: its chunk, head included, as it is to be sent back. */
      chunk: Range | undefined
      /** What the events are not, if they are no logs. */
      otherSignal: 'metrics' | 'traces' | undefined
    }

/** Longer names of chunks are none. */
const CHUNK_BYTES_MAX = 1024
const SIGNALS = ['metrics', 'traces'] as const

/** What begins with one of these speaks JSON. */
const OPEN_BRACE = 0x7b
const OPEN_BRACKET = 0x5b

const HEAD = new Head()

/** Reads the message in [from, to), which is one whole value. */
export function parseMessage(bytes: Bytes, from: number, to: number): Message {
  const first = bytes[from]!
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return malformed('this is JSON; send MessagePack')
  const tagHead = readHead(bytes, from, to, HEAD)
  if (HEAD.kind === Kind.nil) return { kind: 'heartbeat' }
  if (HEAD.kind !== Kind.array || HEAD.values < 2) return malformed('a message is an array that begins with a tag')
  const { values } = HEAD
  const tagFrom = readHead(bytes, tagHead, to, HEAD)
  if (!isTextual(HEAD)) return malformed('the tag is no text')
  if (HEAD.length > TAG_BYTES_MAX) return malformed(`the tag is longer than ${TAG_BYTES_MAX} bytes`)
  const tag = { from: tagFrom, to: tagFrom + HEAD.length }
  const second = readHead(bytes, tag.to, to, HEAD)
  const { kind, length } = HEAD
  const isMessage = kind !== Kind.array && kind !== Kind.text && kind !== Kind.binary
  if (isMessage && values < 3) return malformed('a message with a time has a record')
  const end = skipValue(bytes, isMessage ? skipValue(bytes, tag.to, to) : tag.to, to)
  const events = isMessage ? { from: tag.to, to: end } : { from: second, to: isSized(kind) ? second + length : end }
  const option = values > (isMessage ? 3 : 2) ? parseOption(bytes, end, to) : NO_OPTION
  if (option === undefined) return malformed('the option of a message is a map, and its chunk a short text')
  const { compressed, chunk, signal } = option
  if (compressed !== undefined && !isSized(kind)) return malformed('only packed events can be compressed')
  const compression = compressions.find((name) => name === compressed)
  if (compressed !== undefined && compression === undefined && compressed !== 'text') {
    return malformed('the compression is none of gzip and zstd')
  }
  return { kind: 'events', tag, events, isBare: isMessage, compression, chunk, otherSignal: SIGNALS[signal - 1] }
}

/** What says that the events of a chunk are taken. `chunk` as it stands in the message. */
export function acknowledgement(bytes: Bytes, chunk: Range): Bytes {
  return concat([ACK, bytes.subarray(chunk.from, chunk.to)])
}

/** `{"ack": …` */
const ACK = concat([Uint8Array.of(0x81, 0xa3), fromText('ack')])

interface Option {
  compressed: string | undefined
  chunk: Range | undefined
  /** 0 for logs. */
  signal: number
}

const NO_OPTION: Option = { compressed: undefined, chunk: undefined, signal: 0 }

function parseOption(bytes: Bytes, at: number, to: number): Option | undefined {
  let position = readHead(bytes, at, to, HEAD)
  if (HEAD.kind === Kind.nil) return NO_OPTION
  if (HEAD.kind !== Kind.map) return undefined
  const members = HEAD.values / 2
  const option = { ...NO_OPTION }
  for (let left = members; left > 0; left--) {
    const value = skipValue(bytes, position, to)
    const name = textAt(bytes, position, to)
    const end = skipValue(bytes, value, to)
    if (name === 'chunk') {
      const text = textAt(bytes, value, to)
      if (text === undefined) return undefined
      option.chunk = { from: value, to: end }
    } else if (name === 'compressed') option.compressed = textAt(bytes, value, to) ?? ''
    else if (name === 'fluent_signal') {
      option.signal = integerAt(bytes, value, to)
    }
    position = end
  }
  return option
}

/** A short text or binary, one character per byte. */
function textAt(bytes: Bytes, at: number, to: number): string | undefined {
  const from = readHead(bytes, at, to, HEAD)
  return isTextual(HEAD) && HEAD.length <= CHUNK_BYTES_MAX ? latin1(bytes, from, from + HEAD.length) : undefined
}

function integerAt(bytes: Bytes, at: number, to: number): number {
  readHead(bytes, at, to, HEAD)
  return HEAD.kind === Kind.integer ? HEAD.number : 0
}

function malformed(detail: string): Message {
  return { kind: 'malformed', detail }
}

/** Fewer than 256 bytes as MessagePack binary. */
export function packBinary(bytes: Uint8Array): Bytes {
  return concat([Uint8Array.of(0xc4, bytes.length), bytes])
}

/** Fewer than 65,536 bytes of UTF-8 as MessagePack text. */
export function packText(bytes: Uint8Array): Bytes {
  const head = bytes.length < 256 ? 2 : 3
  const packed = allocate(head + bytes.length)
  packed[0] = head === 2 ? 0xd9 : 0xda
  if (head === 2) packed[1] = bytes.length
  else packed.writeUInt16BE(bytes.length, 1)
  packed.set(bytes, head)
  return packed
}
