/** Organisations, which owners of the default one make; and what an organisation asks of its users. */
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import * as contract from '#contract/access.ts'
import { problem } from '#contract/api.ts'
import { DEFAULT_CONFIGURATION } from '#contract/configuration.ts'
import { issueOwnerToken } from '../access/setup.ts'
import { requiresTotp, setRequiresTotp } from '../access/totp.ts'
import { hasUsers, lockOrg } from '../access/users.ts'
import { addConfiguration } from '../configurations/configurations.ts'
import { documentOf } from '../configurations/projection.ts'
import { DEFAULT_ORG } from '../store/database.ts'
import type { AccessTables } from '../store/tables/access.ts'
import type { AccessContext } from './hashing.ts'
import { keyFrom, pageOf, pageQuery, toPage } from './paging.ts'
import { Problem } from './problem.ts'
import { change, etagOf, requireMatch, writeQuery } from './writing.ts'

export const ORGS_MAX = 1000
const tags = ['organisations']

export async function orgRoutes(instance: FastifyInstance, context: AccessContext): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>()
  const { db, clock } = context
  const config = { permission: 'admin' } as const

  const list = {
    summary: 'The organisations',
    description: 'All for owners of the default one; for others their own.',
    tags,
    querystring: pageQuery,
    response: { 200: pageOf(contract.org), '4xx': problem },
  }
  app.get('/orgs', { config, schema: list }, async ({ principal: { org }, query: { limit, cursor } }) => {
    const all = db.selectFrom('orgs').selectAll()
    const rows = await (org === DEFAULT_ORG ? all : all.where('org_id', '=', org))
      .where('org_id', '>', keyFrom(cursor, 'string') ?? '')
      .orderBy('org_id')
      .limit(limit + 1)
      .execute()
    return toPage(rows, limit, ({ org_id }) => org_id, orgBody)
  })

  const add = {
    summary: 'Make an organisation',
    description: 'The token of the answer makes its first owner, with the link `/setup#token=…`.',
    tags,
    querystring: writeQuery,
    body: contract.orgAdded,
    response: { 200: contract.orgAddedAnswer, '4xx': problem },
  }
  app.post('/orgs', { config: { ...config, idempotent: false }, schema: add }, async (request) => {
    const { id, name } = request.body
    mustBeOfDefault(request.principal.org)
    return await change(context, request, async (tx) => {
      await lockOrg(tx, DEFAULT_ORG)
      const now = clock.wall()
      const known = await tx.selectFrom('orgs').select('org_id').execute()
      if (known.length >= ORGS_MAX) throw new Problem(422, `there are ${ORGS_MAX} organisations, which is the limit`)
      if (known.some(({ org_id }) => org_id === id))
        throw new Problem(409, `there is an organisation "${id}" already`, [{ pointer: '/id', detail: 'is taken' }])
      const row = { org_id: id, name, created_at: now }
      await tx.insertInto('orgs').values(row).execute()
      // What gateways follow that nobody has assigned, and what the routes of rules and outputs are a view on.
      const draft = documentOf([], [])
      await addConfiguration(tx, id, DEFAULT_CONFIGURATION, 'streamgate', draft, now, request.principal.name)
      const invitation = await issueOwnerToken(tx, id, now)
      const audit = { action: 'org.add', object: `orgs/${id}`, detail: { name } }
      return { result: { org: orgBody(row), invitation }, audit }
    })
  })

  const invite = {
    summary: 'A new token for the first owner of an organisation',
    tags,
    params: z.object({ id: z.string().max(64) }),
    querystring: writeQuery,
    response: { 200: contract.invitation, '4xx': problem },
  }
  app.post('/orgs/:id/invite', { config: { ...config, idempotent: false }, schema: invite }, async (request) => {
    const { id } = request.params
    const { org: own } = request.principal
    return await change(context, request, async (tx) => {
      if (own !== DEFAULT_ORG && own !== id) throw noSuchOrg(id)
      await lockOrg(tx, id)
      const org = await tx.selectFrom('orgs').select('org_id').where('org_id', '=', id).executeTakeFirst()
      if (org === undefined) throw noSuchOrg(id)
      if (await hasUsers(tx, id)) throw new Problem(409, `"${id}" has users already; its owners invite others`)
      const result = await issueOwnerToken(tx, id, clock.wall())
      return { result, audit: { action: 'org.invite', object: `orgs/${id}` } }
    })
  })

  const read = {
    summary: 'What the organisation asks of its users',
    tags: ['access'],
    response: { 200: contract.accessSettings, '4xx': problem },
  }
  app.get('/settings/access', { config, schema: read }, async ({ principal: { org } }, reply) => {
    const settings = { require_totp: await requiresTotp(db, org) }
    void reply.header('etag', etagOf(JSON.stringify(settings)))
    return settings
  })

  const write = {
    summary: 'Set what the organisation asks of its users',
    tags: ['access'],
    querystring: writeQuery,
    body: contract.accessSettings,
    response: { 200: contract.accessSettings, '4xx': problem },
  }
  app.put('/settings/access', { config, schema: write }, async (request, reply) => {
    const { org } = request.principal
    const { require_totp } = request.body
    return await change(context, request, async (tx) => {
      await lockOrg(tx, org)
      const before = await requiresTotp(tx, org)
      requireMatch(request, reply, etagOf(JSON.stringify({ require_totp: before })))
      await setRequiresTotp(tx, org, require_totp)
      void reply.header('etag', etagOf(JSON.stringify({ require_totp })))
      const audit = { action: 'settings.access', object: 'settings/access', detail: { require_totp } }
      return { result: { require_totp }, audit: before === require_totp ? null : audit }
    })
  })
}

function noSuchOrg(id: string): Problem {
  return new Problem(404, `there is no organisation "${id}"`)
}

function mustBeOfDefault(org: string): void {
  if (org !== DEFAULT_ORG) throw new Problem(403, 'only owners of the default organisation make others')
}

function orgBody({ org_id, name, created_at }: AccessTables['orgs']) {
  return { id: org_id, name, created_at }
}
