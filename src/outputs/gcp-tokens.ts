/**
 * Access tokens of Google Cloud: for a service account by its key (RFC 7523: a signed assertion is exchanged for a token
 * at the key's `token_uri`), or from the metadata server of the machine or pod that we run in.
 *
 * Google's APIs would also take an assertion that is signed for them; the exchange is used because it works with whatever
 * `token_uri` the key names, and shows a key that was taken back before a record is sent.
 */
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { Secret } from '#component/secret.ts'
import { StreamgateError } from '#contract/error.ts'
import type { Clock } from '#std/clock.ts'
import type { UpstreamAnswer } from '#upstreams/upstream.ts'
import type { Upstreams } from '#upstreams/upstreams.ts'
import { Renewed } from './renewed.ts'

export interface AccessToken {
  value: Secret
  /** Unix milliseconds. */
  expiresAt: number
}

export interface TokenSettings {
  /** What a token is for, of a service account's key: such as https://www.googleapis.com/auth/logging.write. */
  scope: string
  credentials?: Secret | undefined
  credentials_file?: string | undefined
}

export type Environment = Readonly<Record<string, string | undefined>>

/** There is no token, or not now. Says why; never what was sent. */
export class TokenError extends Error {
  override name = 'TokenError'
  readonly code = 'gcp_credentials'
}

const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const ASSERTION_SECONDS = 3600
/** The metadata server hands out the same token until it has five minutes left: asking before brings nothing. */
const RENEWAL_MARGIN_MS = 4 * 60_000
const EXCHANGE_TIMEOUT_MS = 5_000
/** The metadata server answers at once or is not there. */
const METADATA_TIMEOUT_MS = 1_000
const METADATA_HOST = 'metadata.google.internal'
const METADATA_PATH = '/computeMetadata/v1/instance/service-accounts/default/token'

/** What Google's console writes into a key file. */
const serviceAccount = z.object({
  type: z.literal('service_account'),
  client_email: z.string().min(1),
  private_key: z.string().min(1),
  private_key_id: z.string().optional(),
  token_uri: z.url({ protocol: /^https?$/ }).default('https://oauth2.googleapis.com/token'),
})
type ServiceAccount = z.output<typeof serviceAccount>

const tokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() })

/** Whether text is a service account's key. */
export function isServiceAccount(text: string): boolean {
  return accountIn(text) !== undefined
}

export class GcpTokens {
  readonly #settings: TokenSettings
  readonly #upstreams: Upstreams
  readonly #environment: Environment
  readonly #clock: Clock
  readonly #tokens: Renewed<AccessToken>

  constructor(settings: TokenSettings, upstreams: Upstreams, environment: Environment, clock: Clock) {
    this.#settings = settings
    this.#upstreams = upstreams
    this.#environment = environment
    this.#clock = clock
    this.#tokens = new Renewed(() => this.#fetch(), RENEWAL_MARGIN_MS, clock)
  }

  /** Throws `StreamgateError` when a key file is named and is none. */
  check(): void {
    const file = this.#file
    if (this.#settings.credentials !== undefined || file === undefined) return
    let text: string
    try {
      text = readFileSync(file, 'utf8')
    } catch (error) {
      throw new StreamgateError('SG_CONFIG_REFERENCE', `the file ${file} cannot be read`, { cause: error })
    }
    if (!isServiceAccount(text)) throw new StreamgateError('SG_CONFIG_REFERENCE', notAKey(file))
  }

  /** Rejects with a `TokenError` or with the signal's reason. */
  async get(signal: AbortSignal): Promise<AccessToken> {
    return await this.#tokens.get(signal)
  }

  /** It was refused: the next `get` asks for another. */
  drop(token: AccessToken): void {
    this.#tokens.drop(token)
  }

  get #file(): string | undefined {
    return this.#settings.credentials_file ?? (this.#environment['GOOGLE_APPLICATION_CREDENTIALS'] || undefined)
  }

