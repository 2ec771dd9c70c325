/** Cuts events that stand one behind the other into entries, between events. */
import { skipValue } from '#codecs/msgpack/scanner.ts'
import type { Bytes } from '#std/bytes.ts'

export type Piece =
  | { kind: 'events'; from: number; to: number }
  /** One event that no entry can hold, or what is no event, and all behind it. */
  | { kind: 'too_large' | 'malformed'; from: number; to: number }

/** Pieces of [from, to), in order, each of at most `bytesMax` bytes of events. */
export function* piecesOf(bytes: Bytes, from: number, to: number, bytesMax: number): Generator<Piece> {
  let start = from
  while (to - start > bytesMax) {
    let end = start
    let next = skipValue(bytes, end, to)
    while (next !== -1 && next - start <= bytesMax) {
      end = next
      next = end === to ? -1 : skipValue(bytes, end, to)
    }
    if (end > start) yield { kind: 'events', from: start, to: end }
    else if (next === -1) {
      yield { kind: 'malformed', from: start, to }
      return
    } else {
      yield { kind: 'too_large', from: start, to: next }
      end = next
    }
    start = end
  }
  if (start < to) yield { kind: 'events', from: start, to }
}
