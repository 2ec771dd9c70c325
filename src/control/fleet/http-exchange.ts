/** One request of an agent by plain HTTP: a message in the body, the answer in the response. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { createGunzip, gzipSync } from 'node:zlib'
import { decodeAgentToServer } from '#codecs/opamp/agent-to-server.ts'
import { ServerErrorType } from '#codecs/opamp/constants.ts'
import type { ServerToAgent } from '#codecs/opamp/messages.ts'
import { encodeServerToAgent } from '#codecs/opamp/server-to-agent.ts'
import { Admission } from './admission.ts'
import type { Fleet } from './fleet.ts'
import type { AgentConnection } from './live.ts'
import { refusal } from './session.ts'

export const CONTENT_TYPE = 'application/x-protobuf'
/** Shorter answers are not worth compressing. */
const COMPRESSED_BYTES_MIN = 1024

/** An answer that is no message. */
export interface Refused {
  status: number
  text: string
  headers?: Record<string, string>
}

export const overloaded = (text: string): Refused => ({
  status: 503,
  text,
  headers: { 'retry-after': Admission.retryAfter() },
})

/** What is wrong with the head of a request; undefined: nothing. */
export function refusedHead({ method, headers }: IncomingMessage, messageBytesMax: number): Refused | undefined {
  if (method !== 'POST')
    return {
      status: 405,
      text: `send messages by POST as ${CONTENT_TYPE}, or upgrade to a WebSocket`,
      headers: { allow: 'POST' },
    }
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (type !== CONTENT_TYPE) return { status: 415, text: `the content type must be ${CONTENT_TYPE}` }
  if (!['identity', 'gzip', 'x-gzip'].includes(encodingOf(headers['content-encoding'])))
    return {
      status: 415,
      text: 'the content encoding must be gzip or identity',
      headers: { 'accept-encoding': 'gzip, identity' },
    }
  if (Number(headers['content-length'] ?? 0) > messageBytesMax) return tooLong(messageBytesMax)
  return undefined
}

/** Reads, asks the fleet and answers. Rejects when the client went away. */
export async function exchange(
  request: IncomingMessage,
  response: ServerResponse,
  around: { fleet: Fleet; connection: AgentConnection; admission: Admission; messageBytesMax: number },
): Promise<void> {
  const { fleet, connection, admission, messageBytesMax } = around
  const body = await read(request, admission, messageBytesMax)
  if ('status' in body) return refuse(response, body)
  const decoded = decodeAgentToServer(body)
  if (!decoded.ok) {
    const text = `the message is ${decoded.error.code} at byte ${decoded.error.at}`
    return reply(request, response, 400, refusal(new Uint8Array(0), text), messageBytesMax)
  }
  const answer = await fleet.receive(connection, decoded.message)
  // Clients heed the status and its header; what stands in the message they only show.
  const isBusy = answer.errorResponse?.type === ServerErrorType.unavailable
  if (isBusy) response.setHeader('retry-after', Admission.retryAfter())
  reply(request, response, isBusy ? 503 : 200, answer, messageBytesMax)
}

export function refuse(response: ServerResponse, { status, text, headers }: Refused): void {
  const body = `${text}\n`
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    ...headers,
  })
  response.end(body)
}

function reply(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  message: ServerToAgent,
  messageBytesMax: number,
): void {
  const bytes = encodeServerToAgent(message)
  if (bytes.length > messageBytesMax) {
    refuse(response, { status: 500, text: 'the answer is longer than agents take' })
    return
  }
  const compress = bytes.length >= COMPRESSED_BYTES_MIN && takesGzip(request.headers['accept-encoding'])
  const body = compress ? gzipSync(bytes) : bytes
  response.setHeader('content-type', CONTENT_TYPE)
  response.setHeader('vary', 'accept-encoding')
  if (compress) response.setHeader('content-encoding', 'gzip')
  response.writeHead(status, { 'content-length': body.length }).end(body)
}

/** The limit counts after decompression. */
async function read(request: IncomingMessage, admission: Admission, bytesMax: number): Promise<Buffer | Refused> {
  const isPlain = encodingOf(request.headers['content-encoding']) === 'identity'
  const source: Readable = isPlain ? request : request.pipe(createGunzip())
  // An error of the request does not travel through a pipe.
  if (!isPlain) request.once('error', (error) => source.destroy(error)).once('aborted', () => source.destroy())
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    // The answer needs the socket still.
    for await (const chunk of source.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length
      admission.bodyBytes += chunk.length
      if (bytes > bytesMax) return tooLong(bytesMax)
      chunks.push(chunk)
    }
  } catch (error) {
    if (!isPlain && !request.readableAborted) return { status: 400, text: 'the body is not what gzip makes' }
    throw error
  } finally {
    admission.bodyBytes -= bytes
  }
  return Buffer.concat(chunks)
}

function tooLong(bytesMax: number): Refused {
  return { status: 413, text: `a message has ${bytesMax} bytes at most`, headers: { connection: 'close' } }
}

function encodingOf(header: string | undefined): string {
  const encoding = header?.trim().toLowerCase() ?? ''
  return encoding === '' ? 'identity' : encoding
}

/** RFC 9110, section 12.5.3, for this one encoding. */
export function takesGzip(header: string | string[] | undefined): boolean {
  const entries = [header].flat().join(',').toLowerCase().split(',')
  const weights = new Map(
    entries.map((entry) => {
      const [name, ...parameters] = entry.split(';').map((part) => part.trim())
      const q = parameters.find((parameter) => parameter.startsWith('q='))
      return [name, q === undefined ? 1 : Number(q.slice(2))]
    }),
  )
  return (weights.get('gzip') ?? weights.get('x-gzip') ?? weights.get('*') ?? 0) > 0
}
