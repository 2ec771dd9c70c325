/** How many records a body holds, for limits that are counted in records. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Bytes, NEWLINE } from '#std/bytes.ts'
import type { Media } from './deliver.ts'
import { cutArray } from './json-array.ts'

/** A long count lets others have their turn after this much. */
const BYTES_PER_TURN = 1024 * 1024

/** Of a body that `deliver` takes; what it refuses as malformed counts as one. */
export async function countRecords(media: Media, body: Bytes): Promise<number> {
  if (media === 'lines') return await countLines(body)
  let from = 0
  while (from < body.length && body[from] !== OPEN_BRACKET && body[from]! <= SPACE) from++
  if (body[from] !== OPEN_BRACKET) return 1
  const end = body.lastIndexOf(CLOSE_BRACKET) + 1
  const cut = await cutArray(body, from, Math.max(from + 1, end), Number.POSITIVE_INFINITY)
  return cut.ok ? cut.elements : 1
}

async function countLines(body: Bytes): Promise<number> {
  let lines = 0
  for (let from = 0; from < body.length; from += BYTES_PER_TURN) {
    if (from > 0) await nextTurn()
    const to = Math.min(body.length, from + BYTES_PER_TURN)
    for (let i = from; i < to; i++) if (body[i] === NEWLINE) lines++
  }
  return body.length > 0 && body[body.length - 1] !== NEWLINE ? lines + 1 : lines
}

const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const SPACE = 0x20
