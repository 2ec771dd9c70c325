/** Passwords: argon2id with stated costs, a few at once, and what may be one. */
import type { Algorithm } from '@node-rs/argon2'
import { PASSWORD_CHARACTERS_MAX, PASSWORD_CHARACTERS_MIN } from '#contract/access.ts'

/** What OWASP recommends for argon2id: 19 MiB, two passes, one lane. About 10 ms of a core. */
export const HASHING = { algorithm: 2 as Algorithm, memoryCost: 19_456, timeCost: 2, parallelism: 1 }
/** Together they take 38 MiB, and leave two of the four threads that files and DNS use as well. */
const AT_ONCE_MAX = 2
const WAITING_MAX = 64
/** Of a password that nobody knows, with the same costs: who has no account takes as long as who has one. */
const NOBODY = '$argon2id$v=19$m=19456,t=2,p=1$bhMsokR/N6GGC+0OWb7v/g$RciZINm7UgA7QUVRda51nCuIL4bcQy2M3LPtlhdQmOI'

/** The most frequent ones of leaked lists that are long enough otherwise. */
const COMMON = new Set([
  'password1234',
  'password12345',
  'password123456',
  'passwordpassword',
  'passw0rd1234',
  'p@ssw0rd1234',
  '1234567890123',
  '123456789012',
  '12345678901234',
  '123456789123',
  '123456789abc',
  '123123123123',
  'abcd12345678',
  'abc123456789',
  'qwertyuiop12',
  'qwertyuiop123',
  'qwerty123456',
  'qwerty1234567',
  'qwertyuiopasdf',
  'qwertyuiop[]',
  '1q2w3e4r5t6y',
  '1qaz2wsx3edc',
  '1qaz2wsx3edc4rfv',
  'iloveyou1234',
  'iloveyouforever',
  'letmein12345',
  'welcome12345',
  'administrator',
  'admin1234567',
  'changeme1234',
  'correcthorsebatterystaple',
  'streamgate123',
])

/** More logins than can wait are there. */
export class TooBusy extends Error {}

export class Passwords {
  /** Hashes computed so far. */
  computed = 0
  readonly #costs: typeof HASHING
  #running = 0
  readonly #waiting: (() => void)[] = []
  /** Other costs are for tests. */
  constructor(costs = HASHING) {
    this.#costs = costs
  }

  /** PHC string. Rejects with `TooBusy`. */
  hash(password: string): Promise<string> {
    return this.#inTurn(async () => (await import('@node-rs/argon2')).hash(normalised(password), this.#costs))
  }

  /** `hash` is null for somebody who is not there, or has no password: false, after the same work. */
  verify(hash: string | null, password: string): Promise<boolean> {
    return this.#inTurn(async () => {
      const fits = await (await import('@node-rs/argon2')).verify(hash ?? NOBODY, normalised(password))
      return fits && hash !== null
    })
  }

  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#running >= AT_ONCE_MAX) {
      if (this.#waiting.length >= WAITING_MAX) throw new TooBusy()
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    } else this.#running++
    try {
      this.computed++
      return await work()
    } finally {
      // Whoever waited longest takes over the place.
      const next = this.#waiting.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }
}

/** What is wrong with a new password; undefined: nothing. */
export function passwordComplaint(password: string, email: string): string | undefined {
  const text = normalised(password)
  const length = [...text].length
  if (length < PASSWORD_CHARACTERS_MIN) return `must have at least ${PASSWORD_CHARACTERS_MIN} characters`
  if (length > PASSWORD_CHARACTERS_MAX) return `must have at most ${PASSWORD_CHARACTERS_MAX} characters`
  const lower = text.toLowerCase()
  if (lower === email || lower === email.split('@')[0]) return 'must not be the e-mail address'
  if (COMMON.has(lower) || new Set(lower).size < 4) return 'is one of those that are tried first'
  return undefined
}

/** The same address whatever the case and the form of its letters. */
export function normaliseEmail(email: string): string {
  return email.trim().normalize('NFKC').toLowerCase()
}

/** Keyboards compose letters differently (NIST SP 800-63B, section 5.1.1.2). */
function normalised(password: string): string {
  return password.normalize('NFKC')
}
