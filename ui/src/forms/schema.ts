/**
 * What a form shows for a JSON Schema (draft 2020-12, as `GET /components` has it). Pure. What no control is made for becomes
 * `json`, so nothing that a schema allows is out of reach.
 */

export type JsonSchema = Record<string, unknown>
export type Scalar = string | number | boolean

/** A control. `group`, `list`, `map` and `choice` hold further ones. */
export type Control =
  | { kind: 'text'; mayBeEmpty: boolean; pattern?: string }
  | { kind: 'secret' }
  | { kind: 'number'; whole: boolean; min?: number; max?: number }
  | { kind: 'flag' }
  | { kind: 'options'; values: readonly Scalar[] }
  | { kind: 'scalar' }
  | { kind: 'constant'; value: unknown }
  | { kind: 'list'; item: Control; min: number }
  | { kind: 'map'; item: Control }
  | { kind: 'group'; entries: readonly Entry[]; open: boolean }
  | { kind: 'choice'; branches: readonly Branch[] }
  | { kind: 'json' }

/** One key of an object. */
export interface Entry {
  key: string
  control: Control
  required: boolean
  hint: string
  /** Undefined: there is none, or it says nothing. */
  fallback: unknown
  unit?: Unit
}

export interface Branch {
  label: string
  control: Control
}

export type Unit = 'ms' | 'bytes' | 'seconds'

const DEPTH_MAX = 8

export function controlOf(schema: JsonSchema, depth = 0): Control {
  if (depth > DEPTH_MAX) return { kind: 'json' }
  const { type } = schema
  if ('const' in schema) return { kind: 'constant', value: schema['const'] }
  if (Array.isArray(schema['enum'])) return optionsOf(schema['enum'])
  const branches = schema['anyOf'] ?? schema['oneOf']
  if (Array.isArray(branches) && type === undefined) return choiceOf(branches as JsonSchema[], depth)
  switch (type) {
    case 'string':
      return textOf(schema)
    case 'number':
    case 'integer':
      return numberOf(schema)
    case 'boolean':
      return { kind: 'flag' }
    case 'array':
      return listOf(schema, depth)
    case 'object':
      return objectOf(schema, depth)
    default:
      return isScalarType(type) ? { kind: 'scalar' } : { kind: 'json' }
  }
}

/** The keys of an object's schema, in its order; empty for what is no object. */
export function entriesOf(schema: JsonSchema, depth = 0): Entry[] {
  const properties = Object(schema['properties']) as Record<string, JsonSchema>
  const required = (schema['required'] ?? []) as readonly string[]
  return Object.entries(properties).map(([key, part]) => {
    const unit = unitOf(key)
    const control = controlOf(part, depth + 1)
    return {
      key,
      control,
      required: required.includes(key),
      hint: typeof part['description'] === 'string' ? part['description'] : '',
      fallback: part['default'],
      ...(unit !== undefined && control.kind === 'number' && { unit }),
    }
  })
}

/** Whether a control can show this value and give it back as it is. What does not fit is shown as JSON. */
export function fits(control: Control, value: unknown): boolean {
  if (value === undefined) return true
  switch (control.kind) {
    case 'text':
    case 'secret':
      return typeof value === 'string'
    case 'number':
      return typeof value === 'number' || typeof value === 'string'
    case 'flag':
      return typeof value === 'boolean'
    case 'options':
    case 'scalar':
      return ['string', 'number', 'boolean'].includes(typeof value)
    case 'constant':
      return JSON.stringify(value) === JSON.stringify(control.value)
    case 'list':
      return Array.isArray(value) && value.every((item) => item !== undefined && fits(control.item, item))
    case 'map':
      return isObject(value) && Object.values(value).every((item) => fits(control.item, item))
    case 'group':
      return isObject(value)
    case 'choice':
      return control.branches.some((branch) => fits(branch.control, value))
    case 'json':
      return true
  }
}

/** Which branch a value is of; a text that a number or a list could be too counts as the first that takes it. */
export function branchOf(branches: readonly Branch[], value: unknown): number {
  if (value === undefined) return -1
  const exact = branches.findIndex(({ control }) => control.kind === 'number' && typeof value === 'number')
  return exact === -1 ? branches.findIndex(({ control }) => fits(control, value)) : exact
}

/** What stands in an object and in no entry: it is shown as JSON, and kept. */
export function unknownKeys(entries: readonly Entry[], value: Record<string, unknown>): string[] {
  return Object.keys(value).filter((key) => !entries.some((entry) => entry.key === key))
}

