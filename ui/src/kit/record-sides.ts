/** A record before and after, made ready to be compared: line by line where both are JSON, word by word otherwise. */
import type { RecordText } from '#contract/observation.ts'
import { changedSpans, type Span } from '#ui/engine/spans.ts'

export interface SideLine {
  number: number
  text: string
  spans: readonly Span[]
  /** The other side has no such line. */
  differs: boolean
}

/** In longer records nothing is pointed out. */
const COMPARED_CHARACTERS_MAX = 64 * 1024

/** Text that is readable: JSON is laid out, and what is no text says so. */
export function readable({ text, base64 }: RecordText): string {
  if (text === undefined) return base64 === undefined ? '' : `(not text, in base64)\n${base64}`
  const first = text.trimStart()[0]
  if (first !== '{' && first !== '[') return text
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

export function compared(before: string, after: string): { before: SideLine[]; after: SideLine[] } {
  if (before.length + after.length > COMPARED_CHARACTERS_MAX) return { before: plain(before), after: plain(after) }
  const spans = changedSpans(before, after)
  return { before: linesOf(before, spans.before), after: linesOf(after, spans.after) }
}

export function plain(text: string): SideLine[] {
  return linesOf(text, [])
}

/** Spans of a text as spans of its lines. */
function linesOf(text: string, spans: readonly Span[]): SideLine[] {
  let from = 0
  return text.split('\n').map((line, index) => {
    const start = from
    const end = start + line.length
    from = end + 1
    const own = spans
      .filter(([first, last]) => first < end && last > start)
      .map(([first, last]): Span => [Math.max(first, start) - start, Math.min(last, end) - start])
    // An empty line, or a line end alone, can differ too.
    const differs = spans.some(([first, last]) => first <= end && last > start)
    return { number: index + 1, text: line, spans: own, differs: own.length > 0 || (differs && line === '') }
  })
}
