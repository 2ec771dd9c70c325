/** What somebody might send in the place of a valid body. */
import fc from 'fast-check'

export interface Sent {
  /** For the message of a failure. */
  what: string
  /** The bytes of the body. */
  body: string | Uint8Array | undefined
  contentType: string | undefined
  /** False: it can be valid still. */
  isWrong: boolean
}

const JSON_TYPE = 'application/json'
const DEEP = 10_000
const HUGE = 'x'.repeat(100_000)
const UNKNOWN = 'x_nobody_knows_this'

/** Bodies that are none for any operation which needs one. */
export function notABody(isRequired: boolean): Sent[] {
  const json = (what: string, body: Sent['body']): Sent => ({ what, body, contentType: JSON_TYPE, isWrong: true })
  const typed = (contentType: string): Sent => ({ what: contentType, body: '{}', contentType, isWrong: true })
  return [
    ...(isRequired ? [{ what: 'no body', body: undefined, contentType: undefined, isWrong: true }] : []),
    { ...json('an empty body', ''), isWrong: isRequired },
    json('no JSON', 'hello'),
    json('half of a JSON document', '{"a":'),
    json('bytes that are no UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])),
    json('a list', '[]'),
    json('a text', '"text"'),
    json('a number', '1'),
    json('true', 'true'),
    json('deep lists', '['.repeat(DEEP) + ']'.repeat(DEEP)),
    { ...json('deep objects', `${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`), isWrong: false },
    json('__proto__', '{"__proto__":{"x":1}}'),
    json('constructor.prototype', '{"constructor":{"prototype":{"x":1}}}'),
    json('more than the limit', JSON.stringify({ a: 'x'.repeat(1024 * 1024) })),
    typed('text/plain'),
    typed('application/xml'),
    typed('application/x-www-form-urlencoded'),
    typed('multipart/form-data; boundary=x'),
    typed('nonsense'),
  ]
}

type Path = (string | number)[]

/** Values that are often the wrong ones, and sometimes break what reads them. */
const ODD: readonly (() => unknown)[] = [
  () => null,
  () => true,
  () => -1,
  () => 1.5,
  () => 2 ** 53,
  () => 1e300,
  () => '',
  () => ' ',
  () => '\u0000',
  () => 'a\u0000b',
  () => '\ud800',
  () => '../../x',
  () => '${secret:x}${env:HOME}',
  () => HUGE,
  () => [],
  () => [null],
  () => ({}),
  () => JSON.parse('{"__proto__":{"x":1}}'),
  () => nested(200),
]

/** A valid body with one thing in it changed, and sometimes two. `names`: of the properties that it may have. */
export function mutationsOf(valid: unknown, names: readonly string[]): fc.Arbitrary<Sent> {
  const places = [...placesOf(valid), ...names.map((name) => [name])]
  const one = fc.oneof(
    { weight: 6, arbitrary: fc.tuple(fc.constant('set' as const), fc.constantFrom(...places), fc.nat(ODD.length - 1)) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('remove' as const), fc.constantFrom(...places), fc.constant(0)) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('add' as const), fc.constantFrom([], ...places), fc.constant(0)) },
  )
  return fc.array(one, { minLength: 1, maxLength: 2 }).map((steps) => {
    let body = structuredClone(valid)
    for (const [verb, path, n] of steps) {
      if (verb === 'set') body = changed(body, path, () => ODD[n]!())
      else if (verb === 'remove') body = changed(body, path, undefined)
      else body = changed(body, path, (at) => (isObject(at) ? { ...at, [UNKNOWN]: 1 } : at))
    }
    const what = steps.map(
      ([verb, path, n]) => `${verb} /${path.join('/')}${verb === 'set' ? ` ${shortly(ODD[n]!())}` : ''}`,
    )
    return { what: what.join(', '), body: JSON.stringify(body) ?? '', contentType: JSON_TYPE, isWrong: false }
  })
}

/** Each property with a value of each type, one after the other. */
export function wrongTypes(valid: unknown, names: readonly string[]): Sent[] {
  return names.flatMap((name) =>
    [null, true, 7, 'text', [], {}].map((value) => ({
      what: `${name} is ${JSON.stringify(value)}`,
      body: JSON.stringify({ ...Object(valid), [name]: value }),
      contentType: JSON_TYPE,
      isWrong: false,
    })),
  )
}

/** Something at random, of whatever shape. */
export function anything(shaped: fc.Arbitrary<unknown>): fc.Arbitrary<Sent> {
  return fc.oneof(shaped, fc.object({ maxDepth: 3 })).map((value) => {
    const body = JSON.stringify(value) ?? 'null'
    return { what: shortly(value), body, contentType: JSON_TYPE, isWrong: false }
  })
}

/** Whether a JSON Pointer leads to something in the body, or to where something is missing; below one of `names`, also deeper. */
export function pointsInto(pointer: string, body: unknown, names: readonly string[]): boolean {
  if (pointer === '') return true
  if (!pointer.startsWith('/')) return false
  let value = body
  const parts = pointer.slice(1).split('/')
  for (const [i, part] of parts.entries()) {
    if (typeof value !== 'object' || value === null) return false
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    if (!Object.hasOwn(value, name)) return i === parts.length - 1 || names.includes(name)
    value = (value as Record<string, unknown>)[name]
  }
  return true
}

function placesOf(value: unknown, path: Path = []): Path[] {
  const entries = Array.isArray(value) ? [...value.entries()] : isObject(value) ? Object.entries(value) : []
  const inner = entries.flatMap(([name, part]) => placesOf(part, [...path, name]))
  return [...(path.length === 0 && entries.length > 0 ? [] : [path]), ...inner]
}

/** `change`: undefined takes it away. */
function changed(value: unknown, path: Path, change: ((value: unknown) => unknown) | undefined): unknown {
  const [name, ...rest] = path
  if (name === undefined) return change?.(value)
  if (Array.isArray(value)) return value.map((item, i) => (i === name ? changed(item, rest, change) : item))
  if (!isObject(value)) return value
  if (rest.length === 0 && change === undefined)
    return Object.fromEntries(Object.entries(value).filter(([key]) => key !== name))
  return { ...value, [name]: changed(value[name], rest, change) }
}

function isObject(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let i = 0; i < depth; i++) value = { a: value }
  return value
}

function shortly(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined'
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
