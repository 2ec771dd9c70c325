/** TLS of the way in for agents: certificate, key, and the authority whose client certificates count. */
import { readFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { SecureContextOptions, TLSSocket, TlsOptions } from 'node:tls'
import { StreamgateError } from '#contract/error.ts'
import type { Logger } from '#observe/log.ts'
import type { Clock, Timer } from '#std/clock.ts'

/** How often the files are read again. */
const LOOK_EVERY_MS = 60_000
const FIRST_BYTE_MS = 10_000
/** First byte of a TLS record with a handshake. */
const HANDSHAKE = 0x16

export interface OpampTlsOptions {
  certFile: string
  keyFile: string
  /** Agents with a certificate of this authority need nothing else. */
  clientCaFile?: string | undefined
  clientAuth?: 'none' | 'request' | 'require' | undefined
}

type Material = Pick<SecureContextOptions, 'cert' | 'key' | 'ca'>

export class OpampTls {
  /** They hold the key: not for logs. */
  readonly serverOptions: TlsOptions
  readonly #options: OpampTlsOptions
  #seen: string
  #timer: Timer | undefined
  #closed = false

  private constructor(options: OpampTlsOptions, material: Material) {
    const clientAuth = options.clientAuth ?? (options.clientCaFile === undefined ? 'none' : 'request')
    this.#options = options
    this.#seen = JSON.stringify(material)
    this.serverOptions = {
      ...material,
      minVersion: 'TLSv1.2',
      requestCert: clientAuth !== 'none',
      rejectUnauthorized: clientAuth === 'require',
    }
  }

  /** Rejects with `SG_LISTEN` when a file cannot be read. */
  static async read(options: OpampTlsOptions): Promise<OpampTls> {
    const needsCa = options.clientAuth === 'request' || options.clientAuth === 'require'
    if (needsCa && options.clientCaFile === undefined)
      throw new StreamgateError(
        'SG_LISTEN',
        'client certificates of agents are asked for, but no authority is given for them',
      )
    return new OpampTls(options, await readMaterial(options))
  }

  /** Puts the files to work again when they change. */
  follow(
    server: { setSecureContext(options: SecureContextOptions): void },
    around: { clock: Clock; log: Logger },
  ): void {
    this.#timer = around.clock.after(LOOK_EVERY_MS, () => {
      void this.#look(server, around.log).finally(() => {
        if (!this.#closed) this.follow(server, around)
      })
    })
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  async #look(server: { setSecureContext(options: SecureContextOptions): void }, log: Logger): Promise<void> {
    try {
      const material = await readMaterial(this.#options)
      const seen = JSON.stringify(material)
      if (seen === this.#seen) return
      server.setSecureContext({ ...material, minVersion: 'TLSv1.2' })
      this.#seen = seen
      log.info({}, 'agents are served with a new certificate')
    } catch (error) {
      log.error({ error: String(error) }, 'the certificate for agents cannot be read again; the old one stays')
    }
  }
}

/** Such as `O=Example,CN=agent`; undefined without a certificate, and with one that is not of the authority. */
export function subjectOf(socket: TLSSocket): string | undefined {
  if (!socket.authorized) return undefined
  const subject = socket.getPeerCertificate()?.subject
  if (subject === undefined) return undefined
  return Object.entries(subject)
    .flatMap(([name, value]) => [value].flat().map((each) => `${name}=${each}`))
    .join(',')
}

/** Who speaks plain HTTP to the port is told so; others go on to the TLS server. */
export function sniffed(socket: Socket, server: Server): void {
  const timer = setTimeout(() => socket.destroy(), FIRST_BYTE_MS)
  socket.on('error', () => socket.destroy())
  socket.once('close', () => clearTimeout(timer))
  socket.once('data', (chunk) => {
    clearTimeout(timer)
    if (chunk[0] === HANDSHAKE) {
      socket.pause()
      socket.unshift(chunk)
      server.emit('connection', socket)
      return
    }
    const body = 'this port speaks TLS: use wss:// or https://\n'
    socket.end(
      `HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
    )
  })
}

async function readMaterial({ certFile, keyFile, clientCaFile }: OpampTlsOptions): Promise<Material> {
  const read = (path: string) =>
    readFile(path, 'utf8').catch((error: Error) => {
      throw new StreamgateError('SG_LISTEN', `cannot read ${path} for the TLS of agents: ${error.message}`, {
        cause: error,
      })
    })
  const material: Material = { cert: await read(certFile), key: await read(keyFile) }
  return clientCaFile === undefined ? material : { ...material, ca: await read(clientCaFile) }
}
