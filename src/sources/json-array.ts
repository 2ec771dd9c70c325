/**
 * Cuts the text of a JSON array into texts of smaller ones, between elements, without parsing them.
 *
 *   [ {"a":[1,2]} , "x,y" , 3 ]      cut at the second comma of the outer array:  [ {"a":[1,2]} , "x,y" ]   [ 3 ]
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Bytes } from '#std/bytes.ts'

export type ArrayCuts = { ok: true; cuts: number[]; elements: number } | { ok: false; why: 'malformed' | 'too_large' }

/** A long scan lets others have their turn after this much. */
const BYTES_PER_TURN = 1024 * 1024

const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/**
 * `body` [from, to) starts with `[` and ends with `]`. The cuts are the positions of commas, such that each piece, with
 * brackets in the place of the commas around it, has at most `pieceBytesMax` bytes. `too_large`: one element is longer.
 * An empty array counts as
 * one element. What is inside the elements is not checked, beyond that brackets and quotes are balanced.
 */
export async function cutArray(body: Bytes, from: number, to: number, pieceBytesMax: number): Promise<ArrayCuts> {
  const cuts: number[] = []
  const last = to - 1
  let start = from
  let comma = from
  let elements = 0
  let depth = 1
  let turnEnd = from + BYTES_PER_TURN
  for (let i = from + 1; i <= last; i++) {
    const byte = body[i]!
    if (byte === QUOTE) {
      i = endOfString(body, i)
      if (i === -1) return { ok: false, why: 'malformed' }
    } else if (byte === OPEN_BRACKET || byte === OPEN_BRACE) {
      depth++
    } else if (byte === CLOSE_BRACKET || byte === CLOSE_BRACE) {
      depth--
      if (depth === 0 && i < last) return { ok: false, why: 'malformed' }
    }
    if (i === last || (byte === COMMA && depth === 1)) {
      // Here an element ends: does it still fit, with a bracket before it?
      if (i - start + 1 > pieceBytesMax) {
        if (comma === start || i - comma + 1 > pieceBytesMax) return { ok: false, why: 'too_large' }
        cuts.push(comma)
        start = comma
      }
      comma = i
      elements++
    }
    if (i >= turnEnd) {
      turnEnd = i + BYTES_PER_TURN
      await nextTurn()
    }
  }
  return depth === 0 ? { ok: true, cuts, elements } : { ok: false, why: 'malformed' }
}

/** Position of the quote that ends the string which begins at `at`; -1 when there is none. */
function endOfString(body: Bytes, at: number): number {
  for (let quote = body.indexOf(QUOTE, at + 1); quote !== -1; quote = body.indexOf(QUOTE, quote + 1)) {
    let before = quote - 1
    while (body[before] === BACKSLASH) before--
    if ((quote - before) % 2 === 1) return quote
  }
  return -1
}
