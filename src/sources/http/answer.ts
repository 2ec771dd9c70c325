/** What the HTTP source answers: small JSON, and errors as `application/problem+json` (RFC 9457). */
import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

export type Headers = Record<string, string>

export function answerAccepted(response: ServerResponse, bytes: number): void {
  answer(response, 202, 'application/json', `{"accepted_bytes":${bytes}}\n`)
}

export function answer(
  response: ServerResponse,
  status: number,
  type: string,
  body: string,
  headers: Headers = {},
): void {
  if (response.destroyed) return
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body), ...headers })
  response.end(body)
}

export function answerProblem(response: ServerResponse, status: number, detail: string, headers: Headers = {}): void {
  answer(response, status, PROBLEM, problem(status, detail), headers)
}

/** For requests that never became one: there is only the socket to answer on. It is closed. */
export function answerOnSocket(socket: Duplex, status: number, detail: string): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const body = problem(status, detail)
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: ${PROBLEM}\r\n`
  socket.end(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`, () => socket.destroy())
}

const PROBLEM = 'application/problem+json'

function problem(status: number, detail: string): string {
  return `${JSON.stringify({ title: STATUS_CODES[status] ?? 'Error', status, detail })}\n`
}
