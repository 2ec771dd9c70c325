/** HTTP by hand: for requests that a proper client would not send, and for reading exactly what comes back. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface RawAnswer {
  status: number
  headers: Record<string, string>
  body: string
}

export class RawHttp {
  readonly socket: Socket
  #received = Buffer.alloc(0)
  #closed = false
  #wake: (() => void) | null = null

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#wake?.()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#closed = true
      this.#wake?.()
    })
  }

  /** `address` as a source tells it, such as `http://127.0.0.1:8080`. */
  static async open(address: string): Promise<RawHttp> {
    const { hostname, port } = new URL(address)
    const socket = connect(Number(port), hostname)
    const raw = new RawHttp(socket)
    await once(socket, 'connect')
    return raw
  }

  async send(bytes: string | Uint8Array): Promise<void> {
    if (this.#closed || this.socket.write(bytes)) return
    await Promise.race([once(this.socket, 'drain'), once(this.socket, 'close')]).catch(() => undefined)
  }

  /** A request line and headers; `Host` is there. */
  head(method: string, path: string, headers: Record<string, string | number> = {}): Promise<void> {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    return this.send(`${method} ${path} HTTP/1.1\r\nHost: test\r\n${lines.join('')}\r\n`)
  }

  /** The next final answer; null when the connection closes without one. */
  async answer(): Promise<RawAnswer | null> {
    for (;;) {
      const answer = this.#parse()
      if (answer !== null && answer.status >= 200) return answer
      if (answer !== null) continue
      if (this.#closed) return null
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  get closed(): boolean {
    return this.#closed
  }

  async untilClosed(): Promise<void> {
    if (!this.#closed) await once(this.socket, 'close')
  }

  #parse(): RawAnswer | null {
    const headEnd = this.#received.indexOf('\r\n\r\n')
    if (headEnd === -1) return null
    const [first, ...lines] = this.#received.toString('latin1', 0, headEnd).split('\r\n')
    const headers: Record<string, string> = {}
    for (const line of lines) {
      const colon = line.indexOf(':')
      headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
    }
    const length = Number(headers['content-length'] ?? 0)
    const bodyStart = headEnd + 4
    if (this.#received.length < bodyStart + length) return null
    const body = this.#received.toString('utf8', bodyStart, bodyStart + length)
    this.#received = this.#received.subarray(bodyStart + length)
    return { status: Number(first!.split(' ')[1]), headers, body }
  }
}
