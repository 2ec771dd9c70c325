/** Replacements with groups in them: `$1`, `${1}`, `${name}`, `$<name>`, `$&` for the whole match and `$$` for a dollar sign. */
import { asBytes } from '#component/fields.ts'

export interface Template {
  /** The text, when no group stands in it. */
  constant: string | undefined
  /** Names and numbers of the groups in it. */
  groups: readonly string[]
  /** Filled in from a match over text. */
  text(match: RegExpExecArray): string
  /** The same over one character per byte. */
  bytewise(match: RegExpExecArray): string
}

type Part = string | { group: string }

export function parseTemplate(replacement: string): Template {
  const parts: Part[] = []
  let at = 0
  for (const match of replacement.matchAll(/\$(?:(\$)|(&)|(\d{1,2})|\{(\w+)\}|<(\w+)>)/g)) {
    parts.push(replacement.slice(at, match.index))
    const [, dollar, whole, number, braced, angled] = match
    if (dollar !== undefined) parts.push('$')
    else parts.push({ group: whole === undefined ? (number ?? braced ?? angled ?? '0') : '0' })
    at = match.index + match[0].length
  }
  parts.push(replacement.slice(at))
  const constant = parts.every((part) => typeof part === 'string') ? parts.join('') : undefined
  const bytes = parts.map((part) => (typeof part === 'string' ? asBytes(part) : part))
  const groups = parts.flatMap((part) => (typeof part === 'string' ? [] : [part.group]))
  return { constant, groups, text: (match) => fill(parts, match), bytewise: (match) => fill(bytes, match) }
}

function fill(parts: readonly Part[], match: RegExpExecArray): string {
  let out = ''
  for (const part of parts) out += typeof part === 'string' ? part : groupOf(match, part.group)
  return out
}

/** A group that took no part is empty. */
function groupOf(match: RegExpExecArray, group: string): string {
  return (/^\d+$/.test(group) ? match[Number(group)] : match.groups?.[group]) ?? ''
}
