/** Requests as sources take them: whether they are what they should be, and smaller ones made of large ones. */
import { FieldReader } from '#codecs/protobuf/reader.ts'
import { varintBytes, writeVarint } from '#codecs/protobuf/wire.ts'
import { allocate, type Bytes, copyBytes } from '#std/bytes.ts'
import type { Signal } from '#telemetry/signal.ts'
import { copyHead, headLength, RecordCursor } from './cursor.ts'
import { MEMBER_FIELD_TAG, RESOURCE_FIELD_TAG } from './group.ts'
import { anyValue, keyValue, type MessageSpec, NESTING_MAX, requests } from './messages.ts'

export type Checked = { ok: true; records: number } | { ok: false; message: string }

/**
 * Checks all of a request, so that nobody behind sends on what breaks the request of others: every message ends where
 * it should, and fields have the types that they should. Counts its log records, spans or metrics. Text is not checked
 * for UTF-8.
 */
export function checkRequest(signal: Signal, bytes: Bytes, from: number, to: number): Checked {
  const spec = requests[signal]
  check.bytes = bytes
  check.weight = 0
  check.message = ''
  check.records = 0
  check.recordSpec = spec.fields[1]!.message!.fields[2]!.message!.fields[2]!.message!
  if (!checkMessage(from, to, spec, 0, 0)) return { ok: false, message: check.message }
  const { records, weight } = check
  if (weight > WEIGHT_EXEMPT_BYTES && weight > WEIGHT_RATIO_MAX * (to - from)) {
    return {
      ok: false,
      message: `${records} records have resources and scopes of ${weight} bytes, far above their own.`,
    }
  }
  return { ok: true, records }
}

/** Where Resource… and Scope… stand below the request, and the number of what they hold. */
const RESOURCE_DEPTH = 1
const SCOPE_DEPTH = 2
const MEMBER_FIELD = 2

/**
 * Behind the source every record has its resource and scope with it. Tiny records of a large resource would be work for
 * much more than was sent.
 */
const WEIGHT_RATIO_MAX = 128
const WEIGHT_EXEMPT_BYTES = 4 * 1024 * 1024

const READERS_KEPT = 3 * NESTING_MAX + 16

/** What is being checked: one request at a time. */
const check = {
  bytes: allocate(0),
  message: '',
  records: 0,
  /** What resources and scopes come to, each as often as it has records. */
  weight: 0,
  recordSpec: anyValue,
  /** By depth of messages. */
  readers: Array.from({ length: READERS_KEPT }, () => new FieldReader()),
}

function checkMessage(from: number, to: number, spec: MessageSpec, depth: number, nesting: number): boolean {
  const reader = check.readers[depth]!
  reader.begin(check.bytes, from, to)
  const inner = spec === anyValue ? nesting + 1 : nesting
  if (inner > NESTING_MAX) {
    check.message = `A value is nested deeper than ${NESTING_MAX}.`
    return false
  }
  if (spec === check.recordSpec) check.records++
  const { records } = check
  let head = 0
  while (reader.next()) {
    if (reader.field !== MEMBER_FIELD) head += reader.to - reader.start
    const field = spec.fields[reader.field]
    if (field === undefined) continue
    if (reader.type !== field.wireType && !isPacked(reader, field.repeated, field.message)) {
      check.message = `Field ${reader.field} of ${spec.name} has the wrong type, at byte ${reader.start}.`
      return false
    }
    const { idBytes } = field
    if (idBytes > 0 && reader.to > reader.from && reader.to - reader.from !== idBytes) {
      check.message = `${spec.name}.${field.name} has ${reader.to - reader.from} bytes instead of ${idBytes}.`
      return false
    }
    const { message } = field
    if (message === undefined || (message === keyValue && isPlain(check.bytes, reader.from, reader.to))) continue
    if (!checkMessage(reader.from, reader.to, message, depth + 1, inner)) return false
  }
  if (depth === RESOURCE_DEPTH || depth === SCOPE_DEPTH) check.weight += head * (check.records - records)
  if (reader.broken) check.message = `${spec.name} breaks off at byte ${reader.start}.`
  return !reader.broken
}

/**
 * Whether it is an attribute as most are, a short key and a short text or a number, written the usual way:
 *
 *   0a k key 12 v (0a t text | 10 bool | 18 varint | 21 double)
 */
function isPlain(bytes: Bytes, from: number, to: number): boolean {
  const value = from + 2 + bytes[from + 1]!
  const content = value + 3
  if (content >= to || to - from > 0x80 || bytes[from] !== 0x0a) return false
  if (bytes[value] !== 0x12 || bytes[value + 1] !== to - value - 2) return false
  switch (bytes[value + 2]) {
    case 0x0a:
      return bytes[content] === to - content - 1
    case 0x10:
    case 0x18:
      return bytes[content]! < 0x80 ? content + 1 === to : bytes[content + 1]! < 0x80 && content + 2 === to
    case 0x21:
      return content + 8 === to
    default:
      return false
  }
}

function isPacked(reader: FieldReader, repeated: boolean, message: MessageSpec | undefined): boolean {
  return repeated && message === undefined && reader.type === 2
}

export interface Split {
  /** Each a request of its own, at most `bytesMax` bytes. */
  pieces: Bytes[]
  /** Records that fit nowhere, and their bytes. */
  tooLarge: number
  tooLargeBytes: number
}

