/** API keys. Owners see and revoke all of the organisation; others make and see personal ones. */
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import * as contract from '#contract/access.ts'
import { problem } from '#contract/api.ts'
import { addKey, type KeyRow } from '../access/keys.ts'
import type { Principal } from '../access/principal.ts'
import { grantsOf } from '../access/users.ts'
import type { Db } from '../store/database.ts'
import type { AccessContext } from './hashing.ts'
import { keyFrom, pageOf, pageQuery, toPage } from './paging.ts'
import { Problem } from './problem.ts'
import { change, etagOf, requireMatch, writeQuery } from './writing.ts'

const tags = ['keys']
const idInPath = z.object({ id: z.string().max(64) })

export async function keyRoutes(instance: FastifyInstance, context: AccessContext): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>()
  const { db, clock } = context
  const config = { permission: 'self' } as const

  const list = {
    summary: 'The API keys',
    description: 'All of the organisation for owners, their own for others.',
    tags,
    querystring: pageQuery,
    response: { 200: pageOf(contract.apiKey), '4xx': problem },
  }
  app.get('/keys', { config, schema: list }, async ({ principal, query: { limit, cursor } }) => {
    const rows = await visibleKeys(db, principal)
      .where('id', '>', keyFrom(cursor, 'string') ?? '')
      .orderBy('id')
      .limit(limit + 1)
      .execute()
    return toPage(rows, limit, ({ id }) => id, keyBody)
  })

  const add = {
    summary: 'Make an API key',
    tags,
    querystring: writeQuery,
    body: contract.apiKeyAdded,
    response: { 200: contract.apiKeyAddedAnswer, '4xx': problem },
  }
  app.post('/keys', { config: { ...config, idempotent: false }, schema: add }, async (request) => {
    const { principal, body } = request
    const personal = body.personal ?? !principal.permissions.has('admin')
    return await change(context, request, async (tx) => {
      const { key, row } = await addKey(tx, principal, { ...body, personal }, clock.wall())
      const { name, role, grants, expires_at } = body
      const detail = { name, role, grants, expires_at, personal }
      return {
        result: { key, api_key: keyBody(row) },
        audit: { action: 'key.add', object: `keys/${row.id}`, detail },
      }
    })
  })

  const read = { summary: 'An API key', tags, params: idInPath, response: { 200: contract.apiKey, '4xx': problem } }
  app.get('/keys/:id', { config, schema: read }, async ({ principal, params: { id } }, reply) => {
    const row = await keyOf(db, principal, id)
    void reply.header('etag', etagOf(row.id))
    return keyBody(row)
  })

  const revoke = {
    summary: 'Revoke an API key',
    tags,
    params: idInPath,
    querystring: writeQuery,
    response: { 200: z.object({ status: z.literal('revoked'), id: z.string() }), '4xx': problem },
  }
  app.delete('/keys/:id', { config, schema: revoke }, async (request, reply) => {
    const { principal } = request
    return await change(context, request, async (tx) => {
      const { id, name, org_id } = await keyOf(tx, principal, request.params.id)
      requireMatch(request, reply, etagOf(id))
      await tx.deleteFrom('api_keys').where('org_id', '=', org_id).where('id', '=', id).execute()
      const result = { status: 'revoked' as const, id }
      return { result, audit: { action: 'key.revoke', object: `keys/${id}`, detail: { name } } }
    })
  })
}

function visibleKeys(db: Db, { org, id, permissions }: Principal) {
  const keys = db.selectFrom('api_keys').selectAll().where('org_id', '=', org)
  return permissions.has('admin') ? keys : keys.where('user_id', '=', id)
}

/** 404 for one of another organisation, and for one that is not to be seen. */
async function keyOf(db: Db, principal: Principal, id: string): Promise<KeyRow> {
  const row = await visibleKeys(db, principal).where('id', '=', id).executeTakeFirst()
  if (row === undefined) throw new Problem(404, `there is no key "${id}"`)
  return row
}

function keyBody(row: KeyRow): z.infer<typeof contract.apiKey> {
  const { id, name, user_id, created_by, created_at, expires_at, last_used_at } = row
  return {
    id,
    name,
    prefix: `sg_${id}_`,
    role: row.role as contract.Role,
    grants: grantsOf(row) as contract.User['grants'],
    personal: user_id !== null,
    created_by,
    created_at,
    expires_at,
    last_used_at,
  }
}
