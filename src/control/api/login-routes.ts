/** The way in and out: login, the first owner, logout. */
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import * as contract from '#contract/access.ts'
import { problem } from '#contract/api.ts'
import { type Access, originOf, sessionOf } from '../access/authenticator.ts'
import { logIn } from '../access/login.ts'
import type { Principal } from '../access/principal.ts'
import { closeSession, csrfTokenOf, sessionCookie, type UserRow } from '../access/sessions.ts'
import { setUp } from '../access/setup.ts'
import { requiresTotp } from '../access/totp.ts'
import { hasUsers, principalOf } from '../access/users.ts'
import { type Db, DEFAULT_ORG } from '../store/database.ts'
import { type AccessContext, hashing, tooManyAttempts } from './hashing.ts'
import { Problem } from './problem.ts'
import { change, writeQuery } from './writing.ts'

const tags = ['access']

export async function loginRoutes(instance: FastifyInstance, context: AccessContext): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>()
  const { db, access } = context
  const config = { permission: 'public', idempotent: false } as const

  const state = { summary: 'What a login page needs to know', tags, response: { 200: contract.loginState } }
  app.get('/login', { config, schema: state }, async () => ({
    auth_mode: access.mode,
    has_users: await hasUsers(db, DEFAULT_ORG),
  }))

  const login = {
    summary: 'Log in',
    description:
      'Opens a session in the cookie `sg_session`. Does not say which of address, password and code is wrong.',
    tags,
    body: contract.loginBody,
    response: { 200: contract.me, '4xx': problem, 503: problem },
  }
  app.post('/login', { config, schema: login }, async (request, reply) => {
    const outcome = await hashing(reply, () => logIn(context, access.passwords, request.body, originOf(request)))
    if (outcome.kind === 'locked') throw tooManyAttempts(reply, outcome.lockedMs)
    if (outcome.kind === 'wrong') throw new Problem(401, 'the e-mail address, the password or the code is wrong')
    void reply.header('set-cookie', sessionCookie(outcome.token, access.secureCookies))
    return await meAfterLogin(db, access, outcome)
  })

  const setup = {
    summary: 'Set the password with a one-time link, and log in',
    description: 'The link that the controller prints at its first start makes the first owner.',
    tags,
    body: contract.setupBody,
    response: { 200: contract.me, '4xx': problem, 503: problem },
  }
  app.post('/setup', { config, schema: setup }, async (request, reply) => {
    const done = await hashing(reply, () => setUp(context, access.passwords, request.body, originOf(request)))
    void reply.header('set-cookie', sessionCookie(done.token, access.secureCookies))
    return await meAfterLogin(db, access, done)
  })

  const logout = {
    summary: 'Log out',
    tags,
    querystring: writeQuery,
    response: { 200: z.object({ status: z.literal('logged_out') }), '4xx': problem },
  }
  app.post('/logout', { config: { permission: 'self', idempotent: false }, schema: logout }, async (request, reply) => {
    const visit = sessionOf(request)
    if (visit === undefined) throw new Problem(409, 'there is no session to end')
    await change(context, request, async (tx) => {
      await closeSession(tx, visit.token)
      return { result: undefined, audit: { action: 'logout', object: `users/${visit.user.id}` } }
    })
    if (!request.query.dry_run) void reply.header('set-cookie', sessionCookie(undefined, access.secureCookies))
    return { status: 'logged_out' as const }
  })
}

/** `visit`: the session, where there is one. */
export function meBody(
  { mode }: Access,
  principal: Principal,
  visit: { token: string; user: UserRow; needsTotp: boolean } | undefined,
): contract.Me {
  return {
    name: principal.name,
    kind: principal.kind,
    role: principal.role,
    permissions: contract.permissions.filter((permission) => principal.permissions.has(permission)),
    org: principal.org,
    totp: visit?.user.totp_confirmed === 1,
    totp_required: visit?.needsTotp ?? false,
    csrf_token: visit === undefined ? null : csrfTokenOf(visit.token),
    auth_mode: mode,
  }
}

async function meAfterLogin(db: Db, access: Access, { token, user }: { token: string; user: UserRow }) {
  const needsTotp = user.totp_confirmed === 0 && (await requiresTotp(db, user.org_id))
  const principal = principalOf(user, 'api')
  const allowed = needsTotp ? { ...principal, permissions: new Set(['self' as const]) } : principal
  return meBody(access, allowed, { token, user, needsTotp })
}
