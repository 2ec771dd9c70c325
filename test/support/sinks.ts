/** Vendors that tests can hold in their hand: they collect what they are sent and answer as they are told. */
import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingHttpHeaders } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { gunzipSync } from 'node:zlib'

const PATIENCE_MS = 20_000

export interface Received {
  method: string
  path: string
  headers: IncomingHttpHeaders
  /** Decompressed. */
  body: string
}

/** What to do with the next request: a status, perhaps headers and a body, `reset` the connection, or `hang`. */
export type Answer = { status: number; headers?: Record<string, string>; body?: string } | 'reset' | 'hang'

export class HttpSink implements AsyncDisposable {
  readonly requests: Received[] = []
  /** Taken one by one; when there are none left, 200. */
  readonly answers: Answer[] = []
  readonly #server = createHttpServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const raw = Buffer.concat(chunks)
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw
      this.requests.push({
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: body.toString(),
      })
      const answer = this.answers.shift() ?? { status: 200 }
      if (answer === 'hang') return
      if (answer === 'reset') return void request.socket.resetAndDestroy()
      response.writeHead(answer.status, answer.headers ?? {})
      response.end(answer.body ?? '')
    })
  })

  static async start(): Promise<HttpSink> {
    const sink = new HttpSink()
    sink.#server.listen(0, '127.0.0.1')
    await once(sink.#server, 'listening')
    return sink
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

export class TcpSink implements AsyncDisposable {
  text = ''
  readonly sockets = new Set<Socket>()
  readonly #server = createServer((socket) => {
    this.sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => this.sockets.delete(socket))
    socket.on('data', (chunk) => {
      this.text += chunk.toString('latin1')
    })
  })

  static async start(port = 0): Promise<TcpSink> {
    const sink = new TcpSink()
    sink.#server.listen(port, '127.0.0.1')
    await once(sink.#server, 'listening')
    return sink
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

/** Waits for a condition, not for a time. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
