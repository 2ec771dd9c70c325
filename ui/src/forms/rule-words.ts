/** What a rule does, in a sentence; an id that fits it. Pure. */

type Params = Record<string, unknown>

/** What `type` with `params` does to the records that it acts on. */
export function ruleWords(type: string, params: Params, summary = ''): string {
  const words = sentences[type]?.(params)
  if (words !== undefined && words !== '') return words
  const given = Object.entries(params).map(([key, value]) => `${key}: ${short(value)}`)
  return given.length === 0 ? summary || type : `${summary || type} ${given.join(', ')}`
}

/** Such as `drop_debug`; one that is not `taken`. */
export function suggestedId(type: string, params: Params, taken: readonly string[]): string {
  const base = nameOf(idWords(type, params))
  const id = base === '' ? type : base
  for (let i = 1; ; i++) {
    const candidate = i === 1 ? id : `${id}_${i}`
    if (!taken.includes(candidate)) return candidate
  }
}

const NAME_MAX = 32

/** As many whole words as make a name that can be read. */
function nameOf(text: string): string {
  const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? []
  let name = words[0]?.slice(0, NAME_MAX) ?? ''
  for (const word of words.slice(1)) {
    if (name.length + word.length >= NAME_MAX) break
    name += `_${word}`
  }
  return name
}

/** Patterns that one knows by sight, without what only says where they stand. */
const SHAPES: Record<string, string> = {
  [String.raw`\d{3}-\d{2}-\d{4}`]: 'ssn',
  [String.raw`\d{3}-?\d{2}-?\d{4}`]: 'ssn',
  [String.raw`\d{3}[- ]?\d{2}[- ]?\d{4}`]: 'ssn',
  [String.raw`\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}`]: 'ip',
  [String.raw`\d{1,3}\.{3}\d{1,3}`]: 'ip',
  [String.raw`\d{4}[- ]?\d{4}[- ]?\d{4}[- ]?\d{4}`]: 'card',
  [String.raw`\d{13,16}`]: 'card',
}

/** What a pattern looks for: what is known by sight, or the words in it; `pattern` where it has none. */
function patternName(pattern: string): string {
  if (pattern === '') return ''
  const shape = SHAPES[pattern.replace(/\\b|\(\?:|[()^$]/g, '')]
  if (shape !== undefined) return shape
  const text = pattern.replace(/\(\?[^:)]*[:=!>]|\\[pPux]\{[^}]*\}|\\[a-zA-Z]|\[(?:\\.|[^\]\\])*\]|\{[\d,]*\}/g, ' ')
  const words = text.match(/[A-Za-z]{2,}/g)
  return words !== null ? words.join(' ') : /(?:^|[^\\])@/.test(text) ? 'email' : 'pattern'
}

