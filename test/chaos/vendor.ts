/** A vendor that keeps what it is sent, counts how often, and misbehaves as it is told. It can stop listening and come back. */
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import type { VendorMode } from './schedule.ts'

/** Most records of a batch that a vendor in mode `small` takes. */
const SMALL_BATCH_RECORDS = 8
const SLOW_MS_MAX = 80
const LISTEN_RETRY_MS = 20
const LISTEN_ATTEMPTS_MAX = 100

const STATUS: Partial<Record<VendorMode, number>> = { too_many: 429, unavailable: 503, broken: 500 }

export class ChaosVendor implements AsyncDisposable {
  /** How often each line came; a character for each byte. */
  readonly stored = new Map<string, number>()
  /** Lines stored, each time it came. */
  storedLines = 0
  /** Answers that the other side did not wait for. */
  unheard = 0
  readonly #random: () => number
  #mode: VendorMode = 'healthy'
  #share = 1
  #server: Server | undefined
  #port = 0

  constructor(random: () => number) {
    this.#random = random
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/logs`
  }

  /** `share` of the requests are treated so, the others well. */
  async behave(mode: VendorMode, share = 1): Promise<void> {
    this.#mode = mode
    this.#share = share
    if (mode === 'refuse') await this.#close()
    else if (this.#server === undefined) await this.#listen()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close()
  }

  /** The same port each time; another process may have it for a moment. */
  async #listen(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const server = createServer((request, response) => {
        const chunks: Buffer[] = []
        request.on('error', () => undefined)
        request.on('data', (chunk) => chunks.push(chunk))
        request.on('end', () => {
          const raw = Buffer.concat(chunks)
          const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw
          this.#take(body.toString('latin1').split('\n'), response)
        })
      })
      server.listen(this.#port, '127.0.0.1')
      try {
        await once(server, 'listening')
        this.#server = server
        this.#port = (server.address() as AddressInfo).port
        return
      } catch (error) {
        if (attempt === LISTEN_ATTEMPTS_MAX) throw error
        await sleep(LISTEN_RETRY_MS)
      }
    }
  }

  async #close(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server === undefined) return
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }

  #take(body: string[], response: ServerResponse): void {
    response.on('close', () => {
      if (!response.writableFinished) this.unheard++
    })
    // A text without a newline at its end has one empty part less.
    const lines = body.at(-1) === '' ? body.slice(0, -1) : body
    const mode = this.#random() < this.#share ? this.#mode : 'healthy'
    const status = STATUS[mode]
    if (mode === 'reset') return void response.socket?.resetAndDestroy()
    if (status !== undefined) return void response.writeHead(status, { 'retry-after': '1' }).end('not now')
    if (mode === 'small' && lines.length > SMALL_BATCH_RECORDS) return void response.writeHead(413).end('too large')
    if (mode === 'hang' && this.#random() < 0.5) return
    for (const line of lines) this.stored.set(line, (this.stored.get(line) ?? 0) + 1)
    this.storedLines += lines.length
    if (mode === 'hang') return
    if (mode === 'reset_after') return void response.socket?.resetAndDestroy()
    if (mode === 'slow') setTimeout(() => response.end('taken'), this.#random() * SLOW_MS_MAX)
    else response.end('taken')
  }
}
