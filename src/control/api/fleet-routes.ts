/** The fleet: gateways, what they run, and what may be done to them. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { AgentCapability } from '#codecs/opamp/constants.ts'
import { problem } from '#contract/api.ts'
import * as contract from '#contract/fleet.ts'
import type { ControlContext } from '../context.ts'
import { REVOKED, revokeGateway } from '../fleet/credentials.ts'
import type { Fleet } from '../fleet/fleet.ts'
import { has } from '../fleet/gateway.ts'
import { deleteGateway, loadAttempts } from '../fleet/gateway-store.ts'
import { Ledger } from '../fleet/ledger.ts'
import { attemptRowOf, type GatewayRow, gatewayOf } from '../fleet/records.ts'
import { desiredOf, findGateways, gatewayBody, summarise } from '../fleet/views.ts'
import type { Db, Tx } from '../store/database.ts'
import { keyFrom, pageOf, pageQuery, toPage } from './paging.ts'
import { Problem } from './problem.ts'
import { registrationTokenRoutes } from './registration-token-routes.ts'
import { type Change, change, etagOf, requireMatch, writeQuery } from './writing.ts'

const tags = ['fleet']
const params = z.object({ id: z.string().min(1).max(64) })
const failed = { '4xx': problem }
const text = z.string().max(256).optional()
const filters = pageQuery.extend({
  state: z.enum(contract.gatewayStates).optional(),
  configuration: text,
  label: text.describe('`name` or `name=value`.'),
  text: text.describe('In name, host, product, version or id.'),
})

export type FleetContext = ControlContext & { fleet: Fleet }

export async function fleetRoutes(instance: FastifyInstance, context: FleetContext): Promise<void> {
  await registrationTokenRoutes(instance, context)
  const app = instance.withTypeProvider<ZodTypeProvider>()
  const { db, fleet } = context
  const read = { permission: 'read' } as const
  const operate = { permission: 'operate' } as const

  const summary = { summary: 'The fleet in numbers', tags, response: { 200: contract.fleetSummary, ...failed } }
  app.get('/fleet/summary', { config: read, schema: summary }, ({ principal }) => summarise(db, fleet, principal.org))

  const list = {
    summary: 'The gateways',
    tags,
    querystring: filters,
    response: { 200: pageOf(contract.gatewaySummary), ...failed },
  }
  app.get('/gateways', { config: read, schema: list }, async ({ principal: { org }, query }) => {
    const { limit, cursor, ...filter } = query
    const found = await findGateways({ db, fleet, org }, filter, keyFrom(cursor, 'string'), limit + 1)
    return toPage(
      found,
      limit,
      ({ id }) => id,
      (gateway) => gateway,
    )
  })

  const one = { summary: 'A gateway', tags, params, response: { 200: contract.gateway, ...failed } }
  app.get('/gateways/:id', { config: read, schema: one }, async ({ principal: { org }, params: { id } }, reply) => {
    const row = await rowOf(db, org, id)
    void reply.header('etag', tagOf(row))
    return gatewayBody({ db, fleet, org }, row)
  })

  const patch = {
    summary: 'Name, label or assign a gateway',
    description: 'Another configuration needs the permission `publish` too.',
    tags,
    params,
    querystring: writeQuery,
    body: contract.gatewayPatch,
    response: { 200: contract.gateway, ...failed },
  }
  app.patch('/gateways/:id', { config: operate, schema: patch }, async (request, reply) => {
    const { principal, body } = request
    if (body.configuration !== undefined && !principal.permissions.has('publish'))
      throw new Problem(403, `${principal.name} lacks the permission "publish"`)
    const row = await act(context, request, async (tx, before) => {
      requireMatch(request, reply, tagOf(before))
      if (typeof body.configuration === 'string') await mustExist(tx, principal.org, body.configuration)
      const fields = {
        name: body.name === undefined ? before.name : body.name,
        labels: body.labels === undefined ? before.labels : JSON.stringify(body.labels),
        configuration: body.configuration === undefined ? before.configuration : body.configuration,
      }
      return { result: await update(tx, before, fields), audit: note('update', before, body) }
    })
    void reply.header('etag', tagOf(row))
    return gatewayBody({ db, fleet, org: principal.org }, row)
  })

  const forget = {
    summary: 'Forget a gateway',
    description: 'If it still has a valid credential or token, it comes back as a new one.',
    tags,
    params,
    querystring: writeQuery,
    response: { 204: z.null(), ...failed },
  }
  app.delete('/gateways/:id', { config: operate, schema: forget }, async (request, reply) => {
    await act(context, request, async (tx, before) => {
      requireMatch(request, reply, tagOf(before))
      await deleteGateway(tx, before.org_id, before.uid)
      return { result: before, audit: note('forget', before) }
    })
    return reply.code(204).send(null)
  })

  const command = (summary: string) => ({
    summary,
    tags,
    params,
    querystring: writeQuery,
    response: { 200: contract.gateway, ...failed },
  })
  type Work = (tx: Tx, before: GatewayRow, request: FastifyRequest) => Promise<Change<GatewayRow>>
  const run = async (request: FastifyRequest<{ Params: { id: string } }>, work: Work) => {
    const row = await act(context, request, (tx, before) => work(tx, before, request))
    return gatewayBody({ db, fleet, org: row.org_id }, row)
  }

  app.post(
    '/gateways/:id/retry',
    { config: operate, schema: command('Offer a configuration again that failed there') },
    (request) =>
      run(request, async (tx, before) => {
        const desired = await desiredOf(fleet, before)
        const ledger = new Ledger(await loadAttempts(tx, before.org_id, before.uid))
        if (desired === undefined || !ledger.blocks(desired.hash))
          throw new Problem(409, 'there is nothing to try again: what the gateway is to have has not failed there')
        ledger.retry(desired.hash)
        for (const attempt of ledger.changed) {
          const { org_id, uid, hash, ...fields } = attemptRowOf(before.org_id, before.uid, attempt)
          await tx
            .updateTable('gateway_attempts')
            .set(fields)
            .where('org_id', '=', org_id)
            .where('uid', '=', uid)
            .where('hash', '=', hash)
            .execute()
        }
        const { configuration, version, hash } = desired
        return { result: await update(tx, before, {}), audit: note('retry', before, { configuration, version, hash }) }
      }),
  )

  app.post('/gateways/:id/restart', { config: operate, schema: command('Restart a gateway') }, (request) =>
    run(request, async (tx, before) => {
      if (!has(gatewayOf(before), AgentCapability.acceptsRestartCommand))
        throw new Problem(409, 'the gateway does not take the command to restart')
      const row = await update(tx, before, { restart_requested_at: context.clock.wall() })
      return { result: row, audit: note('restart', before) }
    }),
  )

  app.post(
    '/gateways/:id/revoke',
    { config: { permission: 'admin' }, schema: command("Revoke a gateway's credential, and disconnect it") },
    (request) =>
      run(request, async (tx, before) => {
        if (before.holder === REVOKED) return { result: before, audit: null }
        await revokeGateway(tx, before.org_id, gatewayOf(before), touchedAt(before))
        return { result: await rowOf(tx, before.org_id, before.uid), audit: note('revoke', before) }
      }),
  )

  function touchedAt({ touched_at }: GatewayRow): number {
    return Math.max(context.clock.wall(), touched_at + 1)
  }

  async function update(tx: Tx, before: GatewayRow, fields: Partial<GatewayRow>): Promise<GatewayRow> {
    const changed = { ...fields, touched_at: touchedAt(before) }
    await tx
      .updateTable('gateways')
      .set(changed)
      .where('org_id', '=', before.org_id)
      .where('uid', '=', before.uid)
      .execute()
    return { ...before, ...changed }
  }
}

/** Changes a gateway in the store, and then tells whoever is connected. */
async function act(
  context: FleetContext,
  request: FastifyRequest,
  work: (tx: Tx, before: GatewayRow) => Promise<Change<GatewayRow>>,
): Promise<GatewayRow> {
  const { org } = request.principal
  const { id } = request.params as { id: string }
  await context.fleet.flush()
  const row = await change(context, request, async (tx) => work(tx, await rowOf(tx, org, id)))
  if ((request.query as { dry_run?: boolean }).dry_run !== true) await context.fleet.touched(org, id)
  return row
}

/** Answers 404 where there is none. */
export async function rowOf(db: Db | Tx, org: string, id: string): Promise<GatewayRow> {
  const row = await db
    .selectFrom('gateways')
    .selectAll()
    .where('org_id', '=', org)
    .where('uid', '=', id)
    .executeTakeFirst()
  if (row === undefined) throw new Problem(404, `there is no gateway "${id}"`)
  return row
}

async function mustExist(tx: Tx, org: string, name: string): Promise<void> {
  const row = await tx
    .selectFrom('configurations')
    .select('name')
    .where('org_id', '=', org)
    .where('name', '=', name)
    .executeTakeFirst()
  if (row === undefined)
    throw new Problem(422, `there is no configuration "${name}"`, [
      { pointer: '/configuration', detail: 'does not exist' },
    ])
}

/** Of what people may change: a heartbeat is no change. */
function tagOf({ uid, name, labels, configuration }: GatewayRow): string {
  return etagOf(JSON.stringify([uid, name, labels, configuration]))
}

function note(action: string, { uid, name, host }: GatewayRow, detail: object = {}) {
  return { action: `gateway.${action}`, object: `gateways/${uid}`, detail: { name: name ?? host, ...detail } }
}
