/** What the palette offers, and how what is typed finds it. */

export interface Action {
  id: string
  label: string
  keys?: string
  /** Further words that find it. */
  also?: string
  run: () => void
}

/** Those whose words begin with each of the words typed, in any order; those that begin with the whole text come first. */
export function matching<One extends { label: string; also?: string }>(actions: readonly One[], text: string): One[] {
  const typed = wordsOf(text)
  if (typed.length === 0) return [...actions]
  const fitting = actions.filter(({ label, also = '' }) => {
    const words = wordsOf(`${label} ${also}`)
    return typed.every((part) => words.some((word) => word.startsWith(part)))
  })
  const whole = text.trim().toLowerCase()
  return fitting.sort((a, b) => Number(startsWith(b.label, whole)) - Number(startsWith(a.label, whole)))
}

function startsWith(label: string, text: string): boolean {
  return label.toLowerCase().startsWith(text)
}

function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
}
