/** Finds out who asks: an API key, a session's cookie, or, where the controller is open, nobody in particular. */
import { timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import type { FastifyRequest } from 'fastify'
import type { AuthMode } from '#contract/access.ts'
import type { Authenticate } from '../api/guard.ts'
import { Problem } from '../api/problem.ts'
import type { ControlContext } from '../context.ts'
import { principalOfKey } from './keys.ts'
import type { Passwords } from './passwords.ts'
import { openPrincipal, type Principal } from './principal.ts'
import { csrfTokenOf, findSession, type Origin, type SessionRow, sessionTokenIn, type UserRow } from './sessions.ts'
import { requiresTotp } from './totp.ts'
import { principalOf } from './users.ts'

/** How people and programs get in. */
export interface Access {
  mode: AuthMode
  /** The API is reached over TLS: cookies go nowhere else. */
  secureCookies: boolean
  passwords: Passwords
  /** Names beside `localhost` that an open controller on a loopback address may be called by. */
  hosts?: readonly string[]
}

/** A session that a request came with. */
export interface Visit {
  token: string
  session: SessionRow
  user: UserRow
  /** Nothing but setting up a second factor is allowed. */
  needsTotp: boolean
}

const CLIENTS = ['ui', 'cli', 'api']
/** Nobody else's name server can say where it leads. */
const ownName = hostname().toLowerCase()
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS']
const visits = new WeakMap<FastifyRequest, Visit>()

export function authenticator(context: ControlContext, access: Pick<Access, 'mode' | 'hosts'>): Authenticate {
  return async (request) => {
    const via = viaOf(request)
    const [, key] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? []
    if (key !== undefined) return await principalOfKey(context, key, via)
    const visit = await visitOf(context, request)
    if (visit !== undefined) return admitVisit(request, visit, via)
    if (access.mode !== 'open') return undefined
    const foreign = foreignPage(request.method, request.headers, request.socket.localAddress, access.hosts)
    if (foreign !== undefined) throw new Problem(403, foreign)
    return { ...openPrincipal, via }
  }
}

/** Undefined: the request came without a session, such as with a key. */
export function sessionOf(request: FastifyRequest): Visit | undefined {
  return visits.get(request)
}

/** Also of requests that nobody has authenticated, such as a login. */
export function originOf(request: FastifyRequest): Origin {
  return {
    address: request.ip,
    client: request.headers['user-agent'] ?? '',
    via: viaOf(request),
    token: sessionTokenIn(request.headers.cookie),
  }
}

/**
 * Why a page of somebody else may not use an open controller; undefined when it is none. Browsers let every page send
 * requests to a loopback address, and read the answers where its own name leads there (DNS rebinding).
 */
export function foreignPage(
  method: string,
  headers: FastifyRequest['headers'],
  localAddress: string | undefined,
  hosts: readonly string[] = [],
): string | undefined {
  const host = URL.parse(`http://${headers.host ?? ''}`)
  const name = host?.hostname.replace(/^\[|\]$/g, '') ?? ''
  const isLoopback = /^(::ffff:)?127\.|^::1$/.test(localAddress ?? '')
  const isOurs = isIP(name) > 0 || name.endsWith('.localhost') || ['localhost', ownName, ...hosts].includes(name)
  if (isLoopback && !isOurs)
    return `an open controller on a loopback address answers to localhost, not to "${name}"; make it ask for credentials`
  if (SAFE_METHODS.includes(method)) return undefined
  const site = headers['sec-fetch-site']
  const origin = headers.origin === undefined ? undefined : URL.parse(headers.origin)
  const isForeign = (site !== undefined && site !== 'same-origin' && site !== 'none') || origin === null
  if (isForeign || (origin !== undefined && origin?.host !== host?.host))
    return 'pages of other sites may change nothing at an open controller'
  return undefined
}

async function visitOf(context: ControlContext, request: FastifyRequest): Promise<Visit | undefined> {
  const token = sessionTokenIn(request.headers.cookie)
  if (token === undefined) return undefined
  const found = await findSession(context.db, token, context.clock.wall())
  if (found === undefined) return undefined
  const needsTotp = found.user.totp_confirmed === 0 && (await requiresTotp(context.db, found.user.org_id))
  return { token, ...found, needsTotp }
}

/** Throws a `Problem` for a write without the CSRF token, and for anything but a second factor where one is missing. */
function admitVisit(request: FastifyRequest, visit: Visit, via: string): Principal {
  visits.set(request, visit)
  if (!SAFE_METHODS.includes(request.method) && !isSame(request.headers['x-csrf-token'], csrfTokenOf(visit.token)))
    throw new Problem(403, 'a write with the cookie needs the header x-csrf-token; GET /api/v1/me says which')
  const principal = principalOf(visit.user, via)
  if (!visit.needsTotp) return principal
  if (request.routeOptions.config.permission !== 'self')
    throw new Problem(403, 'your organisation asks for a second factor; set one up with POST /api/v1/me/totp')
  return { ...principal, permissions: new Set(['self' as const]) }
}

function isSame(sent: string | string[] | undefined, expected: string): boolean {
  if (typeof sent !== 'string') return false
  const [a, b] = [Buffer.from(sent), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}

function viaOf(request: FastifyRequest): string {
  const client = request.headers['x-streamgate-client']
  return typeof client === 'string' && CLIENTS.includes(client) ? client : 'api'
}
