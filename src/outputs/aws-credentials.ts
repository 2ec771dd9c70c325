/**
 * Who we are to AWS: options that outputs for AWS share, keys from where AWS's own tools look for them, and signed
 * requests.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { Secret } from '#component/secret.ts'
import { type Clock, systemClock } from '#std/clock.ts'
import { Upstreams } from '#upstreams/upstreams.ts'
import { type AwsKeys, type AwsSettings, type Environment, findAwsKeys } from './aws-keys.ts'
import { Renewed } from './renewed.ts'

/** As AWS's own clients do: instance and container credentials are replaced at least this long before they end. */
const RENEWAL_MARGIN_MS = 5 * 60_000

const secretText = z
  .string()
  .regex(/^[\x21-\x7e]+$/, { error: 'has a character that no key has', abort: true })
  .transform((text) => new Secret(text))

/** Spread into an output's schema, refined with `keysGoTogether`. */
export const awsOptions = {
  region: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/, 'must be a region such as eu-central-1')
    .describe('AWS region.'),
  profile: z.string().min(1).max(255).optional().describe('Profile of the shared credentials file to use.'),
  access_key_id: z
    .string()
    .regex(/^[^\s/,=]{1,128}$/, { error: 'has a character that no key id has', abort: true })
    .optional()
    .describe('Access key, instead of what the environment offers.'),
  secret_access_key: secretText.optional().describe('Its secret; best as a reference to the environment or a file.'),
  session_token: secretText.optional().describe('Session token of a temporary access key.'),
}

/** For `refine` on a schema with `awsOptions`. */
export function keysGoTogether({ access_key_id, secret_access_key, session_token }: AwsSettings): boolean {
  const both = (access_key_id === undefined) === (secret_access_key === undefined)
  return both && (session_token === undefined || access_key_id !== undefined)
}
export const KEYS_GO_TOGETHER = 'access_key_id and secret_access_key go together, and session_token with them'

export class AwsCredentials {
  readonly #keys: Renewed<AwsKeys>

  /** `environment` holds secrets and is never told. */
  constructor(
    settings: AwsSettings,
    upstreams: Upstreams = new Upstreams(),
    environment: Environment = process.env,
    clock: Clock = systemClock,
  ) {
    this.#keys = new Renewed(() => findAwsKeys(settings, upstreams, environment), RENEWAL_MARGIN_MS, clock)
  }

  /** Rejects with an `AwsKeysError` that says where was looked, or with the signal's reason. */
  async get(signal?: AbortSignal): Promise<AwsKeys> {
    return await this.#keys.get(signal)
  }

  /** AWS does not, or no longer, take these: the next `get` looks for others. */
  drop(keys: AwsKeys): void {
    this.#keys.drop(keys)
  }
}

export interface SignableRequest {
  method: string
  /** Complete, with query. */
  url: URL
  /** Without those of the connection, such as `host`. */
  headers: Readonly<Record<string, string>>
  body: Uint8Array | null
}

/**
 * The headers that sign a request (Signature Version 4), to be added to its own: `authorization`, `x-amz-date`, and
 * perhaps `x-amz-security-token` and, for s3, `x-amz-content-sha256`.
 */
export async function signAws(
  request: SignableRequest,
  service: string,
  region: string,
  keys: AwsKeys,
  nowMs = Date.now(),
): Promise<Record<string, string>> {
  const { AwsV4Signer } = await import('aws4fetch')
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers)) headers[name.toLowerCase()] = value
  const body = request.body ?? new Uint8Array(0)
  // The signer would leave an s3 body out of the signature.
  if (service === 's3') headers['x-amz-content-sha256'] ??= createHash('sha256').update(body).digest('hex')
  const signer = new AwsV4Signer({
    method: request.method,
    url: request.url.href,
    headers,
    body: body as Uint8Array<ArrayBuffer>,
    accessKeyId: keys.accessKeyId,
    secretAccessKey: keys.secretAccessKey.reveal(),
    ...(keys.sessionToken === undefined ? {} : { sessionToken: keys.sessionToken.reveal() }),
    service,
    region,
    datetime: new Date(nowMs).toISOString().replace(/[:-]|\.\d{3}/g, ''),
  })
  const signed = await signer.sign()
  const given = new Set(Object.keys(request.headers).map((name) => name.toLowerCase()))
  return Object.fromEntries([...signed.headers].filter(([name]) => !given.has(name)))
}
