/** A syslog receiver over TCP, TLS (RFC 5425) or UDP (RFC 5426) that reads messages strictly as RFC 5424 has them. */
import { createSocket, type Socket as Datagrams } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { syslog as definition } from '#outputs/syslog/syslog.ts'
import type { Vendor } from './vendor-fake.ts'

export interface SyslogMessage {
  facility: number
  severity: number
  timestamp: string
  hostname: string
  appName: string
  structuredData: string
  message: string
}

const NAME = '[!-~]'
const SD_NAME = '[!#-<>-\\\\^-~]{1,32}'
const PARAMETER = ` ${SD_NAME}="(?:[^"\\\\\\]]|\\\\["\\\\\\]])*"`
const ELEMENT = `\\[${SD_NAME}(?:${PARAMETER})*\\]`
const TIMESTAMP = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,6})?(?:Z|[+-]\\d\\d:\\d\\d)'
const HEADER = new RegExp(
  `^<(0|[1-9]\\d{0,2})>1 (-|${TIMESTAMP}) (${NAME}{1,255}) (${NAME}{1,48}) ${NAME}{1,128} ${NAME}{1,32} ` +
    `(-|(?:${ELEMENT})+)(?: ([\\s\\S]*))?$`,
)

/** Undefined: it is no message of RFC 5424 with an MSG in UTF-8. */
export function parseSyslog(bytes: Buffer): SyslogMessage | undefined {
  const text = bytes.toString()
  const match = HEADER.exec(text)
  if (match === null || Number(match[1]) > 191 || !Buffer.from(text).equals(bytes)) return undefined
  const priority = Number(match[1])
  return {
    facility: priority >> 3,
    severity: priority & 7,
    timestamp: match[2]!,
    hostname: match[3]!,
    appName: match[4]!,
    structuredData: match[5]!,
    message: match[6] ?? '',
  }
}

export interface SyslogFakeOptions {
  transport: 'tcp' | 'tls' | 'udp'
  /** Of a stream; a datagram has none. */
  framing?: 'octet_counting' | 'newline'
  tls?: TlsOptions
  port?: number
}

export class SyslogFake implements AsyncDisposable {
  readonly messages: SyslogMessage[] = []
  readonly violations: string[] = []
  /** Nothing in syslog is answered, so nothing can be refused. */
  readonly faults: never[] = []
  readonly sockets = new Set<Socket>()
  readonly #options: SyslogFakeOptions
  #server: Server | undefined
  #datagrams: Datagrams | undefined

  constructor(options: SyslogFakeOptions) {
    this.#options = options
  }

  get stored(): string[] {
    return this.messages.map(({ message }) => message)
  }

  get port(): number {
    return ((this.#server ?? this.#datagrams)!.address() as AddressInfo).port
  }

  async listen(): Promise<this> {
    const { transport, tls, port = 0 } = this.#options
    if (transport === 'udp') {
      const socket = createSocket('udp4')
      this.#datagrams = socket
      socket.on('message', (message) => this.#take(message))
      socket.bind(port, '127.0.0.1')
      await once(socket, 'listening')
      return this
    }
    const onConnection = (socket: Socket) => this.#read(socket)
    this.#server = transport === 'tls' ? createTlsServer(tls ?? {}, onConnection) : createServer(onConnection)
    this.#server.on('tlsClientError', () => undefined)
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }

  #read(socket: Socket): void {
    this.sockets.add(socket)
    let rest: Buffer = Buffer.alloc(0)
    socket.on('error', () => undefined)
    socket.on('close', () => this.sockets.delete(socket))
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk])
      for (let frame = this.#frame(rest); frame !== undefined; frame = this.#frame(rest)) {
        this.#take(frame.message)
        rest = rest.subarray(frame.end)
      }
    })
  }

  #frame(bytes: Buffer): { message: Buffer; end: number } | undefined {
    if (this.#options.framing === 'newline') {
      const end = bytes.indexOf(0x0a)
      return end === -1 ? undefined : { message: bytes.subarray(0, end), end: end + 1 }
    }
    const space = bytes.indexOf(0x20)
    if (space === -1) return undefined
    const length = bytes.toString('latin1', 0, space)
    if (!/^[1-9]\d{0,8}$/.test(length)) {
      this.violations.push(`frame of length ${length}`)
      return { message: bytes.subarray(0, 0), end: bytes.length }
    }
    const end = space + 1 + Number(length)
    return bytes.length < end ? undefined : { message: bytes.subarray(space + 1, end), end }
  }

  #take(bytes: Buffer): void {
    const message = parseSyslog(bytes)
    if (message === undefined) this.violations.push(`no message: ${bytes.toString('latin1', 0, 100)}`)
    else this.messages.push(message)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    const server = this.#server
    const datagrams = this.#datagrams
    if (server !== undefined) await new Promise((resolve) => server.close(resolve))
    if (datagrams !== undefined) await new Promise<void>((resolve) => datagrams.close(resolve))
  }
}

export const syslog: Vendor<SyslogFake> = {
  definition,
  start: () => new SyslogFake({ transport: 'tcp' }).listen(),
  options: (fake) => ({ address: `127.0.0.1:${fake.port}` }),
}
