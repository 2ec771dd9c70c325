/** Rules that can be made of a selected text, to choose from: the text itself, or its like. */
import { generalised, lineOf } from '#ui/screens/studio/generalise.ts'
import { redactionsFor } from '#ui/screens/studio/redaction.ts'
import type { Rule } from '#ui/screens/studio/trial.ts'

export type LikeKind = 'drop' | 'redact' | 'keep'

export interface Like {
  label: string
  /** What it looks for, for people to read. */
  shown: string
  rule: Rule
}

/** None: there is nothing in the selection but space. */
export function likesOf(kind: LikeKind, selection: string): Like[] {
  const line = lineOf(selection)
  if (line === '') return []
  if (kind === 'redact') {
    return redactionsFor(line).map(({ label, name, params }) => {
      const rule = { id: `redact_${/^[a-z][a-z0-9_]*$/.test(name) ? name : slug(name)}`, type: 'redact', params }
      return { label, shown: String(params['builtin'] ?? params['pattern']), rule }
    })
  }
  const mode = kind === 'keep' ? { mode: 'keep' } : {}
  const like = generalised(line)
  // A month or a host's number says nothing of what the lines have in common.
  const id = `${kind}_${slug(like?.template.replace(/<\w+>/g, ' ') ?? line)}`
  const literal: Like = {
    label: 'Lines that contain this text',
    shown: line,
    rule: { id, type: 'filter', params: { value: line, ...mode } },
  }
  if (like === undefined || like.pattern.length > PATTERN_MAX) return [literal]
  return [
    {
      label: 'Lines like it: numbers, times and ids may differ',
      shown: like.template,
      rule: { id, type: 'filter', params: { pattern: like.pattern, ...mode } },
    },
    literal,
  ]
}

/** As the engine takes them. */
const PATTERN_MAX = 4096
const SLUG_MAX = 32

/** The words of a text as a name: `cache_miss_for_user`. */
export function slug(text: string): string {
  const words = text
    .replace(/[^A-Za-z]+/g, ' ')
    .trim()
    .toLowerCase()
    .split(' ')
  const telling = words.filter((word) => word.length > 1)
  let name = ''
  for (const word of telling) {
    if (name.length + word.length + 1 > SLUG_MAX) break
    name += name === '' ? word : `_${word}`
  }
  return name === '' ? 'lines' : name
}
