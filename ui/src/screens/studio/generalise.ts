/** From one line to a pattern for its like: times, addresses, ids and numbers may differ. */

/** Longer texts are cut to this: what makes lines alike stands at their front. */
export const LIKE_CHARACTERS_MAX = 300

export interface Generalised {
  /** In the engine's syntax; matches the text itself. */
  pattern: string
  /** For people: `<…>` stands for what may differ. */
  template: string
}

/** Undefined when nothing in the text is likely to differ: then the text itself says it all. */
export function generalised(text: string): Generalised | undefined {
  let pattern = ''
  let template = ''
  let end = 0
  for (const match of text.matchAll(VARYING)) {
    const literal = text.slice(end, match.index)
    const { name, find, pattern: like = find } = kinds.find((_, place) => match.groups?.[`k${place}`] !== undefined)!
    pattern += escaped(literal) + like
    template += `${literal}<${name}>`
    end = match.index + match[0].length
  }
  if (end === 0) return undefined
  const rest = text.slice(end)
  return { pattern: pattern + escaped(rest), template: template + rest }
}

/** The first line that says something, cut to what a rule should look for. */
export function lineOf(selection: string): string {
  const line = selection.split(/\r?\n/).find((one) => one.trim() !== '') ?? ''
  return line.trim().slice(0, LIKE_CHARACTERS_MAX)
}

export function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)
}

interface Kind {
  name: string
  /** What stands there in the text, and, where that is longer than people want to read, what it becomes. */
  find: string
  pattern?: string
}

const DAY_TIME = String.raw`\d{2}:\d{2}:\d{2}(?:[.,]\d+)?`
const HEX_DIGIT = '[0-9a-fA-F]'
const IP = String.raw`\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}`

/** The first that fits at a place counts. */
const kinds: readonly Kind[] = [
  { name: 'time', find: String.raw`\d{4}-\d{2}-\d{2}[T ]${DAY_TIME}(?:Z|[+-]\d{2}:?\d{2})?` },
  { name: 'time', find: String.raw`[A-Z][a-z]{2} +\d{1,2} ${DAY_TIME}` },
  { name: 'time', find: String.raw`\d{2}/[A-Z][a-z]{2}/\d{4}:${DAY_TIME}` },
  { name: 'date', find: String.raw`\d{4}-\d{2}-\d{2}` },
  { name: 'time', find: DAY_TIME },
  { name: 'uuid', find: `${HEX_DIGIT}{8}-${HEX_DIGIT}{4}-${HEX_DIGIT}{4}-${HEX_DIGIT}{4}-${HEX_DIGIT}{12}` },
  { name: 'email', find: String.raw`[\w.+-]+@[\w-]+\.[\w.-]*\w` },
  { name: 'ip', find: String.raw`(?<![\w.])${IP}(?![\w.]\w)`, pattern: IP },
  {
    name: 'hex',
    find: String.raw`0x${HEX_DIGIT}+\b|\b(?=[a-fA-F]*\d)(?=\d*[a-fA-F])${HEX_DIGIT}{8,}\b`,
    pattern: `(?:0x)?${HEX_DIGIT}+`,
  },
  // Digits that belong to a name, such as sha256, stay.
  { name: 'number', find: String.raw`(?<![A-Za-z_]\d*)\d+\.\d+(?:\.\d+)*`, pattern: String.raw`\d+(?:\.\d+)*` },
  { name: 'number', find: String.raw`(?<![A-Za-z_]\d*)\d+`, pattern: String.raw`\d+` },
]

const VARYING = new RegExp(kinds.map(({ find }, place) => `(?<k${place}>${find})`).join('|'), 'g')