/** What a resource and a scope take around a record beside their heads: three tags, three lengths of 32 bits. */
const AROUND_BYTES_MAX = 3 * 6

/**
 * Cuts a well-formed request where records end, into several of at most `bytesMax` bytes; each repeats the resource and
 * scope of its records. Those may take half of a piece at most, so that all pieces together are no more than twice the
 * request: records of larger ones are too large, as are records above the limit.
 */
export function splitRequest(bytes: Bytes, from: number, to: number, bytesMax: number): Split {
  const split: Split = { pieces: [], tooLarge: 0, tooLargeBytes: 0 }
  const cursor = new RecordCursor()
  const piece = new Piece(bytes)
  let resource: Head = NO_HEAD
  let scope: Head = NO_HEAD
  cursor.begin(bytes, from, to)
  while (cursor.next()) {
    if (cursor.resources !== resource.number) {
      resource = { number: cursor.resources, bytes: headOf(bytes, cursor.resourceFrom, cursor.resourceTo) }
    }
    if (cursor.scopes !== scope.number) {
      scope = { number: cursor.scopes, bytes: headOf(bytes, cursor.scopeFrom, cursor.scopeTo) }
    }
    const { start, to: end } = cursor.scope
    const headsBytes = AROUND_BYTES_MAX + resource.bytes.length + scope.bytes.length
    if (headsBytes + end - start > bytesMax || headsBytes > bytesMax / 2) {
      split.tooLarge++
      split.tooLargeBytes += cursor.to - cursor.from
      continue
    }
    if (piece.bytesMax > 0 && piece.bytesWith(resource, scope, end - start) > bytesMax) split.pieces.push(piece.take())
    piece.add(resource, scope, start, end)
  }
  if (piece.bytesMax > 0) split.pieces.push(piece.take())
  return split
}

/** Fields 1 and 3 of a Resource… or Scope…, read once for all pieces; `number` tells it from the others. */
interface Head {
  number: number
  bytes: Bytes
}

const NO_HEAD: Head = { number: -1, bytes: allocate(0) }

function headOf(bytes: Bytes, from: number, to: number): Bytes {
  const head = allocate(headLength(bytes, from, to))
  copyHead(bytes, from, to, head)
  return head
}

/** A scope within a piece, and [from, to) of the fields that are its records there. */
interface ScopePlan {
  head: Head
  ranges: number[]
  bytes: number
}

interface ResourcePlan {
  head: Head
  scopes: ScopePlan[]
}

/** A request in the making: what goes into it, and how large it may become. */
class Piece {
  bytesMax = 0
  readonly #bytes: Bytes
  #resources: ResourcePlan[] = []

  constructor(bytes: Bytes) {
    this.#bytes = bytes
  }

  /** An upper bound of its size with a field of this length more. */
  bytesWith(resource: Head, scope: Head, length: number): number {
    const last = this.#resources.at(-1)
    const isKnown = last?.head === resource && last.scopes.at(-1)?.head === scope
    const heads = isKnown ? 0 : 2 * AROUND_BYTES_MAX + resource.bytes.length + scope.bytes.length
    return this.bytesMax + heads + length
  }

  /** Takes in the record whose field is [start, end). */
  add(resourceHead: Head, scopeHead: Head, start: number, end: number): void {
    let resource = this.#resources.at(-1)
    if (resource?.head !== resourceHead) {
      resource = { head: resourceHead, scopes: [] }
      this.#resources.push(resource)
      this.bytesMax += resourceHead.bytes.length + AROUND_BYTES_MAX
    }
    let scope = resource.scopes.at(-1)
    if (scope?.head !== scopeHead) {
      scope = { head: scopeHead, ranges: [], bytes: 0 }
      resource.scopes.push(scope)
      this.bytesMax += scopeHead.bytes.length + AROUND_BYTES_MAX
    }
    const { ranges } = scope
    if (ranges.at(-1) === start) ranges[ranges.length - 1] = end
    else ranges.push(start, end)
    scope.bytes += end - start
    this.bytesMax += end - start
  }

  /** The request, in memory of its own. The next one begins. */
  take(): Bytes {
    const target = allocate(this.bytesMax)
    let write = 0
    for (const { head, scopes } of this.#resources) {
      const size = scopes.reduce((sum, scope) => sum + fieldBytes(scopeBytes(scope)), head.bytes.length)
      write = openField(target, RESOURCE_FIELD_TAG, size, write)
      write = put(head.bytes, 0, head.bytes.length, target, write)
      for (const scope of scopes) {
        write = openField(target, MEMBER_FIELD_TAG, scopeBytes(scope), write)
        write = put(scope.head.bytes, 0, scope.head.bytes.length, target, write)
        for (let r = 0; r < scope.ranges.length; r += 2) {
          write = put(this.#bytes, scope.ranges[r]!, scope.ranges[r + 1]!, target, write)
        }
      }
    }
    this.#resources = []
    this.bytesMax = 0
    return target.subarray(0, write)
  }
}

function scopeBytes({ head, bytes }: ScopePlan): number {
  return head.bytes.length + bytes
}

function put(bytes: Bytes, from: number, to: number, target: Bytes, at: number): number {
  copyBytes(bytes, from, to, target, at)
  return at + to - from
}

function fieldBytes(length: number): number {
  return 1 + varintBytes(length) + length
}

function openField(target: Bytes, tag: number, length: number, at: number): number {
  target[at] = tag
  return writeVarint(target, length, at + 1)
}
