/**
 * Label sets as Loki writes them, `{app="web", job="x"}`, and as its JSON has them, `{"app":"web","job":"x"}`.
 * Both are read here too: Loki names streams in its answers.
 */

/** Loki's default (`limits_config.max_label_value_length`). */
export const LABEL_VALUE_BYTES_MAX = 2048

export type Labels = readonly (readonly [name: string, value: string])[]

/**
 * An empty value means that there is no such label, so those are left out. `labels` come in the order of their names.
 */
export function formatLabels(labels: Labels): string {
  const pairs = labels.flatMap(([name, value]) => (value === '' ? [] : [`${name}=${quote(value)}`]))
  return `{${pairs.join(', ')}}`
}

export function formatJsonLabels(labels: Labels): string {
  const pairs = labels.flatMap(([name, value]) => (value === '' ? [] : [`"${name}":${quote(value)}`]))
  return `{${pairs.join(',')}}`
}

/** What JSON escapes is valid in Go's strings too, except for halves of surrogate pairs. */
function quote(value: string): string {
  return JSON.stringify(value.toWellFormed())
}

/** Reads what `formatLabels` or Loki itself has written, as far as it is one. */
export function parseLabels(text: string): Map<string, string> {
  const labels = new Map<string, string>()
  for (const [, name, value] of text.matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g)) {
    labels.set(name!, unquote(value!))
  }
  return labels
}

export function parseJsonLabels(text: string): Map<string, string> {
  return new Map(Object.entries(JSON.parse(text) as Record<string, string>))
}

/** Go's escapes, of which JSON knows fewer. */
function unquote(text: string): string {
  return text.replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)/g, (_, code: string) => {
    if (code.length > 1) return String.fromCodePoint(Math.min(Number.parseInt(code.slice(1), 16), 0x10_ffff))
    return ESCAPES[code] ?? code
  })
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
