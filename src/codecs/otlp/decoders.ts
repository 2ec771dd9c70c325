/**
 * The decoders of `Export…ServiceRequest`: each LogRecord or Span is a record, where it stands. What is around records
 * comes as shared parts: fields 1 and 3 of their Resource… and of their Scope…. Fields of those two that OpenTelemetry
 * does not have are lost; those of records, resources and scopes themselves are kept.
 *
 * They take the levels apart and look into no record: sources have checked the whole request (`request.ts`).
 */
import { allocate, type Bytes, copyBytes } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import {
  BLOCK_BYTES_TARGET,
  type Decoded,
  type Decoder,
  type DecoderDefinition,
  type Encoded,
} from '#telemetry/decoder.ts'
import type { RecordFormat } from '#telemetry/format.ts'
import { copyHead, RecordCursor } from './cursor.ts'
import { otlpLogFormat, otlpSpanFormat } from './format.ts'

export const otlpLogs: DecoderDefinition = decoderOf('otlp_logs', otlpLogFormat)
export const otlpTraces: DecoderDefinition = decoderOf('otlp_traces', otlpSpanFormat)

function decoderOf(name: string, format: RecordFormat): DecoderDefinition {
  return { name, format, create: () => new RequestDecoder() }
}

/**
 * What the records of a block may come to with the resource and scope of each: encoders write them for every record, so
 * a large resource makes blocks of few records.
 */
const WEIGHT_BYTES_MAX = 16 * BLOCK_BYTES_TARGET

/** Rules that edit resources and scopes go over the records for each. */
const PAIRS_MAX = 256

class RequestDecoder implements Decoder {
  readonly #cursor = new RecordCursor()
  /** Where the last call ended, if the next one may go on there: the entry's range and the position. */
  #bytes: Bytes | undefined
  #from = 0
  #to = 0
  #at = 0
  readonly #resource = new Part()
  readonly #scope = new Part()
  /** Which of the cursor's those are of, or -1. */
  #resources = -1
  #scopes = -1

  decode({ bytes, from, to }: Encoded, at: number, block: Block, recordsMax: number): Decoded {
    const cursor = this.#cursor
    const goesOn = this.#bytes === bytes && this.#from === from && this.#to === to && this.#at === at && at > from
    this.#bytes = undefined
    if (!goesOn) {
      cursor.beginAt(bytes, from, to, at)
      this.#resources = -1
      this.#scopes = -1
    }
    block.refill(bytes, at, at)
    block.multiline = true
    const shared: Bytes[] = []
    let scopes = -1
    let weight = 0
    let isFull = false
    while (!isFull && cursor.next()) {
      if (cursor.scopes !== scopes) {
        this.#readParts(bytes)
        shared.push(this.#resource.bytes, this.#scope.bytes)
        scopes = cursor.scopes
      }
      block.partOf[block.count] = (shared.length >> 1) - 1
      block.addRecord(cursor.from, cursor.to)
      weight += cursor.to - cursor.from + this.#resource.bytes.length + this.#scope.bytes.length
      const isHeavy = weight >= WEIGHT_BYTES_MAX || shared.length >= 2 * PAIRS_MAX
      isFull = isHeavy || block.selectedBytes >= BLOCK_BYTES_TARGET || block.count >= recordsMax
    }
    block.shared = shared
    if (block.count > 0) {
      block.from = block.starts[0]!
      block.to = block.ends[block.count - 1]!
    }
    const { brokenAt } = cursor
    if (brokenAt !== -1) return { end: to, done: true, malformedRecords: 1, malformedBytes: to - brokenAt }
    if (!isFull || cursor.to === to) return { end: to, done: true, malformedRecords: 0, malformedBytes: 0 }
    this.#bytes = bytes
    this.#from = from
    this.#to = to
    this.#at = cursor.to
    return { end: cursor.to, done: false, malformedRecords: 0, malformedBytes: 0 }
  }

  /** What is around the record at hand. */
  #readParts(bytes: Bytes): void {
    const { resources, resourceFrom, resourceTo, scopes, scopeFrom, scopeTo } = this.#cursor
    if (resources !== this.#resources) this.#resource.read(bytes, resourceFrom, resourceTo)
    if (scopes !== this.#scopes) this.#scope.read(bytes, scopeFrom, scopeTo)
    this.#resources = resources
    this.#scopes = scopes
  }

  count({ bytes, from, to }: Encoded, at: number): { records: number; bytes: number } {
    const cursor = counting
    cursor.beginAt(bytes, from, to, at)
    let records = 0
    let size = 0
    while (cursor.next()) {
      records++
      size += cursor.to - cursor.from
    }
    return cursor.brokenAt === -1
      ? { records, bytes: size }
      : { records: records + 1, bytes: size + to - cursor.brokenAt }
  }
}

const counting = new RecordCursor()
const NOTHING = allocate(0)
const HEAD_BYTES_USUAL = 1024

/**
 * The head of a Resource… or Scope…. One that has the same bytes as the one before is the same object: who sends mostly
 * sends one resource, and who looks into it need look once.
 */
class Part {
  bytes: Bytes = NOTHING
  #memory: Bytes = NOTHING

  read(bytes: Bytes, from: number, to: number): void {
    // Finding it takes a walk over all records: only one that has no room needs a second.
    const length = copyHead(bytes, from, to, this.#memory)
    if (length > this.#memory.length) {
      this.#memory = allocate(Math.max(2 * length, HEAD_BYTES_USUAL))
      copyHead(bytes, from, to, this.#memory)
    }
    const memory = this.#memory
    const last = this.bytes
    if (last.length === length && memory.compare(last, 0, length, 0, length) === 0) return
    this.bytes = allocate(length)
    copyBytes(memory, 0, length, this.bytes, 0)
  }
}
