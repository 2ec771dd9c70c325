/**
 * Templates that name where a record goes: `logs/{service}/{yyyy}/{MM}/{dd}` (an object's key),
 * `logs.{service}.{level}` (a subject). What stands in braces is a part of the time in UTC, `source`, `level` by its
 * six names, a well-known field, or the path of any other.
 */
import { type EventField, eventFields } from '#codecs/event/reader.ts'
import { type Path, pathsOf } from '#codecs/event/well-known.ts'
import { type Bytes, fromText } from '#std/bytes.ts'

export const TEMPLATE_CHARACTERS_MAX = 512
/** A value of a record is cut to this length, in characters; all of them are ASCII. */
export const VALUE_BYTES_MAX = 100

/** What the result is for, which decides how a value is made safe. */
export const partitionUses = ['path', 'subject'] as const
export type PartitionUse = (typeof partitionUses)[number]

/** Positions in `yyyyMMddHHmm`. */
export const TIME_PARTS: Readonly<Record<string, readonly [from: number, to: number]>> = {
  yyyy: [0, 4],
  MM: [4, 6],
  dd: [6, 8],
  HH: [8, 10],
  mm: [10, 12],
}

export type Part =
  | { kind: 'literal'; bytes: Bytes }
  | { kind: 'time'; from: number; to: number }
  | { kind: 'source' }
  | { kind: 'level' }
  | { kind: 'well_known'; field: EventField }
  /** Keys with one character per byte of their UTF-8; the first path that leads to a value counts. */
  | { kind: 'field'; paths: readonly Path[] }

/** Throws `RangeError` with the reason where `templateProblem` finds one that does not hang on the use. */
export function parseTemplate(template: string): Part[] {
  const parts: Part[] = []
  for (const [whole, inside, literal] of template.matchAll(/\{([^{}]*)\}|([^{}]+)|[{}]/g)) {
    if (literal !== undefined) parts.push({ kind: 'literal', bytes: fromText(literal) })
    else if (inside === undefined) throw new RangeError(`has a ${whole} without its pair`)
    else parts.push(placeholder(inside))
  }
  return parts
}

function placeholder(name: string): Part {
  if (!/^[^\s{}]{1,100}$/.test(name)) throw new RangeError('has braces without a field in them')
  const time = TIME_PARTS[name]
  if (time !== undefined) return { kind: 'time', from: time[0], to: time[1] }
  if (name === 'source' || name === 'level') return { kind: name }
  const field = eventFields.find((known) => known === name)
  if (field !== undefined) return { kind: 'well_known', field }
  return { kind: 'field', paths: pathsOf(name) }
}

/** The longest that a template can become. */
export function templateBytesMax(template: string, missing: string): number {
  const value = Math.max(VALUE_BYTES_MAX, missing.length)
  return parseTemplate(template).reduce(
    (sum, part) =>
      sum + (part.kind === 'literal' ? part.bytes.length : part.kind === 'time' ? part.to - part.from : value),
    0,
  )
}

const LITERALS: Readonly<Record<PartitionUse, RegExp>> = {
  path: /^[A-Za-z0-9._=/-]*$/,
  subject: /^[A-Za-z0-9._=-]*$/,
}
const SEPARATORS: Readonly<Record<PartitionUse, string>> = { path: '/', subject: '.' }

/** What is wrong with a template whose result may have `bytesMax` bytes; undefined when it is good. */
export function templateProblem(
  template: string,
  use: PartitionUse,
  missing: string,
  bytesMax: number,
): string | undefined {
  if (template.length > TEMPLATE_CHARACTERS_MAX) return `is longer than ${TEMPLATE_CHARACTERS_MAX} characters`
  let parts: Part[]
  try {
    parts = parseTemplate(template)
  } catch (error) {
    return (error as RangeError).message
  }
  const literals = parts.map((part) => (part.kind === 'literal' ? part.bytes.toString() : '')).join('')
  if (!LITERALS[use].test(literals)) return 'has a character that is not safe there'
  // Values are never empty and begin with no dot, so one letter stands for any of them.
  const shape = parts.map((part) => (part.kind === 'literal' ? part.bytes.toString() : 'x')).join('')
  const steps = shape.split(SEPARATORS[use])
  if (steps.some((step) => step === '')) return `has an empty part before, between or after ${SEPARATORS[use]}`
  if (steps.some((step) => step === '.' || step === '..')) return 'has a part that is . or ..'
  const longest = templateBytesMax(template, missing)
  return longest > bytesMax ? `can become ${longest} bytes long, and ${bytesMax} is the most` : undefined
}

/** What a text in place of a missing value may be. */
export const MISSING_PATTERN = /^[A-Za-z0-9_-]{1,64}$/

const PATH_SAFE = tableOf('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.')
const SUBJECT_SAFE = tableOf('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-')

export const SAFE: Readonly<Record<PartitionUse, Uint8Array>> = { path: PATH_SAFE, subject: SUBJECT_SAFE }

/** By byte: 1 where it may stand in a value. */
function tableOf(letters: string): Uint8Array {
  const table = new Uint8Array(256)
  for (const letter of letters) table[letter.charCodeAt(0)] = 1
  return table
}

const UNDERSCORE = 0x5f
const DOT = 0x2e
const BACKSLASH = 0x5c
const LOWER_U = 0x75

/**
 * Writes [from, to) of `bytes`, UTF-8 and JSON-escaped if `escaped`, as a value: each character that is not safe
 * becomes one underscore, and so does a dot at its beginning. Returns the position behind it; at most
 * `VALUE_BYTES_MAX` are written.
 */
export function writeSafe(
  bytes: Bytes,
  from: number,
  to: number,
  escaped: boolean,
  safe: Uint8Array,
  target: Bytes,
  at: number,
): number {
  const last = at + VALUE_BYTES_MAX
  let write = at
  for (let read = from; read < to && write < last; read++) {
    const byte = bytes[read]!
    // The bytes of a character behind its first.
    if ((byte & 0xc0) === 0x80) continue
    if (safe[byte] === 1 && !(byte === DOT && write === at)) {
      target[write++] = byte
      continue
    }
    target[write++] = UNDERSCORE
    if (escaped && byte === BACKSLASH) read += bytes[read + 1] === LOWER_U ? 5 : 1
  }
  return write
}