const sentences: Record<string, (params: Params) => string> = {
  filter: ({ value, values, pattern, mode }) => {
    const sought = [
      value === undefined ? '' : `contain ${quoted(value)}`,
      Array.isArray(values) ? `contain ${oneOf(values)}` : '',
      pattern === undefined ? '' : `match ${regex(pattern)}`,
    ].filter((part) => part !== '')
    if (sought.length === 0) return ''
    return mode === 'keep'
      ? `Keeps only records that ${sought.join(' or ')}`
      : `Drops records that ${sought.join(' or ')}`
  },
  attribute_filter: ({ attribute, path, equals, contains, regex: pattern, mode }) => {
    const field = attribute ?? path
    const test =
      equals !== undefined
        ? `is ${quoted(equals)}`
        : contains !== undefined
          ? `contains ${quoted(contains)}`
          : pattern !== undefined
            ? `matches ${regex(pattern)}`
            : ''
    if (field === undefined || test === '') return ''
    return `${mode === 'keep' ? 'Keeps only' : 'Drops'} records whose ${String(field)} ${test}`
  },
  redact: ({ pattern, builtin, builtins, replacement }) => {
    const detected = [builtin, ...(Array.isArray(builtins) ? builtins : [])].filter((one) => one !== undefined)
    const what = [
      ...detected.map((one) => DETECTORS[String(one)] ?? String(one)),
      ...(pattern === undefined ? [] : [`what matches ${regex(pattern)}`]),
    ]
    if (what.length === 0) return ''
    return `Replaces ${joined(what, 'and')}${replacement === undefined ? '' : ` with ${quoted(replacement)}`}`
  },
  sample: ({ keep_ratio: ratio, key }) => {
    const share = Number(ratio)
    if (!Number.isFinite(share) || ratio === undefined) return ''
    const percent = Math.round(share * 10_000) / 100
    return `Keeps ${percent} % of records${key === undefined ? '' : `, chosen by ${String(key)}`}`
  },
  dedupe: ({ window_ms: window, fields }) => {
    const within = `for ${time(window ?? 10_000)}`
    return Array.isArray(fields) && fields.length > 0
      ? `Drops records with the same ${joined(fields.map(String), 'and')} ${within}`
      : `Drops repeats of a record ${within}`
  },
  aggregate: ({ interval_ms: interval, by, without }) => {
    const labels = Array.isArray(by)
      ? `, by ${joined(by.map(String), 'and')}`
      : Array.isArray(without)
        ? `, without ${joined(without.map(String), 'and')}`
        : ''
    return `Makes one point every ${time(interval ?? 10_000)} of all that come${labels}`
  },
  cardinality_limit: ({ limit, action, labels }) => {
    const which = Array.isArray(labels) ? joined(labels.map(String), 'and') : 'each label'
    const then =
      action === 'drop_series'
        ? 'drops the rest'
        : action === 'replace_value'
          ? 'replaces the rest'
          : 'drops the label from the rest'
    return `Lets ${which} of a metric have ${String(limit ?? 500)} values, and ${then}`
  },
  metric_filter: ({ names, pattern, labels, mode }) => {
    const parts = [
      names === undefined ? '' : `named ${Array.isArray(names) ? oneOf(names) : quoted(names)}`,
      pattern === undefined ? '' : `with names that match ${regex(pattern)}`,
      labels === undefined ? '' : `whose ${joined(Object.keys(Object(labels)), 'and')} match`,
    ].filter((part) => part !== '')
    return parts.length === 0 ? '' : `${mode === 'keep' ? 'Keeps only' : 'Drops'} metrics ${parts.join(', ')}`
  },
  metric_rename: ({ names, pattern, replacement, labels }) => {
    const pairs = (map: unknown) => Object.entries(Object(map)).map(([from, to]) => `${from} → ${String(to)}`)
    const parts = [...pairs(names), ...pairs(labels).map((pair) => `label ${pair}`)]
    if (pattern !== undefined) parts.push(`${regex(pattern)} → ${String(replacement)}`)
    return parts.length === 0 ? '' : `Renames ${few(parts)}`
  },
  relabel: ({ configs }) => {
    if (!Array.isArray(configs) || configs.length === 0) return ''
    const steps = configs.map((step: Params) => {
      const from = Array.isArray(step['source_labels']) ? step['source_labels'].join(', ') : ''
      const label = step['target_label'] ?? (from || (step['regex'] === undefined ? '' : regex(step['regex'])))
      return `${String(step['action'] ?? 'replace')} ${String(label)}`.trim()
    })
    return `Relabels: ${few(steps)}`
  },
}

const DETECTORS: Record<string, string> = {
  ssn: 'social security numbers',
  email: 'e-mail addresses',
  credit_card: 'card numbers',
  ipv4: 'IPv4 addresses',
  ipv6: 'IPv6 addresses',
  jwt: 'JSON web tokens',
  aws_key: 'AWS keys',
  iban: 'IBANs',
}

function idWords(type: string, params: Params): string {
  const text = (key: string) => (typeof params[key] === 'string' ? params[key] : '')
  const verb = params['mode'] === 'keep' ? 'keep' : 'drop'
  const first = Array.isArray(params['values']) ? String(params['values'][0] ?? '') : ''
  const builtins = Array.isArray(params['builtins']) ? params['builtins'].map(String) : []
  switch (type) {
    case 'filter':
      return `${verb} ${text('value') || first || patternName(text('pattern'))}`
    case 'attribute_filter':
      return `${verb} ${text('attribute') || text('path')} ${String(params['equals'] ?? params['contains'] ?? patternName(text('regex')))}`
    case 'redact':
      return `redact ${text('builtin') || builtins.join(' ') || patternName(text('pattern'))}`
    case 'sample':
      return typeof params['keep_ratio'] === 'number'
        ? `sample ${Math.round(params['keep_ratio'] * 100)} percent`
        : type
    default:
      return type
  }
}

function oneOf(values: readonly unknown[]): string {
  return few(values.map(quoted), 'or')
}

/** Not more than three of them. */
function few(parts: readonly string[], word: 'and' | 'or' = 'and'): string {
  return parts.length <= 3 ? joined(parts, word) : `${parts.slice(0, 2).join(', ')} ${word} ${parts.length - 2} more`
}

function joined(parts: readonly string[], word: string): string {
  return parts.length < 2 ? (parts[0] ?? '') : `${parts.slice(0, -1).join(', ')} ${word} ${parts.at(-1)}`
}

function quoted(value: unknown): string {
  return typeof value === 'string' ? `“${cut(value)}”` : String(value)
}

function regex(pattern: unknown): string {
  return `/${cut(String(pattern))}/`
}

function cut(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

function short(value: unknown): string {
  return cut(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))
}

function time(ms: unknown): string {
  const value = Number(ms)
  if (!Number.isFinite(value)) return String(ms)
  if (value % 3_600_000 === 0) return `${value / 3_600_000} h`
  if (value % 60_000 === 0) return `${value / 60_000} min`
  return value % 1000 === 0 ? `${value / 1000} s` : `${value} ms`
}
