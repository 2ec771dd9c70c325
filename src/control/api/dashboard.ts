/**
 * The dashboard under `/ui/`: the files of its built folder, and its page for every address below that is no file, for the page
 * itself knows its addresses.
 */
import { randomBytes } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Access, foreignPage } from '../access/authenticator.ts'
import { type DashboardFile, DashboardFolder, type Encoding } from './dashboard-files.ts'
import { waitingPage } from './dashboard-waiting.ts'
import { Problem } from './problem.ts'

/** What there is to serve now. */
export type DashboardState =
  | { kind: 'ready'; folder: string }
  | { kind: 'building' }
  | { kind: 'failed'; reason: string }

export interface Dashboard {
  state(): Promise<DashboardState>
}

export interface DashboardOptions {
  dashboard: Dashboard
  access: Pick<Access, 'mode' | 'hosts'>
}

const PREFIX = '/ui/'
/** In `ui/index.html`, where the nonce of a response goes. */
const NONCE_MARK = '{{csp-nonce}}'
const RETRY_SECONDS = 2

const route = { config: { permission: 'public' as const }, schema: { hide: true } }

export async function dashboardRoutes(app: FastifyInstance, { dashboard, access }: DashboardOptions): Promise<void> {
  let folder: DashboardFolder | undefined
  app.get('/', route, async (request, reply) =>
    acceptsPages(request) ? reply.redirect(PREFIX, 302) : reply.callNotFound(),
  )
  app.get('/ui', route, async (_request, reply) => reply.redirect(PREFIX, 302))
  app.get<{ Params: { '*': string } }>(`${PREFIX}*`, route, async (request, reply) => {
    requireOwnName(request, access)
    reply.headers(HEADERS)
    const state = await dashboard.state()
    if (state.kind !== 'ready') {
      if (state.kind === 'building') reply.header('retry-after', RETRY_SECONDS)
      reply.code(503).header('cache-control', 'no-store')
      return sendPage(reply, waitingPage(state, NONCE_MARK, RETRY_SECONDS), { mayScript: true })
    }
    if (folder?.path !== state.folder) folder = new DashboardFolder(state.folder)
    return await sendFrom(folder, request.params['*'], request, reply)
  })
}

/** Links of invitations lead to `/setup#token=…`; browsers keep what stands behind the `#`. */
export async function setupRedirect(app: FastifyInstance, { dashboard }: { dashboard?: Dashboard }): Promise<void> {
  app.get('/setup', route, async (_request, reply) => {
    if (dashboard === undefined)
      throw new Problem(404, 'the dashboard is switched off; POST /api/v1/setup takes the token')
    return reply.header('referrer-policy', 'no-referrer').redirect(`${PREFIX}setup`, 302)
  })
}

/** An open controller has no other guard against pages of foreign names that lead to this machine. */
function requireOwnName(request: FastifyRequest, { mode, hosts }: Pick<Access, 'mode' | 'hosts'>): void {
  if (mode !== 'open') return
  const reason = foreignPage('GET', request.headers, request.socket.localAddress, hosts)
  if (reason !== undefined) throw new Problem(403, reason)
}

async function sendFrom(folder: DashboardFolder, path: string, request: FastifyRequest, reply: FastifyReply) {
  const isDoubtful = path.split('/').some((name) => name.startsWith('.') || name.includes('\\'))
  if (isDoubtful) return reply.callNotFound()
  const isPage = path === '' || path === 'index.html'
  const file = isPage ? undefined : await folder.find(path, encodingsOf(request))
  if (file !== undefined) return sendFile(file, path, request, reply)
  if (!isPage && isAsset(path, request)) return reply.header('cache-control', 'no-store').callNotFound()
  const page = await folder.page()
  if (page === undefined) throw new Problem(503, 'the dashboard is being replaced; try again in a moment')
  reply.headers({ 'cache-control': 'no-cache', etag: page.etag })
  // Without a policy: what the browser has keeps the one that it came with, and so the nonce in both stays the same.
  if (request.headers['if-none-match'] === page.etag) return reply.code(304).send()
  return sendPage(reply, page.html)
}

function sendFile(file: DashboardFile, path: string, request: FastifyRequest, reply: FastifyReply) {
  const caching = path.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
  reply.headers({ 'cache-control': caching, etag: file.etag, vary: 'accept-encoding' })
  reply.header('content-security-policy', policy())
  if (request.headers['if-none-match'] === file.etag) return reply.code(304).send()
  if (file.encoding !== undefined) reply.header('content-encoding', file.encoding)
  return reply.type(file.type).send(file.body)
}

/**
 * With a nonce of its own for libraries that put `<style>` elements into the page: the editor, and what locks scrolling. The page's
 * scripts may read it, which a nonce for scripts would have to forbid; it allows styles alone, and only the page's own scripts run.
 */
function sendPage(reply: FastifyReply, html: string, { mayScript = false } = {}) {
  const nonce = randomBytes(16).toString('base64')
  const extra = ` 'nonce-${nonce}'`
  reply.header('content-security-policy', policy(extra, mayScript ? extra : ''))
  return reply.type('text/html; charset=utf-8').send(html.replaceAll(NONCE_MARK, nonce))
}

/** Isolated from other sites, so that its worker may share memory with it. */
const HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
}

/** Files have it too: a worker goes by the policy of its own file. */
function policy(styles = '', scripts = ''): string {
  return [
    "default-src 'none'",
    `script-src 'self'${scripts}`,
    `style-src 'self'${styles}`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    // The one policy is that of ui/public/policy.js.
    "require-trusted-types-for 'script'",
    'trusted-types default',
  ].join('; ')
}

/** Names of gateways end in `.com`, so an ending alone makes no asset of what somebody navigates to. */
function isAsset(path: string, request: FastifyRequest): boolean {
  if (path.startsWith('assets/')) return true
  return !acceptsPages(request) && /\.(js|css|map|svg|png|ico|json|woff2|wasm|txt|webmanifest)$/.test(path)
}

function acceptsPages({ headers }: FastifyRequest): boolean {
  return headers.accept?.includes('text/html') === true
}

/** The smaller first. */
function encodingsOf({ headers }: FastifyRequest): Encoding[] {
  const accepted = String(headers['accept-encoding'] ?? '')
    .split(',')
    .flatMap((entry) => {
      const [name, weight] = entry.split(';').map((part) => part.trim().toLowerCase())
      return weight !== undefined && Number(weight.replace('q=', '')) === 0 ? [] : [name]
    })
  return (['br', 'gzip'] as const).filter((name) => accepted.includes(name))
}
