/** Where the server is and what is shown to it: from the options, or from what the server itself has offered since. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext, rootCertificates } from 'node:tls'
import { z } from 'zod'
import type { OpampConnectionSettings } from '#codecs/opamp/messages.ts'
import { Secret } from '#std/secret.ts'

/** As the operator gives it. */
export interface ServerAddress {
  /** `ws:`, `wss:`, `http:` or `https:`, with the path; usually `/v1/opamp`. */
  endpoint: string
  /** Sent as `Authorization: Bearer …`. */
  token?: Secret | undefined
  headers?: Record<string, Secret> | undefined
  tls?: TlsSource | undefined
}

export interface Connection {
  /** `ws:`, `wss:`, `http:` or `https:`. */
  endpoint: string
  headers: Record<string, Secret>
  tls: TlsSource
}

/** Files are read anew for each attempt, so that they may be replaced; what is given as PEM comes first. */
export interface TlsSource {
  caFile?: string | undefined
  certFile?: string | undefined
  keyFile?: string | undefined
  serverName?: string | undefined
  ca?: string | undefined
  /** Beside `ca`, the authorities that Node knows. */
  systemCa?: boolean | undefined
  cert?: string | undefined
  key?: Secret | undefined
}

/** Offered settings as they are kept on disk. What an offer leaves out stays as the options have it. */
export const storedConnection = z.strictObject({
  endpoint: z.string(),
  headers: z.record(z.string(), z.string()).optional(),
  ca: z.string().optional(),
  system_ca: z.boolean().optional(),
  cert: z.string().optional(),
  key: z.string().optional(),
  heartbeat_s: z.number(),
})
export type StoredConnection = z.infer<typeof storedConnection>

const SCHEMES = ['ws:', 'wss:', 'http:', 'https:']
const HEARTBEAT_S_MAX = 86_400

export function connectionOf({ endpoint, token, headers = {}, tls = {} }: ServerAddress): Connection {
  if (token === undefined) return { endpoint, headers, tls }
  return { endpoint, headers: { ...headers, authorization: new Secret(`Bearer ${token.reveal()}`) }, tls }
}

export function sendsTokenInTheOpen({ endpoint, token }: ServerAddress): boolean {
  return token !== undefined && !isEncrypted(endpoint) && !LOOPBACK.test(new URL(endpoint).hostname)
}

const LOOPBACK = /^(localhost|127\..*|\[::1\])$/

/** What Node's TLS takes. Throws when a file cannot be read. */
export function tlsOptions(tls: TlsSource) {
  const read = (file: string | undefined) => (file === undefined ? undefined : readFileSync(file, 'utf8'))
  const ca = tls.ca ?? read(tls.caFile)
  const cert = tls.cert ?? read(tls.certFile)
  const key = tls.key?.reveal() ?? read(tls.keyFile)
  return {
    ...(ca !== undefined && { ca: tls.systemCa === true ? [ca, ...rootCertificates] : ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(tls.serverName !== undefined && { servername: tls.serverName }),
  }
}

/** The options with an offer over them. */
export function overlaid(base: Connection, offer: StoredConnection | undefined): Connection {
  if (offer === undefined) return base
  const { serverName, ...tls } = base.tls
  const isSameHost = new URL(offer.endpoint).hostname === new URL(base.endpoint).hostname
  return {
    endpoint: offer.endpoint,
    headers: offer.headers === undefined ? base.headers : secrets(offer.headers),
    tls: {
      ...tls,
      ...(isSameHost && { serverName }),
      ...(offer.ca !== undefined && { ca: offer.ca, systemCa: offer.system_ca }),
      ...(offer.cert !== undefined && { cert: offer.cert }),
      ...(offer.key !== undefined && { key: new Secret(offer.key) }),
    },
  }
}

/** An offer as it is kept, or why it cannot be followed. `current`: where the agent is now. */
export function readOffer(offer: OpampConnectionSettings, current: Connection): StoredConnection | string {
  const endpoint = URL.parse(offer.destinationEndpoint)
  if (endpoint === null || !SCHEMES.includes(endpoint.protocol)) {
    return `the endpoint "${offer.destinationEndpoint}" is none of ws, wss, http and https`
  }
  if (isEncrypted(current.endpoint) && !isEncrypted(endpoint.href)) return 'the endpoint would leave TLS'
  const { tls, certificate, proxy } = offer
  if (proxy !== undefined && proxy.url !== '') return 'proxies are not supported'
  if (tls?.insecureSkipVerify === true) return 'the server would not be verified any more (insecure_skip_verify)'
  if (tls !== undefined && (tls.minVersion !== '' || tls.maxVersion !== '' || tls.cipherSuites.length > 0)) {
    return 'TLS versions and cipher suites cannot be chosen'
  }
  const ca = textOf(certificate?.caCert) ?? (tls?.caPemContents || undefined)
  const cert = textOf(certificate?.cert)
  const key = textOf(certificate?.privateKey)
  const stored: StoredConnection = {
    endpoint: offer.destinationEndpoint,
    heartbeat_s: Math.min(Number(offer.heartbeatIntervalSeconds), HEARTBEAT_S_MAX),
    ...(offer.headers !== undefined && { headers: Object.fromEntries(offer.headers.headers.map(pair)) }),
    ...(ca !== undefined && { ca, system_ca: tls?.includeSystemCaCertsPool === true }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  }
  return certificateProblem(overlaid(current, stored)) ?? stored
}

/** Whether a connection by one is a connection by the other. */
export function isSameConnection(a: Connection, b: Connection): boolean {
  return fingerprint(a) === fingerprint(b)
}

/** Tells connections apart without showing what is in them. */
export function fingerprint({ endpoint, headers, tls }: Connection): string {
  const shown = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value.reveal()])
  const { key, ...rest } = tls
  const sorted = Object.entries(rest)
    .filter(([, value]) => value !== undefined)
    .sort(([x], [y]) => (x < y ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify([endpoint, shown.sort(), sorted, key?.reveal()]))
    .digest('hex')
}

export function secrets(headers: Record<string, string>): Record<string, Secret> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, new Secret(value)]))
}

export function revealed(headers: Record<string, Secret>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.reveal()]))
}

export function isEncrypted(endpoint: string): boolean {
  return endpoint.startsWith('wss:') || endpoint.startsWith('https:')
}

export function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined || bytes.length === 0 ? undefined : Buffer.from(bytes).toString('utf8')
}

function pair({ key, value }: { key: string; value: string }): [string, string] {
  return [key, value]
}

function certificateProblem({ tls }: Connection): string | undefined {
  try {
    createSecureContext(tlsOptions(tls))
    return undefined
  } catch (error) {
    return `the certificate cannot be used: ${error instanceof Error ? error.message : String(error)}`
  }
}
