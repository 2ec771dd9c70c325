/** Where two texts differ, word by word: for showing what a rule has changed. */

/** Characters [from, to), as JavaScript counts them. */
export type Span = readonly [from: number, to: number]

export interface Spans {
  before: Span[]
  after: Span[]
}

/** Words compared with words; beyond this the whole middle counts as changed. */
const PAIRS_MAX = 250_000

/**
 * What of `before` is no longer there and what of `after` is new, in ascending order, never empty, never touching. What both
 * begin and end with is left out first; in what remains the longest common row of words stays unmarked.
 */
export function changedSpans(before: string, after: string): Spans {
  if (before === after) return { before: [], after: [] }
  const old = wordsOf(before)
  const fresh = wordsOf(after)
  let head = 0
  while (head < old.length && head < fresh.length && old[head] === fresh[head]) head++
  let tail = 0
  const rest = Math.min(old.length, fresh.length) - head
  while (tail < rest && old[old.length - 1 - tail] === fresh[fresh.length - 1 - tail]) tail++
  const [a, b] = [old.slice(head, old.length - tail), fresh.slice(head, fresh.length - tail)]
  const kept = commonWords(a, b)
  const from = old.slice(0, head).join('').length
  return { before: gaps(a, kept.old, from), after: gaps(b, kept.fresh, from) }
}

/** Spans that overlap or touch become one. */
export function joinedSpans(spans: readonly Span[]): Span[] {
  const joined: [number, number][] = []
  for (const [from, to] of spans.toSorted((one, other) => one[0] - other[0])) {
    const last = joined.at(-1)
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to)
    else if (to > from) joined.push([from, to])
  }
  return joined
}

/** Letters and digits together, blanks together, every other character alone; half a character never. */
function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{N}_]+|\s+|[\s\S]/gu) ?? []
}

/** Which words of either belong to the longest common row. */
function commonWords(old: readonly string[], fresh: readonly string[]): { old: Uint8Array; fresh: Uint8Array } {
  const kept = { old: new Uint8Array(old.length), fresh: new Uint8Array(fresh.length) }
  if (old.length * fresh.length > PAIRS_MAX) return kept
  const width = fresh.length + 1
  /** By pair of places: how long the longest common row is from there on. */
  const lengths = new Uint16Array((old.length + 1) * width)
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = fresh.length - 1; j >= 0; j--) {
      const at = i * width + j
      lengths[at] =
        old[i] === fresh[j] ? lengths[at + width + 1]! + 1 : Math.max(lengths[at + width]!, lengths[at + 1]!)
    }
  }
  for (let i = 0, j = 0; i < old.length && j < fresh.length; ) {
    const at = i * width + j
    if (old[i] === fresh[j]) {
      kept.old[i++] = 1
      kept.fresh[j++] = 1
    } else if (lengths[at + width]! >= lengths[at + 1]!) i++
    else j++
  }
  return kept
}

function gaps(words: readonly string[], kept: Uint8Array, from: number): Span[] {
  const spans: Span[] = []
  let at = from
  words.forEach((word, i) => {
    if (kept[i] === 0) spans.push([at, at + word.length])
    at += word.length
  })
  return joinedSpans(spans)
}
