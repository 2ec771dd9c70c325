/**
 * Effective configurations as agents report them: canonical for comparing, masked for keeping. Agents leave out or mask parts
 * and add some of their own, so what was offered has to be found in what is reported; both need not be the same.
 */
import { createHash } from 'node:crypto'
import { configHashInput } from '#codecs/opamp/config-hash.ts'
import type { AgentConfigFile } from '#codecs/opamp/messages.ts'
import { SECRETS_FILE } from '#contract/fleet.ts'
import { MASK } from '#std/secret.ts'
import { yaml } from '#std/yaml.ts'

/** Larger files are compared byte by byte: a parser would take too long for them. */
const PARSED_BYTES_MAX = 256 * 1024
/** Of all files of a gateway together. What is longer is kept as its beginning. */
const KEPT_CHARACTERS_MAX = 1024 * 1024

const SECRET_KEY =
  /(^|[_\-.])(pass(word|wd|phrase)?|secrets?|tokens?|api_?keys?|(private|access|secret|account)_?keys?|authorization|credentials?|cookie)$/i
const SECRET_LINE =
  /^(\s*(?:-\s+)?["']?[\w.-]*(?:password|passphrase|secret|token|api_?key|private_key|access_key|authorization|credential)[\w.-]*["']?\s*[:=]\s*)\S.*$/gim
const USER_INFO = /(\w:\/\/)[^\s/@]+@/g
/** What others write in the place of a secret. */
const MASKS = new Set([MASK, '[REDACTED]', '<redacted>', '******', '*****', '***', 'xxxxxx'])

export type Files = ReadonlyMap<string, AgentConfigFile>

/** What stands for a configuration in offers and attempts: SHA-256 in hex. */
export function offerHash(files: Files): string {
  return createHash('sha256').update(configHashInput(files)).digest('hex')
}

/** The same for configurations that mean the same: the order of keys, comments and layout do not count. */
export function effectiveHash(files: Files): string {
  const hash = createHash('sha256')
  for (const name of [...files.keys()].sort()) {
    const { value, text } = read(files.get(name)!)
    hash.update(JSON.stringify([name, value === undefined ? text : canonical(value)]))
  }
  return hash.digest('hex')
}

/** True: all that was offered stands in what is reported. Masked values count as the same. */
export function covers(reported: Files, offered: Files): boolean {
  const [only] = reported.size === 1 ? reported.values() : []
  for (const [name, file] of offered) {
    if (name === SECRETS_FILE) continue
    const target = reported.get(name) ?? only
    if (target === undefined) return false
    const [there, wanted] = [read(target), read(file)]
    const isThere =
      there.value === undefined || wanted.value === undefined
        ? there.text === wanted.text
        : contains(there.value, wanted.value)
    if (!isThere) return false
  }
  return true
}

/** As it is kept and shown: nothing that looks like a secret, and no more than is sensible. */
export function masked(files: Files): Record<string, { body: string; content_type: string }> {
  let left = KEPT_CHARACTERS_MAX
  const shown: Record<string, { body: string; content_type: string }> = Object.create(null)
  for (const [name, file] of files) {
    const { value, text, isJson } = read(file)
    const body =
      value === undefined
        ? maskText(text)
        : isJson
          ? JSON.stringify(mask(value), null, 2)
          : yaml().stringify(mask(value))
    shown[name] = { body: body.slice(0, Math.max(0, left)), content_type: file.contentType }
    left -= body.length
  }
  return shown
}

/** From what `masked` made. */
export function filesOf(shown: Record<string, { body: string; content_type: string }>): Map<string, AgentConfigFile> {
  return new Map(
    Object.entries(shown).map(([name, { body, content_type }]) => [
      name,
      { body: Buffer.from(body), contentType: content_type },
    ]),
  )
}

interface Read {
  text: string
  /** Undefined: it is neither JSON nor YAML, or too large. */
  value: unknown
  isJson: boolean
}

function read({ body }: AgentConfigFile): Read {
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8')
  if (text.length <= KEPT_CHARACTERS_MAX && /^\s*[{[]/.test(text)) {
    try {
      return { text, value: JSON.parse(text), isJson: true }
    } catch {
      // YAML begins like this too.
    }
  }
  if (text.length > PARSED_BYTES_MAX) return { text, value: undefined, isJson: false }
  try {
    const value: unknown = yaml().parse(text, { logLevel: 'silent', maxAliasCount: 100 })
    return { text, value: typeof value === 'object' && value !== null ? value : undefined, isJson: false }
  } catch {
    return { text, value: undefined, isJson: false }
  }
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([key, part]) => [key, canonical(part)])
}

function contains(there: unknown, wanted: unknown): boolean {
  if (typeof there === 'string' && MASKS.has(there)) return true
  if (Array.isArray(wanted)) return Array.isArray(there) && containsList(there, wanted)
  if (typeof wanted !== 'object' || wanted === null) return Object.is(there, wanted)
  if (typeof there !== 'object' || there === null || Array.isArray(there)) return false
  const parts = there as Record<string, unknown>
  return Object.entries(wanted).every(([key, part]) =>
    // What is empty, agents leave out.
    Object.hasOwn(parts, key) ? contains(parts[key], part) : isEmpty(part),
  )
}

/** Entries with an id are found by it, and their order counts; others must stand where they stood. */
function containsList(there: readonly unknown[], wanted: readonly unknown[]): boolean {
  if (wanted.length === 0 || !wanted.every((entry) => idOf(entry) !== undefined))
    return there.length === wanted.length && wanted.every((entry, i) => contains(there[i], entry))
  let at = 0
  return wanted.every((entry) => {
    while (at < there.length && idOf(there[at]) !== idOf(entry)) at++
    return at < there.length && contains(there[at++], entry)
  })
}

function idOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? (value as { id?: unknown }).id : undefined
}

function isEmpty(value: unknown): boolean {
  return value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0)
}

function mask(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(USER_INFO, `$1${MASK}@`)
  if (Array.isArray(value)) return value.map(mask)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, SECRET_KEY.test(key) ? maskWhole(part) : mask(part)]),
  )
}

/** Under a key that names a secret; references to one are none. */
function maskWhole(value: unknown): unknown {
  if (typeof value === 'string') return /^\$\{[^}]+\}$/.test(value) || value === '' ? value : MASK
  if (Array.isArray(value)) return value.map(maskWhole)
  if (typeof value !== 'object' || value === null) return typeof value === 'number' ? MASK : value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, maskWhole(part)]))
}

function maskText(text: string): string {
  return text.replace(SECRET_LINE, `$1${MASK}`).replace(USER_INFO, `$1${MASK}@`)
}
