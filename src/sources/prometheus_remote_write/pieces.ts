/**
 * Cuts a request that is larger than an intake entry may be, between fields; the symbols of 2.0 go before each piece.
 */
import { HEAD_BYTES } from '#codecs/remote_write/decoder.ts'
import { FieldCursor } from '#codecs/remote_write/fields.ts'
import { type Survey, SYMBOL_TAG, type Version } from '#codecs/remote_write/survey.ts'
import type { Piece } from '#listeners/acceptance.ts'
import { allocate, type Bytes, copyBytes } from '#std/bytes.ts'

export interface Whole {
  origin: number
  version: Version
  flags: number
  body: Bytes
  survey: Survey
}

export const FRAMINGS = { 1: 'remote_write', 2: 'remote_write_2' } as const

/** Whether the pieces fit: repeated symbols may take half of each, so that what goes in is twice what came at most. */
export function isCuttable({ fieldBytesMax, symbolBytes }: Survey, entryBytesMax: number): boolean {
  const room = entryBytesMax - HEAD_BYTES
  return symbolBytes <= room / 2 && fieldBytesMax <= room - symbolBytes
}

export function* piecesOf({ origin, version, flags, body, survey }: Whole, entryBytesMax: number): Generator<Piece> {
  const entry = { origin, framing: FRAMINGS[version] }
  const flag = allocate(HEAD_BYTES)
  flag[0] = flags
  if (body.length + HEAD_BYTES <= entryBytesMax) {
    yield { entry, head: flag, body, from: 0, to: body.length }
    return
  }
  const symbols = version === 2 ? symbolsOf(body, survey.symbolBytes) : allocate(0)
  const head = Buffer.concat([flag, symbols])
  const room = entryBytesMax - head.length
  const fields = new FieldCursor()
  let from = 0
  let to = 0
  fields.begin(body, 0, body.length)
  while (fields.next()) {
    // Symbols that stand between series end a piece: they are in the head already.
    const isSymbol = version === 2 && fields.tag === SYMBOL_TAG
    if (isSymbol || fields.at - from > room) {
      if (to > from) yield { entry, head, body, from, to }
      from = isSymbol ? fields.at : fields.start
    }
    to = fields.at
  }
  if (to > from) yield { entry, head, body, from, to }
}

/** All fields with symbols, in order. */
function symbolsOf(body: Bytes, length: number): Bytes {
  const symbols = allocate(length)
  const fields = new FieldCursor()
  let write = 0
  fields.begin(body, 0, body.length)
  while (fields.next()) {
    if (fields.tag !== SYMBOL_TAG) continue
    copyBytes(body, fields.start, fields.at, symbols, write)
    write += fields.at - fields.start
  }
  return symbols
}
