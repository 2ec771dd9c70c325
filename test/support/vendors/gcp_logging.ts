/**
 * Google Cloud Logging, as documented for `entries:write`, and beside it the two that give tokens: the token endpoint,
 * which checks assertions with Node's own cryptography, and the metadata server. A message is an entry's text, or its
 * payload's `message`.
 */
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { gcpLogging as definition } from '#outputs/gcp_logging/gcp_logging.ts'
import { type Vendor, type VendorAnswer, VendorFake, type VendorRequest } from './vendor-fake.ts'

const REQUEST_BYTES_MAX = 10_485_760
const ENTRY_BYTES_MAX = 256 * 1024
const DAY_MS = 24 * 3_600_000
const EMAIL = 'writer@my-project.iam.gserviceaccount.com'
const SEVERITY = /^(DEFAULT|DEBUG|INFO|NOTICE|WARNING|ERROR|CRITICAL|ALERT|EMERGENCY)$/
const PAYLOADS = ['textPayload', 'jsonPayload', 'protoPayload']
const FIELDS = new Set(['insertId', 'timestamp', 'severity', 'trace', 'spanId', 'labels', 'logName', ...PAYLOADS])

export type Entry = Record<string, unknown>

export class TokenFake extends VendorFake {
  /** Those that are good now. */
  readonly tokens = new Set<string>()
  expiresIn = 3600
  scope = 'https://www.googleapis.com/auth/logging.write'
  now = () => Date.now()
  readonly keys = keyPair()
  #count = 0

  /** A key file's text. */
  account(change: object = {}): string {
    return JSON.stringify({
      type: 'service_account',
      project_id: 'my-project',
      private_key_id: 'key-1',
      private_key: this.keys.privateKey,
      client_email: EMAIL,
      token_uri: `${this.url}/token`,
      ...change,
    })
  }

  protected override handle({ method, path, headers, body }: VendorRequest): VendorAnswer {
    if (method === 'GET' && path === '/computeMetadata/v1/instance/service-accounts/default/token') {
      if (headers['metadata-flavor'] !== 'Google') return this.violation('no Metadata-Flavor', { status: 403 })
      return this.#token('metadata')
    }
    if (method !== 'POST' || path !== '/token') return this.violation(`${method} ${path}`, { status: 404 })
    const form = new URLSearchParams(body.toString())
    if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer') {
      return this.violation('grant type', oauthError('unsupported_grant_type'))
    }
    const problem = this.#problem(form.get('assertion') ?? '')
    return problem === undefined
      ? this.#token('exchange')
      : this.violation(problem, oauthError('invalid_grant', problem))
  }

  #token(from: string): VendorAnswer {
    const token = `ya29.${from}-${++this.#count}`
    this.tokens.add(token)
    return json(200, { access_token: token, expires_in: this.expiresIn, token_type: 'Bearer' })
  }

  #problem(assertion: string): string | undefined {
    const [head = '', claims = '', signature = ''] = assertion.split('.')
    const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
    const key = createPublicKey(this.keys.publicKey)
    const signed = Buffer.from(`${head}.${claims}`)
    if (!verify('RSA-SHA256', signed, key, Buffer.from(signature, 'base64url'))) return 'invalid signature'
    const { alg, kid } = read(head)
    if (alg !== 'RS256' || kid !== 'key-1') return 'wrong header'
    const { iss, aud, scope, iat, exp } = read(claims)
    if (iss !== EMAIL || aud !== `${this.url}/token` || scope !== this.scope) return 'wrong claims'
    const seconds = this.now() / 1000
    if (!(iat <= seconds + 60 && exp > seconds && exp - iat <= 3600)) return 'token must be short-lived and in time'
    return undefined
  }
}

export class GcpLoggingFake extends VendorFake {
  readonly entries: Entry[] = []
  readonly written: Record<string, unknown>[] = []
  readonly tokens = new TokenFake()
  now = () => Date.now()
  /** What is wrong with an entry, beside the rules: a status for it. */
  judge: (entry: Entry) => { code: number; message: string } | undefined = () => undefined
  readonly #known = new Set<string>()

  override async listen(): Promise<this> {
    await this.tokens.listen()
    return await super.listen()
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.tokens[Symbol.asyncDispose]()
    await super[Symbol.asyncDispose]()
  }

