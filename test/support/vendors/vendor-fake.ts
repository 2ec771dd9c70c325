/**
 * A vendor that a test can hold in its hand: it takes what the real one takes, refuses what the real one refuses, keeps
 * what it has stored, and fails as it is told. Each vendor's own rules stand in a file beside this one.
 */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import type { OutputDefinition } from '#component/output.ts'
import type { Block } from '#telemetry/block.ts'
import type { Signal } from '#telemetry/signal.ts'

export interface VendorRequest {
  method: string
  /** With query. */
  path: string
  headers: IncomingHttpHeaders
  /** As it came. */
  raw: Buffer
  /** Decompressed. */
  body: Buffer
}

export interface VendorAnswer {
  status: number
  headers?: Record<string, string>
  body?: string | Buffer
}

/**
 * What happens to the next request instead of, or around, the vendor's own handling.
 * `reset`: the connection breaks before anything is stored. `reset_after`: it is stored, and then the connection breaks.
 * `slow_body`: it is stored, and the answer's body comes in pieces. `hang`: no answer ever.
 */
export type Fault = VendorAnswer | 'reset' | 'reset_after' | 'slow_body' | 'hang'

export abstract class VendorFake implements AsyncDisposable {
  /** Messages that the vendor has stored, in order. What a message is, the vendor's file says: the text of a record. */
  readonly stored: string[] = []
  /** Documented limits and rules that a request has broken. A test that sends only good things wants none. */
  readonly violations: string[] = []
  /** Taken one by one. */
  readonly faults: Fault[] = []
  readonly requests: VendorRequest[] = []
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('error', () => undefined)
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const raw = Buffer.concat(chunks)
      const { method = '', url: path = '', headers } = request
      this.#answer({ method, path, headers, raw, body: decompress(raw, headers['content-encoding']) }, response)
    })
  })

  /** The vendor's own rules: checks the request, stores what it takes, and answers. */
  protected abstract handle(request: VendorRequest): VendorAnswer | Promise<VendorAnswer>

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Notes a broken rule and makes the answer to it. */
  protected violation(what: string, answer: VendorAnswer): VendorAnswer {
    this.violations.push(what)
    return answer
  }

  async #answer(request: VendorRequest, response: ServerResponse): Promise<void> {
    this.requests.push(request)
    const fault = this.faults.shift()
    if (fault === 'hang') return
    if (fault === 'reset') return void response.socket?.resetAndDestroy()
    const answer = typeof fault === 'object' ? fault : await this.handle(request)
    if (fault === 'reset_after') return void response.socket?.resetAndDestroy()
    response.writeHead(answer.status, answer.headers ?? {})
    if (fault !== 'slow_body') return void response.end(answer.body ?? '')
    response.flushHeaders()
    setTimeout(() => response.end(answer.body ?? ''), 30)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

function decompress(raw: Buffer, encoding: string | undefined): Buffer {
  if (encoding === 'gzip') return gunzipSync(raw)
  if (encoding === 'zstd') return zstdDecompressSync(raw)
  return raw
}

/** What every fake shows, whatever it speaks. */
export interface Fake extends AsyncDisposable {
  readonly stored: readonly string[]
  readonly violations: readonly string[]
  /** What happens to the next things it is sent. */
  readonly faults: unknown[]
}

/** What the delivery conformance suite needs to know of an output and its vendor. */
export interface Vendor<Kind extends Fake = VendorFake> {
  definition: OutputDefinition
  /** Of an output that is in the suite several times: what tells it from the others. */
  variant?: string
  /** What its records are; `logs` without it. */
  signal?: Signal
  /** A block with a record for each line, from which the fake can tell the line; lines of text without it. */
  block?(lines: readonly string[], nowMs: number): Block
  start(): Promise<Kind>
  /** Options with which the output sends to the fake. */
  options(fake: Kind): Record<string, unknown>
}
