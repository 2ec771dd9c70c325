/** One's own account: name and permissions, password, sessions, second factor. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import * as contract from '#contract/access.ts'
import { problem } from '#contract/api.ts'
import { sessionOf, type Visit } from '../access/authenticator.ts'
import { prove } from '../access/login.ts'
import { closeSessions, type SessionRow, sessionEnd, sessionsOf } from '../access/sessions.ts'
import { dropTotp, newEnrolment, newRecoveryCodes, sealTotp, takeStep, totpStep } from '../access/totp.ts'
import { userOf } from '../access/users.ts'
import { type AccessContext, hashing, hashOfNew, tooManyAttempts } from './hashing.ts'
import { meBody } from './login-routes.ts'
import { keyFrom, pageOf, pageQuery, toPage } from './paging.ts'
import { Problem } from './problem.ts'
import { change, writeQuery } from './writing.ts'

const tags = ['access']
const idInPath = z.object({ id: z.string().max(64) })
const done = z.object({ status: z.literal('done') })

export async function meRoutes(instance: FastifyInstance, context: AccessContext): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>()
  const { db, clock, box, access } = context
  const config = { permission: 'self', idempotent: false } as const

  const read = { summary: 'Who one is, and what one may', tags, response: { 200: contract.me, '4xx': problem } }
  app.get('/me', { config, schema: read }, (request) => meBody(access, request.principal, sessionOf(request)))

  const password = {
    summary: 'Change the password',
    description: 'Ends all other sessions.',
    tags,
    querystring: writeQuery,
    body: contract.passwordChange,
    response: { 200: done, '4xx': problem, 503: problem },
  }
  app.post('/me/password', { config, schema: password }, async (request, reply) => {
    const { user, session } = visitOf(request)
    await mustProve(context, request, reply, { password: request.body.password })
    const passwordHash = await hashOfNew(
      reply,
      access.passwords,
      request.body.new_password,
      user.email,
      '/new_password',
    )
    return await change(context, request, async (tx) => {
      await tx
        .updateTable('users')
        .set({ password_hash: passwordHash })
        .where('org_id', '=', user.org_id)
        .where('id', '=', user.id)
        .execute()
      await closeSessions(tx, user.org_id, user.id, session.id)
      return { result: { status: 'done' as const }, audit: { action: 'user.password', object: `users/${user.id}` } }
    })
  })

  const sessions = {
    summary: "One's own sessions",
    tags,
    querystring: pageQuery,
    response: { 200: pageOf(contract.session), '4xx': problem },
  }
  app.get('/me/sessions', { config, schema: sessions }, async (request) => {
    const { user, session } = visitOf(request)
    const { limit, cursor } = request.query
    const before = keyFrom(cursor, 'string')
    const rows = await sessionsOf(db, user.org_id, user.id, clock.wall(), before, limit + 1)
    return toPage(
      rows,
      limit,
      ({ id }) => id,
      (row) => sessionBody(row, session.id),
    )
  })

  const revoke = {
    summary: "End one of one's own sessions",
    tags,
    params: idInPath,
    querystring: writeQuery,
    response: { 200: done, '4xx': problem },
  }
  app.post('/me/sessions/:id/revoke', { config: { permission: 'self' }, schema: revoke }, async (request) => {
    const { user } = visitOf(request)
    const { id } = request.params
    return await change(context, request, async (tx) => {
      const ended = await tx
        .deleteFrom('sessions')
        .where('org_id', '=', user.org_id)
        .where('user_id', '=', user.id)
        .where('id', '=', id)
        .executeTakeFirst()
      if (Number(ended.numDeletedRows) === 0) throw new Problem(404, `there is no session "${id}"`)
      const audit = { action: 'session.revoke', object: `users/${user.id}/sessions/${id}` }
      return { result: { status: 'done' as const }, audit }
    })
  })

  const enrol = {
    summary: 'Begin to set up a second factor',
    description: 'It is in force when a code of it has been sent to `/me/totp/confirm`.',
    tags,
    querystring: writeQuery,
    body: contract.passwordProof,
    response: { 200: contract.totpEnrolment, '4xx': problem, 503: problem },
  }
  app.post('/me/totp', { config, schema: enrol }, async (request, reply) => {
    const { user } = visitOf(request)
    await mustProve(context, request, reply, request.body)
    const enrolment = await newEnrolment(user.email)
    return await change(context, request, async (tx) => {
      const changed = await tx
        .updateTable('users')
        .set({ totp_sealed: sealTotp(box, user, enrolment.secret), totp_last_step: 0 })
        .where('org_id', '=', user.org_id)
        .where('id', '=', user.id)
        .where('totp_confirmed', '=', 0)
        .executeTakeFirst()
      if (Number(changed.numUpdatedRows) === 0)
        throw new Problem(409, 'there is a second factor already; switch it off first')
      return { result: enrolment, audit: { action: 'totp.enrol', object: `users/${user.id}` } }
    })
  })

  const confirm = {
    summary: 'Put the second factor into force',
    tags,
    querystring: writeQuery,
    body: contract.totpConfirmation,
    response: { 200: contract.recoveryCodes, '4xx': problem },
  }
  app.post('/me/totp/confirm', { config, schema: confirm }, async (request) => {
    const { org, id } = visitOf(request).principal
    return await change(context, request, async (tx) => {
      const user = await userOf(tx, org, id)
      if (user.totp_sealed === null || user.totp_confirmed === 1)
        throw new Problem(409, 'there is no second factor that waits for this; begin with POST /api/v1/me/totp')
      const step = await totpStep(box, user, request.body.code.replace(/\s/g, ''), clock.wall())
      if (step === undefined || !(await takeStep(tx, user, step)))
        throw new Problem(422, 'the code is not right; look whether the clock of the device is', [
          { pointer: '/code', detail: 'is not right' },
        ])
      await tx.updateTable('users').set({ totp_confirmed: 1 }).where('org_id', '=', org).where('id', '=', id).execute()
      const codes = await newRecoveryCodes(tx, user)
      return { result: { recovery_codes: codes }, audit: { action: 'totp.confirm', object: `users/${id}` } }
    })
  })

  const renew = {
    summary: 'New recovery codes in place of the old ones',
    tags,
    querystring: writeQuery,
    body: contract.totpProof,
    response: { 200: contract.recoveryCodes, '4xx': problem, 503: problem },
  }
  app.post('/me/totp/recovery-codes', { config, schema: renew }, async (request, reply) => {
    const { user } = visitOf(request)
    mustHaveTotp(user)
    await mustProve(context, request, reply, request.body)
    return await change(context, request, async (tx) => {
      const codes = await newRecoveryCodes(tx, user)
      return { result: { recovery_codes: codes }, audit: { action: 'totp.recovery_codes', object: `users/${user.id}` } }
    })
  })

  const disable = {
    summary: 'Switch the second factor off',
    tags,
    querystring: writeQuery,
    body: contract.totpProof,
    response: { 200: done, '4xx': problem, 503: problem },
  }
  app.post('/me/totp/disable', { config, schema: disable }, async (request, reply) => {
    const { user } = visitOf(request)
    mustHaveTotp(user)
    await mustProve(context, request, reply, request.body)
    return await change(context, request, async (tx) => {
      await dropTotp(tx, user.org_id, user.id)
      return { result: { status: 'done' as const }, audit: { action: 'totp.disable', object: `users/${user.id}` } }
    })
  })
}

/** 403 for keys and for whoever uses an open controller: they have no account. */
function visitOf(request: FastifyRequest): Visit & { principal: FastifyRequest['principal'] } {
  const visit = sessionOf(request)
  if (visit === undefined) throw new Problem(403, 'this is for users who have logged in')
  return { ...visit, principal: request.principal }
}

function mustHaveTotp({ totp_confirmed }: Visit['user']): void {
  if (totp_confirmed === 0) throw new Problem(409, 'there is no second factor')
}

async function mustProve(
  context: AccessContext,
  request: FastifyRequest,
  reply: FastifyReply,
  credentials: { password: string; code?: string },
): Promise<void> {
  const { user } = visitOf(request)
  const { passwords } = context.access
  const proof = await hashing(reply, () => prove(context, passwords, user, credentials, request.ip))
  if (proof === 'right') return
  if (proof === 'wrong') throw new Problem(403, 'the password or the code is not right')
  throw tooManyAttempts(reply, proof.lockedMs)
}

function sessionBody(row: SessionRow, current: string) {
  const { id, created_at, used_at, address, client } = row
  return { id, created_at, used_at, expires_at: sessionEnd(row), address, client, current: id === current }
}
