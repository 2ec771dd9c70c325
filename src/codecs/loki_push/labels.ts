/**
 * Label sets of Loki as fields of records.
 *
 *   labels  = "{" [ label *( "," label ) [ "," ] ] "}"
 *   label   = name "=" value            name as in Prometheus, value quoted as in Go:
 *                                       "…" with escapes, or `…` without
 *
 * `service_name` and `detected_level`, as Loki and its agents call them, become `service` and `level` where there is no
 * such label.
 */
import { type Bytes, fromText } from '#std/bytes.ts'

export type Label = readonly [name: string, value: string]

/** Loki's own limit is 15; more than this is none of its clients. */
const LABELS_MAX = 1000
const LABEL = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*("(?:[^"\\\n]|\\.)*"|`[^`]*`)\s*(,|(?=\}))/y
const END = /\s*\}\s*$/y
const NAMES: Readonly<Record<string, string>> = { service_name: 'service', detected_level: 'level' }
/** What records have of their own. */
const TAKEN = ['message', 'timestamp'] as const

/** The labels of a set as Loki and its clients write it; undefined when it is none. */
export function parseLabelSet(text: string): Label[] | undefined {
  const labels: Label[] = []
  const start = /^\s*\{/.exec(text)
  if (start === null) return undefined
  let at = start[0].length
  while (labels.length <= LABELS_MAX) {
    END.lastIndex = at
    if (END.test(text)) return labels
    LABEL.lastIndex = at
    const label = LABEL.exec(text)
    if (label === null) return undefined
    labels.push([label[1]!, unquote(label[2]!)])
    at = LABEL.lastIndex
  }
  return undefined
}

/** Values of a JSON object are text; undefined when it is none. */
export function labelsOfJson(text: string): Label[] | undefined {
  const labels = Object.entries(JSON.parse(text) as Record<string, unknown>)
  return labels.length <= LABELS_MAX && labels.every((label): label is [string, string] => typeof label[1] === 'string')
    ? labels
    : undefined
}

/** The fields that a set of labels gives to each record of its stream. */
export class LabelFields {
  /** `,"name":"value"` for each. */
  readonly members: Bytes
  /** Those, and what records have of their own. */
  readonly names: ReadonlySet<string>

  constructor(labels: readonly Label[]) {
    const fields = new Map<string, string>()
    const given = new Set(labels.map(([name]) => name))
    for (const [name, value] of labels) fields.set(fieldOf(name, given), value)
    const members = [...fields].map(
      ([name, value]) => `,${JSON.stringify(name)}:${JSON.stringify(value.toWellFormed())}`,
    )
    this.members = fromText(members.join(''))
    this.names = new Set([...TAKEN, ...fields.keys()])
  }

  /** What a name in the metadata of an entry is called in its record. */
  metadataField(name: string): string {
    const field = NAMES[name] ?? name
    if (!this.names.has(field)) return field
    return this.names.has(name) ? `metadata_${name}` : name
  }
}

/** A label may have the name of what the record has of its own. */
function fieldOf(name: string, given: ReadonlySet<string>): string {
  if ((TAKEN as readonly string[]).includes(name)) return `label_${name}`
  const field = NAMES[name]
  return field === undefined || given.has(field) ? name : field
}

/** Go's escapes: octal, \x, \u and \U beside those of one letter. */
function unquote(quoted: string): string {
  const text = quoted.slice(1, -1)
  if (quoted.startsWith('`') || !text.includes('\\')) return text
  return text.replace(
    /\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)/g,
    (_, code: string) => ESCAPES[code] ?? (code.length === 1 ? code : String.fromCodePoint(codePoint(code))),
  )
}

function codePoint(code: string): number {
  return Math.min(/^\d/.test(code) ? Number.parseInt(code, 8) : Number.parseInt(code.slice(1), 16), 0x10_ffff)
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}
