/** Users of the organisation: for its owners. */
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import * as contract from '#contract/access.ts'
import { problem } from '#contract/api.ts'
import { normaliseEmail } from '../access/passwords.ts'
import { closeSessions } from '../access/sessions.ts'
import { issueToken } from '../access/setup.ts'
import { dropTotp } from '../access/totp.ts'
import { addUser, changeUser, lockOrg, removeUser, userBody, userOf, userState } from '../access/users.ts'
import { type AccessContext, hashOfNew } from './hashing.ts'
import { keyFrom, pageOf, pageQuery, toPage } from './paging.ts'
import { Problem } from './problem.ts'
import { change, etagOf, requireMatch, writeQuery } from './writing.ts'

const tags = ['users']
const idInPath = z.object({ id: z.string().max(64) })
const done = z.object({ status: z.literal('done') })

export async function userRoutes(instance: FastifyInstance, context: AccessContext): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>()
  const { db, clock, access } = context
  const config = { permission: 'admin' } as const

  const list = {
    summary: 'The users',
    tags,
    querystring: pageQuery,
    response: { 200: pageOf(contract.user), '4xx': problem },
  }
  app.get('/users', { config, schema: list }, async ({ principal: { org }, query: { limit, cursor } }) => {
    const rows = await db
      .selectFrom('users')
      .selectAll()
      .where('org_id', '=', org)
      .where('id', '>', keyFrom(cursor, 'string') ?? '')
      .orderBy('id')
      .limit(limit + 1)
      .execute()
    return toPage(rows, limit, ({ id }) => id, userBody)
  })

  const add = {
    summary: 'Add a user',
    description: 'Without a password the answer has a token, for the link `/setup#token=…`.',
    tags,
    querystring: writeQuery,
    body: contract.userAdded,
    response: { 200: contract.userAddedAnswer, '4xx': problem, 503: problem },
  }
  app.post('/users', { config: { ...config, idempotent: false }, schema: add }, async (request, reply) => {
    const { email, role, grants, password } = request.body
    const { org } = request.principal
    const passwordHash =
      password === undefined
        ? null
        : await hashOfNew(reply, access.passwords, password, normaliseEmail(email), '/password')
    return await change(context, request, async (tx) => {
      await lockOrg(tx, org)
      const now = clock.wall()
      const user = await addUser(tx, org, { email, role, grants, passwordHash }, now)
      const invitation = passwordHash === null ? await issueToken(tx, org, user.id, now) : null
      const detail = { email: user.email, role, grants }
      return {
        result: { user: userBody(user), invitation },
        audit: { action: 'user.add', object: `users/${user.id}`, detail },
      }
    })
  })

  const read = { summary: 'A user', tags, params: idInPath, response: { 200: contract.user, '4xx': problem } }
  app.get('/users/:id', { config, schema: read }, async ({ principal: { org }, params: { id } }, reply) => {
    const user = await userOf(db, org, id)
    void reply.header('etag', etagOf(userState(user)))
    return userBody(user)
  })

  const update = {
    summary: 'Change role, grants, or whether a user may come in',
    tags,
    params: idInPath,
    querystring: writeQuery,
    body: contract.userChanged,
    response: { 200: contract.user, '4xx': problem },
  }
  app.patch('/users/:id', { config, schema: update }, async (request, reply) => {
    const { org } = request.principal
    return await change(context, request, async (tx) => {
      await lockOrg(tx, org)
      const user = await userOf(tx, org, request.params.id)
      requireMatch(request, reply, etagOf(userState(user)))
      const changed = await changeUser(tx, user, request.body)
      void reply.header('etag', etagOf(userState(changed)))
      const detail = { email: user.email, from: shown(userBody(user)), to: shown(userBody(changed)) }
      return { result: userBody(changed), audit: { action: 'user.update', object: `users/${user.id}`, detail } }
    })
  })

  const remove = {
    summary: 'Remove a user, with their sessions and personal keys',
    tags,
    params: idInPath,
    querystring: writeQuery,
    response: { 200: done, '4xx': problem },
  }
  app.delete('/users/:id', { config, schema: remove }, async (request, reply) => {
    const { org } = request.principal
    return await change(context, request, async (tx) => {
      await lockOrg(tx, org)
      const user = await userOf(tx, org, request.params.id)
      requireMatch(request, reply, etagOf(userState(user)))
      await removeUser(tx, user)
      const audit = { action: 'user.remove', object: `users/${user.id}`, detail: { email: user.email } }
      return { result: { status: 'done' as const }, audit }
    })
  })

  const invite = {
    summary: 'A new one-time token with which a user sets a password',
    description: 'For who was invited, or has forgotten the password. The second factor stays.',
    tags,
    params: idInPath,
    querystring: writeQuery,
    response: { 200: contract.invitation, '4xx': problem },
  }
  app.post('/users/:id/invite', { config: { ...config, idempotent: false }, schema: invite }, async (request) => {
    const { org } = request.principal
    return await change(context, request, async (tx) => {
      const user = await userOf(tx, org, request.params.id)
      if (user.disabled === 1) throw new Problem(409, `${user.email} is disabled`)
      const result = await issueToken(tx, org, user.id, clock.wall())
      return { result, audit: { action: 'user.invite', object: `users/${user.id}`, detail: { email: user.email } } }
    })
  })

  const resetTotp = {
    summary: "Switch a user's second factor off",
    tags,
    params: idInPath,
    querystring: writeQuery,
    response: { 200: contract.user, '4xx': problem },
  }
  app.post('/users/:id/reset-totp', { config, schema: resetTotp }, async (request) => {
    const { org } = request.principal
    return await change(context, request, async (tx) => {
      const user = await userOf(tx, org, request.params.id)
      await dropTotp(tx, org, user.id)
      const result = userBody({ ...user, totp_confirmed: 0 })
      return { result, audit: { action: 'totp.reset', object: `users/${user.id}`, detail: { email: user.email } } }
    })
  })

  const revoke = {
    summary: "End all of a user's sessions",
    tags,
    params: idInPath,
    querystring: writeQuery,
    response: { 200: done, '4xx': problem },
  }
  app.post('/users/:id/revoke-sessions', { config, schema: revoke }, async (request) => {
    const { org } = request.principal
    return await change(context, request, async (tx) => {
      const user = await userOf(tx, org, request.params.id)
      await closeSessions(tx, org, user.id)
      const audit = { action: 'session.revoke', object: `users/${user.id}/sessions`, detail: { email: user.email } }
      return { result: { status: 'done' as const }, audit }
    })
  })
}

function shown({ role, grants, disabled }: contract.User) {
  return { role, grants, disabled }
}
