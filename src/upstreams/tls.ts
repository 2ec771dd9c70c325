/** TLS towards a target: from files to PEM texts, and from those to what sockets take. */
import { createHash, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { type ConnectionOptions, createSecureContext } from 'node:tls'
import { StreamgateError } from '#contract/error.ts'
import { Secret } from '#std/secret.ts'
import type { TlsFiles, TlsPlan } from './plan.ts'

/** A file of certificates is longer than this only by mistake. */
const PEM_BYTES_MAX = 4 * 1024 * 1024

/**
 * Throws `StreamgateError`, its path counted from what has the options, when a file cannot be read or is no PEM of its
 * kind.
 */
export function readTls(files: TlsFiles): TlsPlan {
  const ca = textOf(files, 'ca_file')
  const cert = textOf(files, 'cert_file')
  const key = textOf(files, 'key_file')
  check('ca_file', files, () => areCertificates(ca!))
  check('cert_file', files, () => isContext({ cert }))
  check('key_file', files, () => isContext({ cert, key }))
  return {
    ca,
    cert,
    key: key === undefined ? undefined : new Secret(key),
    serverName: files.server_name,
    verify: files.verify,
  }
}

type SocketOptions = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>

/** Options as `tls.connect` takes them. */
export function socketOptions(tls: TlsPlan | undefined): SocketOptions {
  if (tls === undefined) return {}
  return {
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key.reveal() }),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
    rejectUnauthorized: tls.verify,
  }
}

/**
 * The name to ask for. Without one the client would take it from a request's Host header, which may be another's.
 * Addresses are no names (RFC 6066, section 3).
 */
export function serverNameFor(target: URL, tls: TlsPlan | undefined): string | undefined {
  if (target.protocol !== 'https:') return undefined
  const { hostname } = target
  return tls?.serverName ?? (isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? hostname : undefined)
}

/** Same text, same TLS; the key counts, and only as part of a hash. */
export function tlsIdentity(tls: TlsPlan | undefined): string {
  if (tls === undefined) return ''
  const { ca, cert, key, serverName, verify } = tls
  const parts = JSON.stringify([ca ?? null, cert ?? null, key?.reveal() ?? null, serverName ?? null, verify])
  return createHash('sha256').update(parts).digest('hex')
}

type FileKey = 'ca_file' | 'cert_file' | 'key_file'

function textOf(files: TlsFiles, key: FileKey): string | undefined {
  const file = files[key]
  if (file === undefined) return undefined
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new StreamgateError('SG_CONFIG_REFERENCE', `the file ${file} cannot be read`, { path: `tls/${key}`, cause })
  }
  if (text.length > PEM_BYTES_MAX)
    throw new StreamgateError('SG_CONFIG_INVALID', `the file ${file} is too long for PEM`, { path: `tls/${key}` })
  return text
}

/** OpenSSL reads it now rather than at the first request. What it says is left out: it may quote. */
function check(key: FileKey, files: TlsFiles, read: () => boolean): void {
  if (files[key] === undefined) return
  let good = false
  try {
    good = read()
  } catch {
    // Said below.
  }
  if (good) return
  const what = key === 'key_file' ? 'PEM key that fits the certificate' : 'PEM certificate'
  throw new StreamgateError('SG_CONFIG_INVALID', `the file ${files[key]} holds no ${what}`, { path: `tls/${key}` })
}

/** `createSecureContext` passes over authorities that it cannot read. */
function areCertificates(pem: string): boolean {
  const blocks = pem.match(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]*-----END (?:TRUSTED )?CERTIFICATE-----/g) ?? []
  return blocks.map((block) => new X509Certificate(block)).length > 0
}

function isContext(pem: { cert?: string | undefined; key?: string | undefined }): boolean {
  createSecureContext(pem)
  return true
}
