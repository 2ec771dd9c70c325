/** What is on its way to webhooks. */
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { problem } from '#contract/api.ts'
import * as contract from '#contract/webhook.ts'
import { findDelivery, listDeliveries, replayDelivery, showDelivery } from '../alerts/deliveries.ts'
import type { ControlContext } from '../context.ts'
import { keyFrom, pageOf, pageQuery, toPage } from './paging.ts'
import { Problem } from './problem.ts'
import { change, etagOf, writeQuery } from './writing.ts'

const tags = ['webhooks']
const idInPath = z.object({ id: z.string().min(1).max(128) })
const failed = { '4xx': problem }

export async function webhookDeliveriesRoutes(instance: FastifyInstance, context: ControlContext): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>()
  const { db, clock } = context

  const deliveryQuery = pageQuery.extend({
    webhook: z.string().max(128).optional(),
    state: z.enum(contract.deliveryStates).optional(),
  })
  app.get(
    '/webhook-deliveries',
    {
      config: { permission: 'read' },
      schema: {
        summary: 'What was or is to be delivered, newest first',
        tags,
        querystring: deliveryQuery,
        response: { 200: pageOf(contract.webhookDelivery), ...failed },
      },
    },
    async ({ principal, query: { limit, cursor, webhook, state } }) => {
      const before = keyFrom(cursor, 'string')
      const rows = await listDeliveries(db, principal.org, { webhook, state, before }, limit + 1)
      return toPage(rows, limit, ({ id }) => id, showDelivery)
    },
  )

  app.get(
    '/webhook-deliveries/:id',
    {
      config: { permission: 'read' },
      schema: {
        summary: 'A delivery with what is sent',
        tags,
        params: idInPath,
        response: { 200: contract.webhookDeliveryWithBody, ...failed },
      },
    },
    async ({ principal, params: { id } }, reply) => {
      const row = await findDelivery(db, principal.org, id)
      if (row === undefined) throw noSuchDelivery(id)
      void reply.header('etag', etagOf(JSON.stringify(row)))
      return { ...showDelivery(row), body: JSON.parse(row.body) }
    },
  )

  app.post(
    '/webhook-deliveries/:id/replay',
    {
      config: { permission: 'operate' },
      schema: {
        summary: 'Send it once more',
        description: 'With the same `webhook-id`, so that a receiver that has it already can tell.',
        tags,
        params: idInPath,
        querystring: writeQuery,
        response: { 202: contract.webhookDelivery, ...failed },
      },
    },
    async (request, reply) => {
      const { org } = request.principal
      const { id } = request.params
      const row = await change(context, request, async (tx) => {
        const isReplayed = await replayDelivery(tx, org, id, clock.wall())
        const result = await findDelivery(tx, org, id)
        if (result === undefined) throw noSuchDelivery(id)
        if (!isReplayed) throw new Problem(409, 'it is still on its way')
        return { result, audit: { action: 'webhook.replay', object: `webhook-deliveries/${id}` } }
      })
      void reply.code(202)
      return showDelivery(row)
    },
  )
}

function noSuchDelivery(id: string): Problem {
  return new Problem(404, `there is no delivery "${id}"`)
}
