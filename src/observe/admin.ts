/** The node's admin port: metrics, health, readiness and the books, for operators and probes; and what was kept, for this machine alone. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { StreamgateError } from '#contract/error.ts'
import type { NodeStats } from '#contract/stats.ts'
import { answerKept, type KeptRecords, keptPaths } from './admin-routes.ts'
import { renderMetrics } from './metrics.ts'

export interface AdminOptions {
  host: string
  /** 0 takes a free one. */
  port: number
  stats(): NodeStats
  ready(): { ready: boolean; reason?: string }
  /** Undefined while the node keeps nothing. */
  kept?(): KeptRecords | undefined
}

export interface Admin {
  /** Such as `http://127.0.0.1:8083`. */
  address: string
  close(): Promise<void>
}

const REQUEST_TIMEOUT_MS = 10_000
const CONNECTIONS_MAX = 64

/** Rejects with `SG_LISTEN`. */
export async function startAdmin(options: AdminOptions): Promise<Admin> {
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0] ?? '/'
    const answer = answers[path]
    if (answer === undefined) return void respondKept(options, request, response)
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD')
      return respond(response, 405, 'text/plain', 'only GET\n')
    }
    answer(options, response)
  })
  server.requestTimeout = REQUEST_TIMEOUT_MS
  server.maxConnections = CONNECTIONS_MAX
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const remedy = 'free the port, or set another with --admin-port or ADMIN_PORT'
      const message = `the admin port cannot listen on ${options.host}:${options.port}: ${error.message}; ${remedy}`
      reject(new StreamgateError('SG_LISTEN', message, { cause: error }))
    })
    server.listen(options.port, options.host, resolve)
  })
  const { address, family, port } = server.address() as AddressInfo
  return {
    address: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const answers: Record<string, (options: AdminOptions, response: ServerResponse) => void> = {
  '/metrics': ({ stats }, response) =>
    respond(response, 200, 'text/plain; version=0.0.4; charset=utf-8', renderMetrics(stats())),
  '/healthz': (_options, response) => respond(response, 200, 'application/json', '{"status":"ok"}\n'),
  '/readyz': ({ ready }, response) => {
    const state = ready()
    respond(response, state.ready ? 200 : 503, 'application/json', `${JSON.stringify(state)}\n`)
  },
  '/stats': ({ stats }, response) => respond(response, 200, 'application/json', `${JSON.stringify(stats())}\n`),
}

async function respondKept(options: AdminOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const answer = await answerKept(request, options.kept?.())
  if (answer === undefined) {
    const known = [...Object.keys(answers), ...keptPaths]
    return respond(response, 404, 'text/plain', `known: ${known.join(', ')}\n`)
  }
  respond(response, answer.status, 'application/json', `${JSON.stringify(answer.body)}\n`)
}

function respond(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  })
  response.end(body)
}
