/** How a listener says no: `application/problem+json` (RFC 9457), or in the words of the source that was meant. */
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Headers, Worded } from '#component/exchange.ts'

/** Come again soon. */
export const RETRY_AFTER: Headers = { 'retry-after': '1' }

export function problem(status: number, detail: string): Worded {
  const body = `${JSON.stringify({ title: STATUS_CODES[status] ?? 'Error', status, detail })}\n`
  return { type: 'application/problem+json', body }
}

/** For requests that never became one: there is only the socket to answer on. It is closed. */
export function answerOnSocket(socket: Duplex, status: number, detail: string): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const { type, body } = problem(status, detail)
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: ${type}\r\n`
  socket.end(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`, () => socket.destroy())
}
