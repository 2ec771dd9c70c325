/**
 * Finds AWS keys where AWS's own tools look for them, in their order: options, a named profile, the environment, a web
 * identity (EKS), the default profile, a container's endpoint (ECS, EKS), the instance's metadata (EC2, version 2).
 */
import { readFile } from 'node:fs/promises'
import { homedir, hostname } from 'node:os'
import { join } from 'node:path'
import { Secret } from '#component/secret.ts'
import type { UpstreamAnswer } from '#upstreams/upstream.ts'
import type { Upstreams } from '#upstreams/upstreams.ts'

/** What `awsOptions` give out. */
export interface AwsSettings {
  region: string
  profile?: string | undefined
  access_key_id?: string | undefined
  secret_access_key?: Secret | undefined
  session_token?: Secret | undefined
}

export interface AwsKeys {
  accessKeyId: string
  secretAccessKey: Secret
  sessionToken?: Secret
  /** Unix milliseconds. */
  expiresAt?: number
}

export type Environment = Readonly<Record<string, string | undefined>>

/** There are no keys, or not now. Says where was looked; never what was found. */
export class AwsKeysError extends Error {
  override name = 'AwsKeysError'
  readonly code = 'aws_credentials'
}

const METADATA_URL = 'http://169.254.169.254'
const CONTAINER_URL = 'http://169.254.170.2'
/** Addresses of ECS and EKS that a container's endpoint may have without TLS, beside the machine's own. */
const CONTAINER_HOSTS = new Set(['169.254.170.2', '169.254.170.23', '[fd00:ec2::23]'])
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/

/** The metadata service answers at once or is not there. */
const METADATA_TIMEOUT_MS = 1_000
const METADATA_TOKEN_SECONDS = 21_600
const STS_TIMEOUT_MS = 5_000
const NAME_CHARACTERS_MAX = 64

export async function findAwsKeys(
  settings: AwsSettings,
  upstreams: Upstreams,
  environment: Environment,
): Promise<AwsKeys> {
  const { access_key_id: accessKeyId, secret_access_key: secretAccessKey, session_token: sessionToken } = settings
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
  }
  if (settings.profile !== undefined) {
    const keys = await fromProfile(settings.profile, environment)
    if (keys === undefined)
      throw new AwsKeysError(`there is no profile "${settings.profile}" in ${fileOf(environment)}`)
    return keys
  }
  return (
    fromEnvironment(environment) ??
    (await fromWebIdentity(settings.region, upstreams, environment)) ??
    (await fromProfile(environment['AWS_PROFILE'] ?? 'default', environment)) ??
    (await fromContainer(upstreams, environment)) ??
    (await fromInstance(upstreams, environment))
  )
}

function fromEnvironment(environment: Environment): AwsKeys | undefined {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = environment
  return id && secret ? keysOf(id, secret, token) : undefined
}