  protected override handle({ method, path, headers, body }: VendorRequest): VendorAnswer {
    const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? ''
    if (!this.tokens.tokens.has(token)) return rpcError(401, 'UNAUTHENTICATED', 'Request had invalid credentials.')
    if (method !== 'POST' || path !== '/v2/entries:write') return this.violation(`${method} ${path}`, { status: 404 })
    if (headers['content-type'] !== 'application/json') return this.violation('content type', { status: 415 })
    if (body.length > REQUEST_BYTES_MAX) {
      const message = `Request payload size exceeds the limit: ${REQUEST_BYTES_MAX} bytes.`
      return this.violation(message, rpcError(400, 'INVALID_ARGUMENT', message))
    }
    let request: Record<string, unknown>
    try {
      request = JSON.parse(body.toString())
    } catch {
      return this.violation(
        'JSON',
        rpcError(400, 'INVALID_ARGUMENT', 'Invalid JSON payload received. Unexpected token.'),
      )
    }
    const { entries, ...rest } = request
    if (!/^projects\/my-project\/logs\/[A-Za-z0-9%_.-]+$/.test(String(rest['logName']))) {
      return this.violation('logName', rpcError(400, 'INVALID_ARGUMENT', 'Log name is malformed'))
    }
    if (typeof Object(rest['resource']).type !== 'string') {
      return this.violation('resource', rpcError(400, 'INVALID_ARGUMENT', 'A monitored resource must be specified.'))
    }
    this.written.push(rest)
    return this.#write(entries as Entry[], rest['partialSuccess'] === true)
  }

  #write(entries: Entry[], partial: boolean): VendorAnswer {
    const errors: Record<string, { code: number; message: string }> = {}
    entries.forEach((entry, i) => {
      const problem = this.#problem(entry)
      if (problem !== undefined) this.violations.push(problem)
      const status = problem === undefined ? this.judge(entry) : { code: 3, message: problem }
      if (status !== undefined) errors[i] = status
    })
    const [first] = Object.values(errors)
    if (first === undefined || partial) {
      entries.forEach((entry, i) => {
        if (errors[i] === undefined) this.#store(entry)
      })
    }
    if (first === undefined) return json(200, {})
    const type = 'type.googleapis.com/google.logging.v2.WriteLogEntriesPartialErrors'
    const details = partial ? [{ '@type': type, logEntryErrors: errors }] : []
    const [status, name] =
      first.code === 7 ? ([403, 'PERMISSION_DENIED'] as const) : ([400, 'INVALID_ARGUMENT'] as const)
    return rpcError(status, name, first.message, details)
  }

  #problem(entry: Entry): string | undefined {
    const size = Buffer.byteLength(JSON.stringify(entry))
    if (size > ENTRY_BYTES_MAX) return `Log entry with size ${(size / 1024).toFixed(1)}K exceeds maximum size of 256.0K`
    const unknown = Object.keys(entry).find((key) => !FIELDS.has(key))
    if (unknown !== undefined) return `Unknown name "${unknown}"`
    if (PAYLOADS.filter((payload) => entry[payload] !== undefined).length !== 1) return 'one payload is needed'
    const { timestamp, severity, trace, jsonPayload, textPayload } = entry
    const time = Date.parse(String(timestamp))
    if (Number.isNaN(time) || !/^\d{4}-\d\d-\d\dT[\d:]{8}(\.\d{1,9})?Z$/.test(String(timestamp))) return 'timestamp'
    if (time > this.now() + DAY_MS) return 'Log entry timestamp is more than one day in the future'
    if (severity !== undefined && !SEVERITY.test(String(severity))) return 'severity'
    if (trace !== undefined && !/^projects\/[^/]+\/traces\/.+$/.test(String(trace))) return 'trace'
    if (textPayload !== undefined && typeof textPayload !== 'string') return 'textPayload'
    return jsonPayload !== undefined && (Array.isArray(jsonPayload) || Object(jsonPayload) !== jsonPayload)
      ? 'jsonPayload'
      : undefined
  }

  /** Entries with the same time and id are shown once. */
  #store(entry: Entry): void {
    this.entries.push(entry)
    const id = `${entry['timestamp']} ${entry['insertId'] ?? this.entries.length}`
    if (this.#known.has(id)) return
    this.#known.add(id)
    const { textPayload, jsonPayload } = entry
    this.stored.push(String(textPayload ?? Object(jsonPayload).message))
  }
}

/** One for all tests: it takes long to make. */
let pair: { publicKey: string; privateKey: string } | undefined

function keyPair() {
  pair ??= generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  return pair
}

export function rpcError(status: number, name: string, message: string, details: object[] = []): VendorAnswer {
  return json(status, { error: { code: status, message, status: name, details } })
}

function oauthError(error: string, description = ''): VendorAnswer {
  return json(400, { error, error_description: description })
}

function json(status: number, body: object): VendorAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

export const gcpLogging: Vendor = {
  definition,
  start: () => new GcpLoggingFake().listen(),
  options: (fake) => ({
    url: fake.url,
    project: 'my-project',
    credentials: (fake as GcpLoggingFake).tokens.account(),
  }),
}
