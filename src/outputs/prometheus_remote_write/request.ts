/** Requests made of encoded series: see `codecs/remote_write/encoder.ts`. */
import { DELTA_TAG, FAMILY_TAG, PLAIN_TAG, REFUSED_TAG } from '#codecs/remote_write/encoder.ts'
import { refusals } from '#codecs/remote_write/expand.ts'
import { FieldCursor } from '#codecs/remote_write/fields.ts'
import { isStaleNan } from '#codecs/remote_write/stale.ts'
import type { Batch, Refusal } from '#component/output.ts'
import { allocate, type Bytes, copyBytes, latin1 } from '#std/bytes.ts'
import type { Totals } from './totals.ts'

export interface Assembled {
  /** A WriteRequest, as 1.0 has it, with fields of ours where the encoder wrote them. */
  body: Bytes
  /** Records that have no form there. */
  refused: Refusal[]
  series: number
}

/** With what came since the point before added up. A batch of nothing else is not copied. */
export function assemble(batch: Batch, totals: Totals): Assembled {
  const bytes = batch.bytes.subarray(0, batch.ends[batch.records - 1] ?? 0)
  if (isPlain(batch)) return { body: bytes, refused: [], series: batch.records }
  const body = allocate(bytes.length)
  const refused: Refusal[] = []
  const fields = new FieldCursor()
  let write = 0
  let series = 0
  for (let i = 0; i < batch.records; i++) {
    const from = i === 0 ? 0 : batch.ends[i - 1]!
    const to = batch.ends[i]!
    if (batch.bytes[from] === REFUSED_TAG) {
      const [code, message] = refusals[batch.bytes[from + 2]!] ?? refusals[2]
      refused.push({ record: i, code, message })
      continue
    }
    copyBytes(bytes, from, to, body, write)
    fields.begin(body, write, write + to - from)
    while (fields.next()) {
      series++
      if (fields.tag !== DELTA_TAG) continue
      body[fields.start] = PLAIN_TAG
      addUp(body, fields.from, fields.to, totals)
    }
    write += to - from
  }
  return { body: body.subarray(0, write), refused, series }
}

function isPlain({ bytes, ends, records }: Batch): boolean {
  for (let i = 0; i < records; i++) if (bytes[i === 0 ? 0 : ends[i - 1]!] !== PLAIN_TAG) return false
  return true
}

/**
 * The sample of the TimeSeries in [from, to) becomes the total. The encoder writes labels first, and the value first in
 * a sample.
 */
function addUp(bytes: Bytes, from: number, to: number, totals: Totals): void {
  const fields = new FieldCursor()
  let labelsTo = from
  fields.begin(bytes, from, to)
  while (fields.next()) {
    if (fields.tag === 0x0a) labelsTo = fields.at
    if (fields.tag !== 0x12) continue
    const at = fields.from + 1
    if (isStaleNan(bytes, at)) totals.end(bytes, from, labelsTo)
    else bytes.writeDoubleLE(totals.add(bytes, from, labelsTo, bytes.readDoubleLE(at)), at)
  }
}

/** The same as a Request of 2.0; or as 1.0 again, without what the encoder wrote for 2.0. */
export function secondVersion(body: Bytes): Bytes {
  const symbols = new SymbolTable()
  const series = new Growing(body.length)
  const top = new FieldCursor()
  const fields = new FieldCursor()
  top.begin(body, 0, body.length)
  while (top.next()) {
    const start = series.open(0x2a)
    const labels = series.open(0x0a)
    let points = 0
    fields.begin(body, top.from, top.to)
    while (fields.next()) {
      const { tag, from, to } = fields
      if (tag === 0x0a) putLabel(body, from, to, symbols, series)
      else {
        if (points++ === 0) series.close(labels)
        if (tag === 0x12) series.copy(0x12, body, from, to)
        else if (tag === 0x22) series.copy(0x1a, body, from, to)
        else if (tag === 0x1a) putExemplar(body, from, to, symbols, series)
        else if (tag === FAMILY_TAG) putMetadata(body, from, to, symbols, series)
      }
    }
    series.close(start)
  }
  return Buffer.concat([symbols.bytes(), series.bytes()])
}

