/** TLS of listeners: the option, its files, and what becomes of a listener when they change. */
import { X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import type { Duplex } from 'node:stream'
import { createSecureContext, type SecureContextOptions, TLSSocket, type TlsOptions } from 'node:tls'
import { z } from 'zod'
import type { TlsListenOptions } from '#component/exchange.ts'
import { StreamgateError } from '#contract/error.ts'
import type { Logger } from '#observe/log.ts'
import type { Clock, Timer } from '#std/clock.ts'
import { errorCodeOf } from './listen.ts'

const clientAuth = ['none', 'request', 'require'] as const
const minVersions = ['1.2', '1.3'] as const
/** A file of certificates is longer than this only by mistake. */
const PEM_BYTES_MAX = 4 * 1024 * 1024
/** How often the files are looked at. */
const LOOK_EVERY_MS = 30_000

const file = z.string().min(1)

/** To be spread into a source's schema. */
export const tlsOption = {
  tls: z
    .strictObject({
      cert_file: file.describe('PEM file with the certificate, followed by those between it and its authority.'),
      key_file: file.describe('PEM file with the key of the certificate.'),
      client_ca_file: file.optional().describe('PEM file with the authorities whose client certificates count.'),
      client_auth: z
        .enum(clientAuth)
        .default('none')
        .describe('Whether clients are asked for a certificate, and whether they must have one.'),
      min_version: z.enum(minVersions).default('1.2').describe('Oldest version of TLS that is spoken.'),
      handshake_timeout_ms: z
        .number()
        .int()
        .min(1)
        .max(0x7fff_ffff)
        .default(10_000)
        .describe('Time for a handshake; then the connection is closed.'),
    })
    .refine(({ client_auth, client_ca_file }) => client_auth === 'none' || client_ca_file !== undefined, {
      error: 'is needed to know which client certificates count, unless client_auth is none',
      path: ['client_ca_file'],
    })
    .optional()
    .describe('Certificate and key, for TLS; without it, connections are plain.'),
}

type TlsMaterial = Pick<SecureContextOptions, 'cert' | 'key' | 'ca' | 'minVersion'>

/** A server of `node:tls` or `node:https`. */
interface SecureServer {
  setSecureContext(options: SecureContextOptions): void
}

/** Whose TLS it is. */
interface Around {
  clock: Clock
  log: Logger
  source: string
}

/** The files of one listener, put to work again when they change; connections that are there keep what they have. */
export class ListenerTls {
  /** As `tls.createServer` takes them. They hold the key: not for logs. */
  readonly serverOptions: TlsOptions
  readonly #options: TlsListenOptions
  readonly #around: Around
  #server: SecureServer | undefined
  #seen: string
  #timer: Timer | undefined
  #stopped = false

  private constructor(options: TlsListenOptions, around: Around, seen: string, material: TlsMaterial) {
    this.#options = options
    this.#around = around
    this.#seen = seen
    this.serverOptions = {
      ...material,
      requestCert: options.client_auth !== 'none',
      rejectUnauthorized: options.client_auth === 'require',
      handshakeTimeout: options.handshake_timeout_ms,
    }
  }

  /** Rejects with a `StreamgateError` that says which file is wrong. */
  static async read(options: TlsListenOptions, around: Around): Promise<ListenerTls> {
    // First, so that no change is missed.
    const seen = await signatureOf(options)
    return new ListenerTls(options, around, seen, await readFiles(options))
  }

  watch(server: SecureServer): void {
    this.#server = server
    this.#schedule()
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  #schedule(): void {
    if (this.#stopped) return
    this.#timer = this.#around.clock.after(LOOK_EVERY_MS, () => {
      void this.#look().then(() => this.#schedule())
    })
  }

  /** Never rejects. A broken file is told once, and looked at again when it has changed. */
  async #look(): Promise<void> {
    const { log, source } = this.#around
    const now = await signatureOf(this.#options)
    if (now === this.#seen) return
    this.#seen = now
    try {
      const material = await readFiles(this.#options)
      if (this.#stopped) return
      this.#server?.setSecureContext(material)
      const { validTo } = new X509Certificate(String(material.cert))
      log.info({ source, valid_to: validTo }, 'TLS files have changed and are in use')
    } catch (error) {
      const reason = error instanceof StreamgateError ? error.message : 'it cannot be used'
      log.warn({ source, reason }, 'TLS files have changed and are not good; the old ones stay in use')
    }
  }
}

/**
 * Of a `tlsClientError`: whether a client was refused. Who goes away in the middle was not: so do those that only look
 * whether we are there. A certificate that does not count ends alike, and shows by its error only.
 */
export function isHandshakeRefused(error: Error, socket: Duplex): boolean {
  return errorCodeOf(error) !== 'ECONNRESET' || (socket instanceof TLSSocket && socket.authorizationError != null)
}

/** Changes when one of the files does. Never rejects. */
async function signatureOf({ cert_file, key_file, client_ca_file }: TlsListenOptions): Promise<string> {
  const files = [cert_file, key_file, client_ca_file].filter((path) => path !== undefined)
  const marks = files.map((path) =>
    stat(path, { bigint: true }).then(
      ({ mtimeNs, size, ino }) => `${mtimeNs} ${size} ${ino}`,
      () => 'none',
    ),
  )
  return (await Promise.all(marks)).join('\n')
}

async function readFiles(options: TlsListenOptions): Promise<TlsMaterial> {
  const cert = await textOf(options.cert_file)
  const key = await textOf(options.key_file)
  const ca = options.client_ca_file === undefined ? undefined : await textOf(options.client_ca_file)
  check(options.cert_file, 'PEM certificate', () => createSecureContext({ cert }))
  check(options.key_file, 'PEM key that fits the certificate', () => createSecureContext({ cert, key }))
  if (ca !== undefined) check(options.client_ca_file!, 'PEM certificate', () => readCertificates(ca))
  return { cert, key, ...(ca === undefined ? {} : { ca }), minVersion: `TLSv${options.min_version}` }
}

async function textOf(path: string): Promise<string> {
  try {
    const { size } = await stat(path)
    if (size <= PEM_BYTES_MAX) return await readFile(path, 'utf8')
  } catch (cause) {
    throw new StreamgateError('SG_LISTEN', `the file ${path} cannot be read`, { cause })
  }
  throw new StreamgateError('SG_LISTEN', `the file ${path} is too long for PEM`)
}

/** OpenSSL reads it now rather than at the first handshake. What it says is left out: it may quote. */
function check(path: string, what: string, read: () => unknown): void {
  try {
    read()
  } catch {
    throw new StreamgateError('SG_LISTEN', `the file ${path} holds no ${what}`)
  }
}

/** `createSecureContext` passes over authorities that it cannot read. */
function readCertificates(pem: string): void {
  const blocks = pem.match(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]*-----END (?:TRUSTED )?CERTIFICATE-----/g) ?? []
  if (blocks.length === 0) throw new Error('no certificate')
  for (const block of blocks) new X509Certificate(block)
}