/** The file of AWS's command line tool: sections of `name = value`. Read each time: others rotate what stands in it. */
async function fromProfile(profile: string, environment: Environment): Promise<AwsKeys | undefined> {
  let text: string
  try {
    text = await readFile(fileOf(environment), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new AwsKeysError(`${fileOf(environment)} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
  const values = section(text, profile)
  if (values === undefined) return undefined
  const id = values.get('aws_access_key_id')
  const secret = values.get('aws_secret_access_key')
  if (id === undefined || secret === undefined) {
    throw new AwsKeysError(
      `the profile "${profile}" in ${fileOf(environment)} has no key; roles and processes are not read`,
    )
  }
  return keysOf(id, secret, values.get('aws_session_token'))
}

function fileOf(environment: Environment): string {
  return environment['AWS_SHARED_CREDENTIALS_FILE'] || join(homedir(), '.aws', 'credentials')
}

function section(text: string, name: string): Map<string, string> | undefined {
  let found: Map<string, string> | undefined
  let inside = false
  for (const line of text.split(/\r?\n/)) {
    const header = /^\s*\[([^\]]*)\]/.exec(line)
    if (header !== null) {
      inside = header[1]!.trim() === name
      if (inside) found ??= new Map()
      continue
    }
    const pair = /^\s*([A-Za-z_]+)\s*=\s*(.*?)\s*$/.exec(line)
    if (inside && pair !== null) found!.set(pair[1]!.toLowerCase(), pair[2]!)
  }
  return found
}

/** A role for the service account of a Kubernetes pod (AssumeRoleWithWebIdentity; the answer is XML). */
async function fromWebIdentity(
  region: string,
  upstreams: Upstreams,
  environment: Environment,
): Promise<AwsKeys | undefined> {
  const { AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: role } = environment
  if (!file || !role) return undefined
  const query = new URLSearchParams({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: role,
    RoleSessionName: environment['AWS_ROLE_SESSION_NAME'] || sessionName(),
    WebIdentityToken: await tokenIn(file),
  })
  const url = urlIn('AWS_ENDPOINT_URL_STS', environment['AWS_ENDPOINT_URL_STS'] || awsUrl('sts', region))
  const answer = await ask(upstreams, 'the token service (STS)', 'POST', url, STS_TIMEOUT_MS, {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: Buffer.from(query.toString()),
  })
  const text = answer.body.toString()
  const value = (name: string) => new RegExp(`<${name}>([^<]+)</${name}>`).exec(text)?.[1]
  return keysIn('the token service (STS)', {
    AccessKeyId: value('AccessKeyId'),
    SecretAccessKey: value('SecretAccessKey'),
    Token: value('SessionToken'),
    Expiration: value('Expiration'),
  })
}

async function fromContainer(upstreams: Upstreams, environment: Environment): Promise<AwsKeys | undefined> {
  const relative = environment['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI']
  const full = environment['AWS_CONTAINER_CREDENTIALS_FULL_URI']
  if (!relative && !full) return undefined
  const url = relative
    ? urlIn('AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', `${CONTAINER_URL}${relative}`)
    : urlIn('AWS_CONTAINER_CREDENTIALS_FULL_URI', full!)
  // Whoever could choose the host would be sent the token.
  if (url.protocol !== 'https:' && !CONTAINER_HOSTS.has(url.hostname) && !LOOPBACK.test(url.hostname)) {
    throw new AwsKeysError("the container's credentials endpoint must be https, or this machine, or that of ECS or EKS")
  }
  const file = environment['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE']
  const token = file ? await tokenIn(file) : environment['AWS_CONTAINER_AUTHORIZATION_TOKEN']
  if (token !== undefined && /[\r\n]/.test(token)) throw new AwsKeysError("the container's token has a line end")
  const who = "the container's credentials endpoint"
  const answer = await ask(upstreams, who, 'GET', url, METADATA_TIMEOUT_MS, {
    headers: token ? { authorization: token } : {},
  })
  return keysIn(who, jsonIn(answer))
}

async function fromInstance(upstreams: Upstreams, environment: Environment): Promise<AwsKeys> {
  const nowhere = `no AWS keys in the options, the environment or ${fileOf(environment)}`
  if (environment['AWS_EC2_METADATA_DISABLED']?.toLowerCase() === 'true') throw new AwsKeysError(nowhere)
  const name = 'AWS_EC2_METADATA_SERVICE_ENDPOINT'
  const base = urlIn(name, environment[name] || METADATA_URL)
  const who = `${nowhere}, and the instance's metadata service`
  const token = await ask(upstreams, who, 'PUT', new URL('/latest/api/token', base), METADATA_TIMEOUT_MS, {
    headers: { 'x-aws-ec2-metadata-token-ttl-seconds': String(METADATA_TOKEN_SECONDS) },
  })
  const headers = { 'x-aws-ec2-metadata-token': token.body.toString().trim() }
  const folder = '/latest/meta-data/iam/security-credentials/'
  const roles = await ask(upstreams, who, 'GET', new URL(folder, base), METADATA_TIMEOUT_MS, { headers })
  const role = roles.body.toString().split('\n')[0]!.trim()
  if (role === '') throw new AwsKeysError(`${nowhere}, and the instance has no role`)
  const url = new URL(folder + encodeURIComponent(role), base)
  return keysIn(who, jsonIn(await ask(upstreams, who, 'GET', url, METADATA_TIMEOUT_MS, { headers })))
}

function urlIn(variable: string, text: string): URL {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) throw new AwsKeysError(`${variable} is not an http or https URL`)
  return url
}

async function tokenIn(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    throw new AwsKeysError(`the token file ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
}

/** Rejects unless the answer is 200. What stands in an error's body is not told: it may quote what was sent. */
async function ask(
  upstreams: Upstreams,
  who: string,
  method: 'GET' | 'PUT' | 'POST',
  url: URL,
  timeoutMs: number,
  { headers, body = null }: { headers: Record<string, string>; body?: Uint8Array | null },
): Promise<UpstreamAnswer> {
  const connection = upstreams.connect('aws-credentials', { url: url.origin, upstream: undefined, tls: undefined })
  try {
    const signal = AbortSignal.timeout(timeoutMs)
    const path = url.pathname + url.search
    const result = await connection.upstream.request({ method, path, headers, body, timeoutMs, signal })
    if (!result.answered) throw new AwsKeysError(`${who} did not answer (${signal.aborted ? 'timeout' : result.code})`)
    if (result.status !== 200) throw new AwsKeysError(`${who} answered ${result.status}`)
    return result
  } finally {
    await connection.release()
  }
}

function jsonIn(answer: UpstreamAnswer): Record<string, unknown> {
  try {
    return Object(JSON.parse(answer.body.toString()))
  } catch {
    return {}
  }
}

/** Reads the answer of a metadata service. */
function keysIn(who: string, answer: Record<string, unknown>): AwsKeys {
  const { AccessKeyId: id, SecretAccessKey: secret, Token: token, Expiration: expiration } = answer
  if (typeof id !== 'string' || typeof secret !== 'string') throw new AwsKeysError(`${who} answered without keys`)
  const keys = keysOf(id, secret, typeof token === 'string' ? token : undefined)
  const expiresAt = typeof expiration === 'string' ? Date.parse(expiration) : Number.NaN
  if (!Number.isNaN(expiresAt)) keys.expiresAt = expiresAt
  return keys
}

function keysOf(accessKeyId: string, secret: string, token: string | undefined): AwsKeys {
  const keys: AwsKeys = { accessKeyId, secretAccessKey: new Secret(secret) }
  if (token) keys.sessionToken = new Secret(token)
  return keys
}

function sessionName(): string {
  return `streamgate-${hostname()}`.replace(/[^\w+=,.@-]/g, '-').slice(0, NAME_CHARACTERS_MAX)
}

/** Where a service answers in a region. China and the European Sovereign Cloud have domains of their own. */
export function awsUrl(service: string, region: string): string {
  const partition = region.slice(0, region.indexOf('-'))
  return `https://${service}.${region}.${DOMAINS[partition] ?? 'amazonaws.com'}`
}

const DOMAINS: Readonly<Record<string, string>> = { cn: 'amazonaws.com.cn', eusc: 'amazonaws.eu' }
