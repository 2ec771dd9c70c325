/**
 * Looks a push request through, and cuts one that is too large for an entry: between streams, and where a stream is too
 * large itself, between its entries, with its labels before each part.
 */
import { writeVarint } from '#codecs/protobuf/wire.ts'
import { allocate, type Bytes, concat, fromText, utf8 } from '#std/bytes.ts'
import { JsonPush } from './json.ts'
import { pushHead, readLabels } from './loki_push.ts'
import { ProtobufPush } from './protobuf.ts'
import type { PushText, PushWalker } from './push.ts'

/** `head` and [from, to) of the request, one behind the other, are an entry for the decoder. */
export interface PushPiece {
  head: Bytes
  from: number
  to: number
}

export type DividedPush =
  | { ok: true; records: number; pieces: PushPiece[] }
  | { ok: false; reason: 'malformed' | 'too_large'; detail: string }

/** A long request lets others have their turn after this much. */
const BYTES_PER_TURN = 1024 * 1024
/** Tag and length of a field. */
const FIELD_HEAD_BYTES_MAX = 6

/** Yields now and then. JSON must have been found to be JSON. `bytesMax` bounds head and body of a piece together. */
export function* dividePush(
  text: PushText,
  tenant: string,
  bytes: Bytes,
  bytesMax: number,
): Generator<void, DividedPush> {
  const push = text === 'json' ? new JsonPush() : new ProtobufPush()
  if (!push.begin(bytes, 0, bytes.length)) return malformed('The request has no streams.')
  const head = pushHead(tenant)
  const cutter = new Cutter(push, text, head, bytes, bytesMax)
  const known = new Set<string>()
  let records = 0
  for (let turn = BYTES_PER_TURN; push.nextStream(0); ) {
    const labels = utf8(bytes, push.labelsFrom, push.labelsTo)
    if (!known.has(labels) && !isLabels(labels, text)) return malformed(`These are no labels: ${labels.slice(0, 200)}`)
    known.add(labels)
    if (!cutter.stream()) return TOO_LARGE
    while (push.nextEntry(0)) {
      records++
      while (push.nextMetadata());
      if (push.broken) break
      if (!cutter.entry()) return TOO_LARGE
      if (push.entryEnd < turn) continue
      turn = push.entryEnd + BYTES_PER_TURN
      yield
    }
    if (push.broken) break
    cutter.endOfStream()
  }
  if (push.broken) return malformed('The request breaks off, or an entry has no time or no line.')
  return { ok: true, records, pieces: cutter.pieces() }
}

const TOO_LARGE: DividedPush = {
  ok: false,
  reason: 'too_large',
  detail: 'A single entry is larger than the intake allows.',
}

function malformed(detail: string): DividedPush {
  return { ok: false, reason: 'malformed', detail }
}

function isLabels(text: string, kind: PushText): boolean {
  try {
    return readLabels(text, kind) !== undefined
  } catch {
    return false
  }
}

const OPENING = fromText('{"streams":[')

class Cutter {
  readonly #push: PushWalker
  readonly #text: PushText
  readonly #head: Bytes
  readonly #runHead: Bytes
  readonly #bytes: Bytes
  readonly #bytesMax: number
  readonly #isWhole: boolean
  readonly #pieces: PushPiece[] = []
  /** Streams that follow one another, and are to become one piece; -1: none. */
  #runFrom = -1
  #runEnd = -1
  /**
   * Entries of the stream at hand that are to become one piece; its labels as they stand before them, if it is to be
   * cut.
   */
  #labels: Bytes | undefined
  #partFrom = -1
  #partEnd = -1

  constructor(push: PushWalker, text: PushText, head: Bytes, bytes: Bytes, bytesMax: number) {
    this.#push = push
    this.#text = text
    this.#head = head
    this.#runHead = text === 'json' ? concat([head, OPENING]) : head
    this.#bytes = bytes
    this.#bytesMax = bytesMax
    this.#isWhole = head.length + bytes.length <= bytesMax
  }

  /** A stream begins. False: it cannot be cut. */
  stream(): boolean {
    if (this.#isWhole) return true
    const { streamFrom } = this.#push
    const end = this.#push.streamEnd()
    const room = this.#bytesMax - this.#runHead.length
    this.#labels = undefined
    if (this.#runFrom !== -1 && end - this.#runFrom > room) this.#endRun()
    if (end - streamFrom <= room) {
      if (this.#runFrom === -1) this.#runFrom = streamFrom
      this.#runEnd = end
      return true
    }
    this.#labels = this.#labelsAgain()
    this.#partFrom = -1
    return this.#head.length + this.#labels.length < this.#bytesMax
  }

  /** False: no piece can hold it. */
  entry(): boolean {
    if (this.#labels === undefined) return true
    const { entryFrom, entryEnd } = this.#push
    const room = this.#bytesMax - this.#head.length - this.#labels.length - FIELD_HEAD_BYTES_MAX
    if (entryEnd - entryFrom > room) return false
    if (this.#partFrom !== -1 && entryEnd - this.#partFrom > room) this.#endPart()
    if (this.#partFrom === -1) this.#partFrom = entryFrom
    this.#partEnd = entryEnd
    return true
  }

  endOfStream(): void {
    if (this.#partFrom !== -1) this.#endPart()
  }

  pieces(): PushPiece[] {
    if (this.#isWhole) return [{ head: this.#head, from: 0, to: this.#bytes.length }]
    if (this.#runFrom !== -1) this.#endRun()
    return this.#pieces
  }

  #endRun(): void {
    this.#pieces.push({ head: this.#runHead, from: this.#runFrom, to: this.#runEnd })
    this.#runFrom = -1
  }

  #endPart(): void {
    const labels = this.#labels!
    const length = this.#partEnd - this.#partFrom
    const parts = this.#text === 'json' ? [this.#head, labels] : [this.#head, fieldHead(labels.length + length), labels]
    this.#pieces.push({ head: concat(parts), from: this.#partFrom, to: this.#partEnd })
    this.#partFrom = -1
  }

  #labelsAgain(): Bytes {
    const { labelsFrom, labelsTo } = this.#push
    const labels = this.#bytes.subarray(labelsFrom, labelsTo)
    if (this.#text === 'plain') return concat([fieldHead(labels.length), labels])
    const stream = labels.length === 0 ? fromText('{}') : labels
    return concat([OPENING, fromText('{"stream":'), stream, fromText(',"values":[')])
  }
}

/** Tag and length of field 1. */
function fieldHead(length: number): Bytes {
  const head = allocate(FIELD_HEAD_BYTES_MAX)
  head[0] = 0x0a
  return head.subarray(0, writeVarint(head, length, 1))
}
