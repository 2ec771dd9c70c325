/** So much of a record as fits into a row of a list, with what is to be pointed out in sight. */
import type { Span } from '#ui/engine/spans.ts'

const CHARACTERS_MAX = 400
/** What is pointed out may stand so far from the front before the front is left out. */
const FRONT_MAX = 90
const LEAD = 30

export interface Excerpt {
  text: string
  spans: Span[]
}

export function excerptOf(text: string, spans: readonly Span[]): Excerpt {
  const first = spans[0]?.[0] ?? 0
  const from = first > FRONT_MAX ? first - LEAD : 0
  const lead = from > 0 ? '…' : ''
  const cut = text.slice(from, from + CHARACTERS_MAX)
  const tail = from + CHARACTERS_MAX < text.length ? '…' : ''
  const shift = lead.length - from
  const end = lead.length + cut.length
  const shown = spans
    .map(([start, stop]): Span => [start + shift, Math.min(stop + shift, end)])
    .filter(([start, stop]) => start < stop)
  return { text: lead + cut + tail, spans: shown }
}