export function firstVersion(body: Bytes): Bytes {
  const series = new Growing(body.length)
  const top = new FieldCursor()
  const fields = new FieldCursor()
  top.begin(body, 0, body.length)
  while (top.next()) {
    const start = series.open(PLAIN_TAG)
    fields.begin(body, top.from, top.to)
    while (fields.next()) if (fields.tag !== FAMILY_TAG) series.copy(fields.tag, body, fields.from, fields.to)
    series.close(start)
  }
  return series.bytes()
}

function putLabel(bytes: Bytes, from: number, to: number, symbols: SymbolTable, series: Growing): void {
  const label = new FieldCursor()
  label.begin(bytes, from, to)
  while (label.next()) series.varint(symbols.reference(bytes, label.from, label.to))
}

function putExemplar(bytes: Bytes, from: number, to: number, symbols: SymbolTable, series: Growing): void {
  const start = series.open(0x22)
  const labels = series.open(0x0a)
  const fields = new FieldCursor()
  let others = 0
  fields.begin(bytes, from, to)
  while (fields.next()) {
    if (fields.tag === 0x0a) putLabel(bytes, fields.from, fields.to, symbols, series)
    else {
      if (others++ === 0) series.close(labels)
      series.raw(bytes, fields.start, fields.at)
    }
  }
  if (others === 0) series.close(labels)
  series.close(start)
}

function putMetadata(bytes: Bytes, from: number, to: number, symbols: SymbolTable, series: Growing): void {
  const start = series.open(0x2a)
  const fields = new FieldCursor()
  fields.begin(bytes, from, to)
  while (fields.next()) {
    if (fields.tag === 0x08) series.raw(bytes, fields.start, fields.at)
    else {
      series.varint(fields.tag === 0x1a ? 0x18 : 0x20)
      series.varint(symbols.reference(bytes, fields.from, fields.to))
    }
  }
  series.close(start)
}

/** Text by its number; the first is empty. */
class SymbolTable {
  readonly #references = new Map<string, number>([['', 0]])
  readonly #fields = new Growing(4096)

  constructor() {
    this.#fields.copy(0x22, EMPTY, 0, 0)
  }

  reference(bytes: Bytes, from: number, to: number): number {
    const text = latin1(bytes, from, to)
    const known = this.#references.get(text)
    if (known !== undefined) return known
    const reference = this.#references.size
    this.#references.set(text, reference)
    this.#fields.copy(0x22, bytes, from, to)
    return reference
  }

  bytes(): Bytes {
    return this.#fields.bytes()
  }
}

const EMPTY = allocate(0)

/** Fields one behind the other. Lengths that are known only afterwards have four bytes set aside. */
class Growing {
  #memory: Bytes
  #at = 0

  constructor(bytes: number) {
    this.#memory = allocate(Math.max(4096, bytes))
  }

  bytes(): Bytes {
    return this.#memory.subarray(0, this.#at)
  }

  open(tag: number): number {
    this.#room(8)
    this.#memory[this.#at++] = tag
    this.#at += 4
    return this.#at
  }

  /** A length may take more bytes than it needs, as long as it is marked so: that moves nothing. */
  close(start: number): void {
    const length = this.#at - start
    this.#memory[start - 4] = (length & 0x7f) | 0x80
    this.#memory[start - 3] = ((length >>> 7) & 0x7f) | 0x80
    this.#memory[start - 2] = ((length >>> 14) & 0x7f) | 0x80
    this.#memory[start - 1] = length >>> 21
  }

  copy(tag: number, bytes: Bytes, from: number, to: number): void {
    this.varint(tag)
    this.varint(to - from)
    this.raw(bytes, from, to)
  }

  raw(bytes: Bytes, from: number, to: number): void {
    this.#room(to - from)
    copyBytes(bytes, from, to, this.#memory, this.#at)
    this.#at += to - from
  }

  varint(value: number): void {
    this.#room(8)
    let rest = value
    for (; rest >= 0x80; rest >>>= 7) this.#memory[this.#at++] = (rest & 0x7f) | 0x80
    this.#memory[this.#at++] = rest
  }

  #room(length: number): void {
    if (this.#at + length <= this.#memory.length) return
    const memory = allocate(2 * (this.#at + length))
    copyBytes(this.#memory, 0, this.#at, memory, 0)
    this.#memory = memory
  }
}
