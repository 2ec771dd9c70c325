/** One request that a handler has, and its answer. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type {
  BodyFailure,
  BodyLimits,
  BodyResult,
  Exchange,
  Expected,
  Headers,
  WordRefusal,
} from '#component/exchange.ts'
import type { RejectReason } from '#component/source.ts'
import { viewOf } from '#std/bytes.ts'
import { Body, type ContentEncoding, contentEncodings, DISCARDED_BYTES_MAX, readBody } from './body.ts'
import { clientSubjectOf } from './client-subject.ts'
import { RETRY_AFTER } from './problem.ts'
import { declaredSnappyLength, unsnappy } from './snappy.ts'

/** What is known of a connection. */
export interface Peer {
  readonly origin: number
  readonly overLimit: boolean
  /** The newest request whose body was asked for. */
  reading: IncomingMessage | null
  /** Settles when all requests so far have been answered. */
  answered: Promise<unknown>
  /** It ran out of time. */
  timedOut: boolean
  /** It has been told that what it sends is no HTTP; whatever else it sends says nothing new. */
  broken: boolean
}

const failures: Record<BodyFailure, { status: number; reason: RejectReason; headers: Headers }> = {
  body_too_large: { status: 413, reason: 'body_too_large', headers: {} },
  malformed: { status: 400, reason: 'malformed', headers: {} },
  unsupported_encoding: { status: 415, reason: 'unsupported_encoding', headers: {} },
  overload: { status: 503, reason: 'overload', headers: RETRY_AFTER },
  timeout: { status: 408, reason: 'timeout', headers: {} },
  aborted: { status: 400, reason: 'malformed', headers: {} },
}

export class HttpExchange implements Exchange {
  readonly method: string
  readonly path: string
  readonly params: Readonly<Record<string, string>>
  readonly headers: IncomingHttpHeaders
  readonly origin: number
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #peer: Peer
  readonly #word: WordRefusal
  /** The client waits for our consent before it sends the body. */
  #expects: boolean
  #isRead = false
  #isAnswered = false

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    peer: Peer,
    about: { path: string; params: Readonly<Record<string, string>>; expects: boolean; word: WordRefusal },
  ) {
    this.method = request.method ?? ''
    this.path = about.path
    this.params = about.params
    this.headers = request.headers
    this.origin = peer.origin
    this.#request = request
    this.#response = response
    this.#peer = peer
    this.#word = about.word
    this.#expects = about.expects
  }

  get query(): URLSearchParams {
    const url = this.#request.url ?? ''
    const mark = url.indexOf('?')
    return new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1))
  }

  get remoteAddress(): string {
    return this.#request.socket.remoteAddress ?? ''
  }

  get clientSubject(): string | undefined {
    return clientSubjectOf(this.#request.socket)
  }

  get declaredBytes(): number {
    return Number(this.headers['content-length'] ?? 0)
  }

  get isGone(): boolean {
    return this.#response.destroyed
  }

  get isAnswered(): boolean {
    return this.#isAnswered
  }

  async body(limits: BodyLimits, expected: Expected = {}): Promise<BodyResult> {
    const encoding = this.#encoding(expected)
    if (encoding === undefined) {
      const names = namesOf(expected)
      const failed = failure('unsupported_encoding', `Content encodings that are taken: ${names}.`, this.declaredBytes)
      return { ...failed, headers: { 'accept-encoding': names } }
    }
    if (this.declaredBytes > limits.bodyBytesMax) {
      return failure('body_too_large', `The body has more than ${limits.bodyBytesMax} bytes.`, this.declaredBytes)
    }
    this.#isRead = true
    this.#peer.reading = this.#request
    if (this.#expects) this.#response.writeContinue()
    this.#expects = false
    const wire = encoding === 'snappy' ? 'identity' : encoding
    const read = await readBody(this.#request, wire, limits, expected.asSent)
    if (read.ok) return encoding === 'snappy' ? await expand(read.body, read.wireBytes, limits) : read
    const why = read.failure === 'aborted' && this.#peer.timedOut ? 'timeout' : read.failure
    return failure(why, read.detail, read.wireBytes)
  }

  answer(status: number, headers: Headers, body: string | Uint8Array = ''): void {
    if (this.#isAnswered) return
    this.#isAnswered = true
    if (!this.#response.destroyed) {
      const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length
      const framing = status === 204 || status === 304 ? {} : { 'content-length': length }
      // A client that waits has sent no body: the connection has nothing to be cleared of.
      const closing = this.#expects ? { connection: 'close' } : {}
      this.#response.writeHead(status, { ...framing, ...headers, ...closing })
      this.#response.end(body)
    }
    if (!this.#isRead) discard(this.#request)
  }

  refuse(status: number, detail: string, headers: Headers = {}): void {
    const worded = this.#word(status, detail)
    this.answer(status, { 'content-type': worded.type, ...worded.headers, ...headers }, worded.body)
  }

  #encoding({ snappy }: Expected): ContentEncoding | 'snappy' | undefined {
    const name = (this.headers['content-encoding'] ?? 'identity').trim().toLowerCase()
    if (snappy !== undefined && name === 'snappy') return 'snappy'
    if (snappy === 'assumed' && name === 'identity') return 'snappy'
    return contentEncodings.find((known) => known === name)
  }
}

function namesOf({ snappy }: Expected): string {
  return [...contentEncodings, ...(snappy === undefined ? [] : ['snappy'])].join(', ')
}

/** The content of a block of Snappy in the place of the block. */
async function expand(
  block: Body,
  wireBytes: number,
  { decompressedBytesMax, budget }: BodyLimits,
): Promise<BodyResult> {
  const refuse = (why: BodyFailure, detail: string) => {
    block.release()
    return failure(why, detail, wireBytes)
  }
  const length = declaredSnappyLength(block.bytes)
  if (length === undefined) return refuse('malformed', 'The body is not valid snappy.')
  if (length > decompressedBytesMax) {
    return refuse('body_too_large', `The body has more than ${decompressedBytesMax} bytes when decompressed.`)
  }
  if (!budget.take(length)) return refuse('overload', 'Too many bodies are being received at once.')
  const content = await unsnappy(block.bytes)
  if (content === undefined) {
    budget.giveBack(length)
    return refuse('malformed', 'The body is not valid snappy.')
  }
  block.release()
  return { ok: true, body: new Body(budget, viewOf(content)), wireBytes }
}

function failure(failure: BodyFailure, detail: string, wireBytes: number): BodyResult & { ok: false } {
  return { ok: false, failure, ...failures[failure], detail, wireBytes }
}

/** Reads on, so that the client gets to see the answer; but not for ever. */
function discard(request: IncomingMessage): void {
  let length = 0
  request.on('data', (chunk: Uint8Array) => {
    length += chunk.length
    if (length > DISCARDED_BYTES_MAX) request.destroy()
  })
  request.on('error', () => undefined)
}