  async #fetch(): Promise<AccessToken> {
    const { credentials } = this.#settings
    if (credentials !== undefined) return await this.#exchange(accountIn(credentials.reveal())!)
    const file = this.#file
    if (file === undefined) return await this.#fromMetadata()
    // Read each time: keys are rotated.
    const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw new TokenError(`the file ${file} cannot be read (${error.code})`)
    })
    const account = accountIn(text)
    if (account === undefined) throw new TokenError(notAKey(file))
    return await this.#exchange(account)
  }

  async #exchange(account: ServiceAccount): Promise<AccessToken> {
    const body = new URLSearchParams({ grant_type: GRANT, assertion: await this.#assertion(account) }).toString()
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    return await this.#ask('the token endpoint', 'POST', new URL(account.token_uri), headers, body, EXCHANGE_TIMEOUT_MS)
  }

  async #assertion(account: ServiceAccount): Promise<string> {
    const { importPKCS8, SignJWT } = await import('jose')
    const { client_email: email, private_key: pem, private_key_id: kid, token_uri: audience } = account
    const key = await importPKCS8(pem, 'RS256').catch(() => {
      throw new TokenError('the private key of the service account cannot be read')
    })
    const now = Math.floor(this.#clock.wall() / 1000)
    return await new SignJWT({ scope: this.#settings.scope })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...(kid === undefined ? {} : { kid }) })
      .setIssuer(email)
      .setAudience(audience)
      .setIssuedAt(now)
      .setExpirationTime(now + ASSERTION_SECONDS)
      .sign(key)
  }

  async #fromMetadata(): Promise<AccessToken> {
    const host = this.#environment['GCE_METADATA_HOST'] || METADATA_HOST
    const url = URL.parse(`http://${host}${METADATA_PATH}`)
    if (url === null) throw new TokenError('GCE_METADATA_HOST is not a host')
    const who = 'no key in the options or the environment, and the metadata server'
    return await this.#ask(who, 'GET', url, { 'metadata-flavor': 'Google' }, null, METADATA_TIMEOUT_MS)
  }

  async #ask(
    who: string,
    method: 'GET' | 'POST',
    url: URL,
    headers: Record<string, string>,
    body: string | null,
    timeoutMs: number,
  ): Promise<AccessToken> {
    const connection = this.#upstreams.connect('gcp-tokens', { url: url.origin, upstream: undefined, tls: undefined })
    try {
      const signal = AbortSignal.timeout(timeoutMs)
      const bytes = body === null ? null : Buffer.from(body)
      const path = url.pathname + url.search
      const result = await connection.upstream.request({ method, path, headers, body: bytes, timeoutMs, signal })
      if (!result.answered) throw new TokenError(`${who} did not answer (${signal.aborted ? 'timeout' : result.code})`)
      if (result.status !== 200) throw new TokenError(`${who} answered ${result.status}${oauthError(result)}`)
      const token = tokenAnswer.safeParse(jsonIn(result.body.toString()))
      if (!token.success) throw new TokenError(`${who} answered without a token`)
      const { access_token: text, expires_in: seconds } = token.data
      return { value: new Secret(text), expiresAt: this.#clock.wall() + seconds * 1000 }
    } finally {
      await connection.release()
    }
  }
}

function notAKey(file: string): string {
  return `${file} is not the key of a service account; keys of other types are not read`
}

function accountIn(text: string): ServiceAccount | undefined {
  return serviceAccount.safeParse(jsonIn(text)).data
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** RFC 6749, section 5.2: a word such as `invalid_grant`. The description may quote what was sent. */
function oauthError({ body }: UpstreamAnswer): string {
  const { error } = Object(jsonIn(body.toString())) as { error?: unknown }
  return typeof error === 'string' && /^[a-z_]{1,40}$/.test(error) ? ` ${error}` : ''
}
