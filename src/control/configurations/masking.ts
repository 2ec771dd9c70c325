/**
 * Documents as people may see them: header values, credentials in URLs, and what is a secret by its name read `[redacted]`. What
 * comes back so was not changed: it keeps the value that is stored.
 */
import { MASK } from '#std/secret.ts'

const SECRET_NAMES = /auth|(^|_)key$|api_key|token|secret|password|passphrase|credential|cookie|private|(^|_)seed$/i
/** Named like secrets, and none. */
const HARMLESS = /^(primary_key|key_fields?|group_by_key|partition_key|keep_.*|require_.*)$/
const URL_START = /^[a-z][a-z0-9+.-]*:[/\\]{2}/i
const REFERENCE = /\$\{(env|file|secret):[^}]*\}/

/** References such as `${secret:name}` stay. */
export function masked<Value>(value: Value): Value {
  return walk(value, '', false) as Value
}

function walk(value: unknown, name: string, inHeaders: boolean): unknown {
  if (typeof value === 'string') return isSecret(value, name, inHeaders) ? MASK : maskUrl(value)
  if (Array.isArray(value)) return value.map((item) => walk(item, name, inHeaders))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, walk(item, key, inHeaders || name === 'headers')]),
  )
}

function isSecret(value: string, name: string, inHeaders: boolean): boolean {
  // Whether credentials are asked for is none itself.
  if (name === 'auth' && (value === 'required' || value === 'open')) return false
  if (value === '' || REFERENCE.test(value)) return false
  return inHeaders || (SECRET_NAMES.test(name) && !HARMLESS.test(name))
}

/** `http://user:[redacted]@host`; a user without a password is a token, and masked itself. */
export function maskUrl(text: string): string {
  if (!URL_START.test(text) || !text.includes('@')) return text
  const url = URL.parse(text)
  if (url === null || (url.username === '' && url.password === '')) return text
  // In a parsed URL the first @ ends the credentials; any other in them is escaped.
  const rest = url.href.slice(url.href.indexOf('@'))
  return `${url.protocol}//${url.password === '' ? MASK : `${url.username}:${MASK}`}${rest}`
}

/** JSON Pointers of values that are masked and have nothing stored to stand for. */
export class Unrestorable extends Error {
  readonly pointers: readonly string[]
  constructor(pointers: readonly string[]) {
    super('a masked value has nothing to stand for')
    this.pointers = pointers
  }
}

/** `next` with the values of `stored` where it is masked. Entries of lists are matched by their id. Throws `Unrestorable`. */
export function restored<Value>(next: Value, stored: unknown): Value {
  const missing: string[] = []
  const result = restore(next, stored, { pointer: '', name: '', inHeaders: false }, missing)
  if (missing.length > 0) throw new Unrestorable(missing)
  return result as Value
}

interface At {
  pointer: string
  name: string
  inHeaders: boolean
}

function restore(next: unknown, stored: unknown, at: At, missing: string[]): unknown {
  const { pointer, name, inHeaders } = at
  if (typeof next === 'string') {
    if (!isMasked(next, name, inHeaders)) return next
    if (typeof stored === 'string' && (next === MASK || maskUrl(stored) === next)) return stored
    missing.push(pointer)
    return next
  }
  if (Array.isArray(next)) {
    const others = Array.isArray(stored) ? stored : []
    return next.map((item, i) => {
      const id = idOf(item)
      const other = id === undefined ? others[i] : others.find((candidate) => idOf(candidate) === id)
      return restore(item, other, { ...at, pointer: `${pointer}/${i}` }, missing)
    })
  }
  if (typeof next !== 'object' || next === null) return next
  const other = Object(stored) as Record<string, unknown>
  return Object.fromEntries(
    Object.entries(next).map(([key, item]) => {
      const escaped = key.replaceAll('~', '~0').replaceAll('/', '~1')
      const below = { pointer: `${pointer}/${escaped}`, name: key, inHeaders: inHeaders || name === 'headers' }
      return [key, restore(item, other[key], below, missing)]
    }),
  )
}

/** Only where a value would be masked: elsewhere, as in the replacement of a rule, the text stands for itself. */
function isMasked(text: string, name: string, inHeaders: boolean): boolean {
  return text === MASK ? isSecret(text, name, inHeaders) : text.includes(MASK) && URL_START.test(text)
}

function idOf(value: unknown): unknown {
  return (Object(value) as { id?: unknown }).id
}