/** `keep_ratio` → `Keep ratio`; the unit stands beside the field. */
export function labelOf({ key, unit }: Pick<Entry, 'key' | 'unit'>): string {
  const plain = unit === undefined ? key : key.replace(/_?(ms|bytes|seconds)(?=_|$)/, '').replace(/^_/, '')
  const words = (plain === '' || plain === 'max' || plain === 'min' ? key : plain).split('_').map(asWord)
  const [first = '', ...rest] = words
  // What is spelled in its own way is so at the beginning too.
  return [/[A-Z]/.test(first) ? first : first.charAt(0).toUpperCase() + first.slice(1), ...rest].join(' ')
}

/** A first value for a list's new item, or a branch that has just been chosen. */
export function emptyOf(control: Control): unknown {
  switch (control.kind) {
    case 'number':
      return control.min !== undefined && control.min > 0 ? control.min : 0
    case 'flag':
      return false
    case 'options':
      return control.values[0]
    case 'constant':
      return control.value
    case 'list':
      return []
    case 'map':
    case 'group':
      return {}
    case 'json':
      return null
    case 'choice':
      return control.branches[0] === undefined ? null : emptyOf(control.branches[0].control)
    default:
      return ''
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textOf(schema: JsonSchema): Control {
  if (schema['format'] === 'password') return { kind: 'secret' }
  const { pattern, minLength, format } = schema
  const mayBeEmpty = (minLength === undefined || minLength === 0) && pattern === undefined && format === undefined
  return { kind: 'text', mayBeEmpty, ...(typeof pattern === 'string' && { pattern }) }
}

function numberOf(schema: JsonSchema): Control {
  const min = schema['minimum'] ?? schema['exclusiveMinimum']
  const max = schema['maximum'] ?? schema['exclusiveMaximum']
  return {
    kind: 'number',
    whole: schema['type'] === 'integer',
    ...(typeof min === 'number' && min > Number.MIN_SAFE_INTEGER && { min }),
    ...(typeof max === 'number' && max < Number.MAX_SAFE_INTEGER && { max }),
  }
}

function optionsOf(values: readonly unknown[]): Control {
  const scalars = values.filter((value): value is Scalar => value !== null && typeof value !== 'object')
  return scalars.length === values.length ? { kind: 'options', values: scalars } : { kind: 'json' }
}

function listOf(schema: JsonSchema, depth: number): Control {
  if (!isObject(schema['items'])) return { kind: 'json' }
  const item = controlOf(schema['items'], depth + 1)
  if (item.kind === 'json') return item
  return { kind: 'list', item, min: typeof schema['minItems'] === 'number' ? schema['minItems'] : 0 }
}

function objectOf(schema: JsonSchema, depth: number): Control {
  const more = schema['additionalProperties']
  if (isObject(schema['properties']))
    return { kind: 'group', entries: entriesOf(schema, depth + 1), open: more !== false }
  if (!isObject(more)) return { kind: 'json' }
  const item = controlOf(more, depth + 1)
  return item.kind === 'json' ? item : { kind: 'map', item }
}

/** Null beside one other kind is what being left out means too, so there is nothing to choose. */
function choiceOf(schemas: readonly JsonSchema[], depth: number): Control {
  const given = schemas.filter(({ type }) => type !== 'null')
  const [only] = given
  if (only === undefined) return { kind: 'json' }
  if (given.length === 1) return controlOf(only, depth)
  const branches = given.map((schema) => {
    const control = controlOf(schema, depth + 1)
    return { label: branchLabel(schema, control), control }
  })
  return branches.some(({ control }) => control.kind === 'json') ? { kind: 'json' } : { kind: 'choice', branches }
}

function branchLabel(schema: JsonSchema, control: Control): string {
  if (typeof schema['title'] === 'string') return schema['title']
  if (control.kind === 'constant')
    return control.value === false ? 'Off' : control.value === true ? 'On' : String(control.value)
  const words: Record<string, string> = {
    group: 'With options',
    map: 'Names and values',
    list: 'A list',
    flag: 'Yes or no',
  }
  return words[control.kind] ?? (control.kind === 'number' ? 'A number' : 'A text')
}

function isScalarType(type: unknown): boolean {
  return Array.isArray(type) && type.every((name) => ['string', 'number', 'integer', 'boolean'].includes(name))
}

function unitOf(key: string): Unit | undefined {
  if (/(^|_)ms$/.test(key)) return 'ms'
  if (/_per_/.test(key)) return undefined
  if (/(^|_)bytes(_max|_min)?$/.test(key)) return 'bytes'
  return /_seconds$/.test(key) ? 'seconds' : undefined
}

/** Names that are no words are written as everybody writes them. */
const SPELLED = new Map(
  'ID URL TLS CA API HTTP gRPC JSON IP TTL CORS SNI TCP UDP AWS ARN DNS OTLP CPU ACK SHA NATS GCP NKey'
    .split(' ')
    .map((word) => [word.toLowerCase(), word]),
)

function asWord(word: string): string {
  return SPELLED.get(word) ?? word
}
