/** Labels as people type them: `site=fra, ring=canary`. */
import type { Labels } from '#contract/fleet.ts'

export interface ParsedLabels {
  labels: Labels
  /** What is wrong, in words; undefined when nothing is. */
  problem: string | undefined
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9_./-]{0,62}$/
const LABELS_MAX = 32
const VALUE_CHARACTERS_MAX = 255

export function parseLabels(text: string): ParsedLabels {
  const labels: Labels = {}
  for (const part of text.split(/[,\n]/).map((piece) => piece.trim())) {
    if (part === '') continue
    const at = part.indexOf('=')
    const name = (at < 0 ? part : part.slice(0, at)).trim()
    const value = at < 0 ? '' : part.slice(at + 1).trim()
    if (!NAME.test(name)) return { labels, problem: `“${name}” is no name: 1 to 63 letters, digits or _ . / -` }
    if (value.length > VALUE_CHARACTERS_MAX)
      return { labels, problem: `the value of “${name}” is longer than ${VALUE_CHARACTERS_MAX} characters` }
    if (Object.hasOwn(labels, name)) return { labels, problem: `“${name}” stands there twice` }
    labels[name] = value
  }
  const isTooMany = Object.keys(labels).length > LABELS_MAX
  return { labels, problem: isTooMany ? `${LABELS_MAX} labels at most` : undefined }
}

export function labelText(name: string, value: string): string {
  return value === '' ? name : `${name}=${value}`
}

export function labelsText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => labelText(name, value))
    .join(', ')
}

/** `added` replaces what has the same name; `removed` are names. */
export function changedLabels(labels: Labels, added: Labels, removed: readonly string[]): Labels {
  const kept = Object.entries(labels).filter(([name]) => !removed.includes(name))
  return { ...Object.fromEntries(kept), ...added }
}
