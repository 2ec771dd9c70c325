/** Registration tokens: what agents come with for the first time. */
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { problem } from '#contract/api.ts'
import * as contract from '#contract/fleet.ts'
import { uuidv7 } from '#std/uuid.ts'
import { hashOf, newToken, SHOWN_CHARACTERS } from '../fleet/credentials.ts'
import type { Db, Tx } from '../store/database.ts'
import type { FleetTables } from '../store/tables/fleet.ts'
import type { FleetContext } from './fleet-routes.ts'
import { keyFrom, pageOf, pageQuery, toPage } from './paging.ts'
import { Problem } from './problem.ts'
import { change, etagOf, requireMatch, writeQuery } from './writing.ts'

export const TOKENS_MAX = 1000

const tags = ['registration tokens']
const params = z.object({ id: z.string().min(1).max(64) })
const failed = { '4xx': problem }

type Row = FleetTables['registration_tokens']

export async function registrationTokenRoutes(instance: FastifyInstance, context: FleetContext): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>()
  const { db, clock, fleet } = context
  const config = { permission: 'admin' } as const

  const list = {
    summary: 'The registration tokens that are valid or have been',
    tags,
    querystring: pageQuery,
    response: { 200: pageOf(contract.registrationToken), ...failed },
  }
  app.get('/registration-tokens', { config, schema: list }, async ({ principal, query: { limit, cursor } }) => {
    const rows = await db
      .selectFrom('registration_tokens')
      .selectAll()
      .where('org_id', '=', principal.org)
      .where('id', '>', keyFrom(cursor, 'string') ?? '')
      .orderBy('id')
      .limit(limit + 1)
      .execute()
    return toPage(rows, limit, ({ id }) => id, bodyOf)
  })

  const add = {
    summary: 'Make a registration token',
    tags,
    querystring: writeQuery,
    body: contract.registrationTokenBody,
    response: { 201: contract.registrationTokenCreated, ...failed },
  }
  const secretly = { ...config, idempotent: false }
  app.post('/registration-tokens', { config: secretly, schema: add }, async (request, reply) => {
    const { principal, body } = request
    const token = newToken().reveal()
    const now = clock.wall()
    const row: Row = {
      hash: hashOf(token),
      org_id: principal.org,
      id: uuidv7(now),
      prefix: token.slice(0, SHOWN_CHARACTERS),
      ...body,
      labels: JSON.stringify(body.labels),
      uses: 0,
      created_at: now,
      created_by: principal.name,
      last_used_at: null,
      revoked_at: null,
    }
    await change(context, request, async (tx) => {
      const { count } = await tx
        .selectFrom('registration_tokens')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('org_id', '=', principal.org)
        .executeTakeFirstOrThrow()
      if (Number(count) >= TOKENS_MAX)
        throw new Problem(422, `there are ${TOKENS_MAX} tokens already, which is the limit`)
      await tx.insertInto('registration_tokens').values(row).execute()
      return { result: undefined, audit: note('add', row, body) }
    })
    void reply.code(201).header('etag', tagOf(row)).header('cache-control', 'no-store')
    return { ...bodyOf(row), token }
  })

  const one = {
    summary: 'A registration token',
    tags,
    params,
    response: { 200: contract.registrationToken, ...failed },
  }
  app.get('/registration-tokens/:id', { config, schema: one }, async ({ principal, params: { id } }, reply) => {
    const row = await rowOf(db, principal.org, id)
    void reply.header('etag', tagOf(row))
    return bodyOf(row)
  })

  const patch = {
    summary: 'Change a registration token',
    tags,
    params,
    querystring: writeQuery,
    body: contract.registrationTokenPatch,
    response: { 200: contract.registrationToken, ...failed },
  }
  app.patch('/registration-tokens/:id', { config, schema: patch }, async (request, reply) => {
    const { principal, body } = request
    const row = await change(context, request, async (tx) => {
      const before = await rowOf(tx, principal.org, request.params.id)
      requireMatch(request, reply, tagOf(before))
      const { labels, ...rest } = body
      const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) as Partial<Row>
      const after: Row = { ...before, ...given, labels: labels === undefined ? before.labels : JSON.stringify(labels) }
      const { hash: _, uses: __, last_used_at: ___, ...fields } = after
      await tx.updateTable('registration_tokens').set(fields).where('hash', '=', before.hash).execute()
      return { result: after, audit: note('update', before, body) }
    })
    void reply.header('etag', tagOf(row))
    return bodyOf(row)
  })

  const revoke = {
    summary: 'Revoke a registration token, and disconnect the gateways that have nothing else',
    tags,
    params,
    querystring: writeQuery,
    response: { 204: z.null(), ...failed },
  }
  app.delete('/registration-tokens/:id', { config, schema: revoke }, async (request, reply) => {
    const {
      principal,
      params: { id },
    } = request
    await change(context, request, async (tx) => {
      const before = await rowOf(tx, principal.org, id)
      requireMatch(request, reply, tagOf(before))
      if (before.revoked_at !== null) return { result: undefined, audit: null }
      await tx
        .updateTable('registration_tokens')
        .set({ revoked_at: clock.wall() })
        .where('hash', '=', before.hash)
        .execute()
      return { result: undefined, audit: note('revoke', before) }
    })
    if (!request.query.dry_run) await fleet.disconnectHolders(principal.org, `token:${id}`)
    return reply.code(204).send(null)
  })
}

async function rowOf(db: Db | Tx, org: string, id: string): Promise<Row> {
  const row = await db
    .selectFrom('registration_tokens')
    .selectAll()
    .where('org_id', '=', org)
    .where('id', '=', id)
    .executeTakeFirst()
  if (row === undefined) throw new Problem(404, `there is no registration token "${id}"`)
  return row
}

/** A use is no change. */
function tagOf({ id, name, configuration, labels, expires_at, uses_max, revoked_at }: Row): string {
  return etagOf(JSON.stringify([id, name, configuration, labels, expires_at, uses_max, revoked_at]))
}

function bodyOf({ hash: _, org_id: __, labels, ...fields }: Row): z.infer<typeof contract.registrationToken> {
  return { ...fields, labels: JSON.parse(labels) }
}

function note(action: string, { id, name, prefix }: Row, detail: object = {}) {
  return {
    action: `registration_token.${action}`,
    object: `registration-tokens/${id}`,
    detail: { name, prefix, ...detail },
  }
}
