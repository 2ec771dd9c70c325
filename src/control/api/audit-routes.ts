/** The audit log: to read by pages, to take away as JSON Lines, and to verify. */
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { sql } from 'kysely'
import { z } from 'zod'
import { auditEntry, auditVerified } from '#contract/access.ts'
import { problem } from '#contract/api.ts'
import { type AuditEntry, verifyAudit } from '../access/audit.ts'
import type { ControlContext } from '../context.ts'
import type { Db } from '../store/database.ts'
import { keyFrom, pageOf, pageQuery, toPage } from './paging.ts'

const EXPORTED_AT_ONCE = 500
const tags = ['audit']
const config = { permission: 'read' } as const

const filters = z.object({
  actor: z.string().max(256).optional().describe('Who, such as an e-mail address or `key:ci`.'),
  action: z.string().max(256).optional().describe('How the action begins, such as `user.`.'),
  object: z.string().max(1024).optional().describe('How the object begins, such as `configurations/default/`.'),
  since: z.coerce.number().int().optional().describe('Unix milliseconds, included.'),
  until: z.coerce.number().int().optional().describe('Unix milliseconds, not included.'),
})
type Filters = z.output<typeof filters>

export async function auditRoutes(instance: FastifyInstance, { db }: ControlContext): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>()

  const list = {
    summary: 'The audit log, newest entry first',
    tags,
    querystring: pageQuery.extend(filters.shape),
    response: { 200: pageOf(auditEntry), '4xx': problem },
  }
  app.get('/audit', { config, schema: list }, async ({ principal: { org }, query: { limit, cursor, ...asked } }) => {
    const before = keyFrom(cursor, 'number')
    const entries = filtered(db, org, asked)
    const rows = await (before === undefined ? entries : entries.where('seq', '<', before))
      .orderBy('seq', 'desc')
      .limit(limit + 1)
      .execute()
    return toPage(rows, limit, ({ seq }) => seq, entryBody)
  })

  const take = {
    summary: 'The audit log as JSON Lines, oldest entry first',
    description: 'Each line has all that its hash covers, so the chain can be verified without the controller.',
    tags,
    querystring: filters,
    response: { 200: { content: { 'application/x-ndjson': { schema: z.unknown() } } }, '4xx': problem },
  }
  app.get('/audit/export', { config, schema: take }, async ({ principal: { org }, query }, reply) => {
    void reply.header('content-disposition', 'attachment; filename="audit.jsonl"')
    void reply.header('cache-control', 'no-store')
    return reply.type('application/x-ndjson').send(Readable.from(lines(db, org, query), { objectMode: false }))
  })

  const verify = {
    summary: 'Walk the chain of the audit log',
    tags,
    response: { 200: auditVerified, '4xx': problem },
  }
  app.get('/audit/verify', { config, schema: verify }, async ({ principal: { org } }) => {
    const { entries, brokenAt } = await verifyAudit(db, org)
    return { entries, broken_at: brokenAt ?? null }
  })
}

function filtered(db: Db, org: string, { actor, action, object, since, until }: Filters) {
  let query = db.selectFrom('audit').selectAll().where('org_id', '=', org)
  if (actor !== undefined) query = query.where('actor', '=', actor)
  if (action !== undefined) query = query.where(begins('action', action))
  if (object !== undefined) query = query.where(begins('object', object))
  if (since !== undefined) query = query.where('at', '>=', since)
  if (until !== undefined) query = query.where('at', '<', until)
  return query
}

/** Like means another thing in each database; this is the same in both, and knows no wildcards. */
function begins(column: 'action' | 'object', prefix: string) {
  return sql<boolean>`substr(${sql.ref(column)}, 1, ${sql.lit([...prefix].length)}) = ${prefix}`
}

/** A page at a time; no transaction is held while a slow reader takes it. */
async function* lines(db: Db, org: string, asked: Filters): AsyncGenerator<string> {
  for (let last = 0; ; ) {
    const rows = await filtered(db, org, asked).where('seq', '>', last).orderBy('seq').limit(EXPORTED_AT_ONCE).execute()
    if (rows.length > 0) yield rows.map((row) => `${JSON.stringify({ org: row.org_id, ...entryBody(row) })}\n`).join('')
    if (rows.length < EXPORTED_AT_ONCE) return
    last = rows.at(-1)!.seq
  }
}

function entryBody({ org_id: _, detail, ...entry }: AuditEntry) {
  return { ...entry, detail: JSON.parse(detail) as unknown }
}
