/** Webhooks. */
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { ALERT_RULES_MAX } from '#contract/alert.ts'
import { problem } from '#contract/api.ts'
import * as contract from '#contract/webhook.ts'
import { isForbidden, literalAddress } from '../alerts/address-guard.ts'
import { findDelivery, showDelivery } from '../alerts/deliveries.ts'
import { enqueue } from '../alerts/enqueue.ts'
import { definitionOf, listRules } from '../alerts/rules.ts'
import {
  countWebhooks,
  deleteWebhook,
  findWebhook,
  insertWebhook,
  listWebhooks,
  lockWebhook,
  replaceWebhook,
  showWebhook,
  type WebhookRow,
} from '../alerts/webhooks.ts'
import type { ControlContext } from '../context.ts'
import type { Db } from '../store/database.ts'
import { keyFrom, pageOf, pageQuery, toPage } from './paging.ts'
import { Problem } from './problem.ts'
import { webhookDeliveriesRoutes } from './webhook-deliveries-routes.ts'
import { change, etagOf, requireMatch, writeQuery } from './writing.ts'

const tags = ['webhooks']
const idInPath = z.object({ id: z.string().min(1).max(128) })
const failed = { '4xx': problem }

export async function webhooksRoutes(
  instance: FastifyInstance,
  context: ControlContext & { webhooks: { allowPrivate: boolean } },
): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>()
  const { db, clock, box } = context
  const { allowPrivate } = context.webhooks

  app.get(
    '/webhooks',
    {
      config: { permission: 'read' },
      schema: {
        summary: 'The webhooks',
        tags,
        querystring: pageQuery,
        response: { 200: pageOf(contract.webhook), ...failed },
      },
    },
    async ({ principal, query: { limit, cursor } }) => {
      const rows = await listWebhooks(db, principal.org, keyFrom(cursor, 'string'), limit + 1)
      return toPage(rows, limit, ({ id }) => id, showWebhook)
    },
  )

  app.post(
    '/webhooks',
    {
      // The answer may have a secret, which is not to be kept.
      config: { permission: 'admin', idempotent: false },
      schema: {
        summary: 'Add a webhook',
        tags,
        querystring: writeQuery,
        body: contract.newWebhook,
        response: { 201: contract.createdWebhook, ...failed },
      },
    },
    async (request, reply) => {
      const { body, principal } = request
      const { org, name } = principal
      checkUrl(body.url, allowPrivate)
      const { row, made } = await change(context, request, async (tx) => {
        if ((await countWebhooks(tx, org)) >= contract.WEBHOOKS_MAX)
          throw new Problem(422, `there are ${contract.WEBHOOKS_MAX} webhooks already, which is the limit`)
        const result = await insertWebhook(tx, box, org, body, { by: name, at: clock.wall() })
        if (result === undefined)
          throw new Problem(409, `there is a webhook "${body.id}" already`, [{ pointer: '/id', detail: 'is taken' }])
        return { result, audit: { action: 'webhook.add', object: `webhooks/${body.id}`, detail: told(result.row) } }
      })
      void reply.code(201).header('etag', etagOfWebhook(row)).header('cache-control', 'no-store')
      return { ...showWebhook(row), secret: made?.reveal() ?? null }
    },
  )

  app.get(
    '/webhooks/:id',
    {
      config: { permission: 'read' },
      schema: { summary: 'A webhook', tags, params: idInPath, response: { 200: contract.webhook, ...failed } },
    },
    async ({ principal, params: { id } }, reply) => {
      const row = await findWebhook(db, principal.org, id)
      if (row === undefined) throw noSuchWebhook(id)
      void reply.header('etag', etagOfWebhook(row))
      return showWebhook(row)
    },
  )

  app.put(
    '/webhooks/:id',
    {
      config: { permission: 'admin' },
      schema: {
        summary: 'Replace a webhook',
        tags,
        params: idInPath,
        querystring: writeQuery,
        body: contract.webhookBody,
        response: { 200: contract.webhook, ...failed },
      },
    },
    async (request, reply) => {
      const { body, params, principal } = request
      if (body.url !== undefined) checkUrl(body.url, allowPrivate)
      const row = await change(context, request, async (tx) => {
        const before = await lockWebhook(tx, principal.org, params.id)
        if (before === undefined) throw noSuchWebhook(params.id)
        requireMatch(request, reply, etagOfWebhook(before))
        if (before.kind !== 'standard' && body.secret !== undefined)
          throw new Problem(422, 'a webhook of this kind is not signed', [
            { pointer: '/secret', detail: 'must be left out' },
          ])
        const result = await replaceWebhook(tx, box, before, body, { by: principal.name, at: clock.wall() })
        if (result === undefined)
          throw new Problem(422, 'its URL and secret were sealed with another key; send both', [
            { pointer: body.url === undefined ? '/url' : '/secret', detail: 'is needed' },
          ])
        const detail = { before: told(before), after: told(result), new_secret: body.secret !== undefined }
        return { result, audit: { action: 'webhook.update', object: `webhooks/${params.id}`, detail } }
      })
      void reply.header('etag', etagOfWebhook(row))
      return showWebhook(row)
    },
  )

  app.delete(
    '/webhooks/:id',
    {
      config: { permission: 'admin' },
      schema: {
        summary: 'Delete a webhook and what is on its way to it',
        tags,
        params: idInPath,
        querystring: writeQuery,
        response: { 204: z.null(), ...failed },
      },
    },
    async (request, reply) => {
      const { org } = request.principal
      const { id } = request.params
      await change(context, request, async (tx) => {
        const row = await lockWebhook(tx, org, id)
        if (row === undefined) throw noSuchWebhook(id)
        requireMatch(request, reply, etagOfWebhook(row))
        const users = await rulesThatName(tx, org, id)
        if (users.length > 0)
          throw new Problem(409, `alert rules name it: ${users.slice(0, 10).join(', ')}; take it out of them first`)
        await deleteWebhook(tx, org, id)
        return { result: null, audit: { action: 'webhook.delete', object: `webhooks/${id}`, detail: told(row) } }
      })
      return reply.code(204).send(null)
    },
  )

  app.post(
    '/webhooks/:id/test',
    {
      config: { permission: 'operate' },
      schema: {
        summary: 'Send a test',
        description: 'It is tried once, also where the webhook is disabled. The delivery says what came of it.',
        tags,
        params: idInPath,
        querystring: writeQuery,
        response: { 202: contract.webhookDelivery, ...failed },
      },
    },
    async (request, reply) => {
      const { org, name } = request.principal
      const { id } = request.params
      const row = await change(context, request, async (tx) => {
        if ((await findWebhook(tx, org, id)) === undefined) throw noSuchWebhook(id)
        const data = { webhook: id, text: `A test of the webhook "${id}", sent by ${name}.` }
        const [delivery] = await enqueue(tx, org, { type: 'webhook.test', at: clock.wall(), data, webhooks: [id] })
        const result = (await findDelivery(tx, org, delivery!))!
        return { result, audit: { action: 'webhook.test', object: `webhooks/${id}` } }
      })
      void reply.code(202)
      return showDelivery(row)
    },
  )
  await webhookDeliveriesRoutes(instance, context)
}

/** What can be told before anybody resolves the name; each request looks again. */
function checkUrl(text: string, allowPrivate: boolean): void {
  const address = literalAddress(new URL(text))
  if (allowPrivate || address === undefined || !isForbidden(address)) return
  throw new Problem(422, 'webhooks go to public addresses only, unless webhooks.allow_private is set', [
    { pointer: '/url', detail: `${address} is not a public address` },
  ])
}

async function rulesThatName(db: Db, org: string, webhook: string): Promise<string[]> {
  const rows = await listRules(db, org, undefined, ALERT_RULES_MAX)
  return rows.filter((row) => definitionOf(row).webhooks.includes(webhook)).map(({ id }) => id)
}

/** For the audit log. */
function told(row: WebhookRow): object {
  const { kind, name, url, events, enabled } = showWebhook(row)
  return { kind, name, url, events, enabled }
}

function etagOfWebhook(row: WebhookRow): string {
  return etagOf(JSON.stringify(row))
}

function noSuchWebhook(id: string): Problem {
  return new Problem(404, `there is no webhook "${id}"`)
}
