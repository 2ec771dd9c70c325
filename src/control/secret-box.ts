/**
 * Seals what is stored secretly: AES-256-GCM with a random nonce, bound to its place by the associated data, so that a sealed
 * value that is copied into another row does not open. Also gives keyed hashes, which say nothing about what was hashed.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { StreamgateError } from '#contract/error.ts'
import { Secret } from '#std/secret.ts'

const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16

export class SecretBox {
  readonly #key: Buffer
  constructor(key: Uint8Array) {
    if (key.length !== KEY_BYTES) throw new StreamgateError('SG_STORE', `the secret key must have ${KEY_BYTES} bytes`)
    this.#key = Buffer.from(key)
  }

  /** `place` names the row, such as `default/secrets/dd_api_key`. */
  seal(secret: Secret, place: string): string {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(place))
    const sealed = Buffer.concat([cipher.update(secret.reveal(), 'utf8'), cipher.final()])
    return Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString('base64')
  }

  /** Undefined: sealed with another key, for another place, or changed. */
  open(sealed: string, place: string): Secret | undefined {
    const bytes = Buffer.from(sealed, 'base64')
    if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined
    try {
      const cipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      })
      cipher.setAAD(Buffer.from(place)).setAuthTag(bytes.subarray(-TAG_BYTES))
      const opened = Buffer.concat([cipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), cipher.final()])
      return new Secret(opened.toString('utf8'))
    } catch {
      return undefined
    }
  }

  /** HMAC-SHA-256 in hex; of something that may hold secrets, to tell whether it has changed. */
  fingerprint(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('hex')
  }
}

/**
 * `configured`: 32 bytes in base64, the same for all controllers of a database; without it a key is made once and kept in
 * `file`. Throws `SG_STORE`.
 */
export function openSecretBox(configured: Secret | undefined, file: string): SecretBox {
  if (configured !== undefined) return new SecretBox(Buffer.from(configured.reveal(), 'base64'))
  try {
    return new SecretBox(readFileSync(file))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw cannot(file, error)
  }
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    // Another process may be making one at this moment: the first wins.
    writeFileSync(file, randomBytes(KEY_BYTES), { mode: 0o600, flag: 'wx', flush: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw cannot(file, error)
  }
  return new SecretBox(readFileSync(file))
}

function cannot(file: string, error: unknown): Error {
  if (error instanceof StreamgateError) return error
  return new StreamgateError(
    'SG_STORE',
    `cannot use the secret key in ${file}: ${String(error)}; make the data directory writable, or name another with --data-dir`,
    { cause: error },
  )
}
