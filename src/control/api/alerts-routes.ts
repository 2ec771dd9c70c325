/** Alert rules. */
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import * as alert from '#contract/alert.ts'
import { problem } from '#contract/api.ts'
import { WEBHOOKS_MAX } from '#contract/webhook.ts'
import {
  countRules,
  deleteRule,
  findRule,
  insertRule,
  listRules,
  lockRule,
  type RuleRow,
  replaceRule,
  showRule,
  silenceRule,
} from '../alerts/rules.ts'
import type { AlertSource } from '../alerts/source.ts'
import { listWebhooks } from '../alerts/webhooks.ts'
import type { ControlContext } from '../context.ts'
import type { Db } from '../store/database.ts'
import { alertEventsRoutes } from './alert-events-routes.ts'
import { keyFrom, pageOf, pageQuery, toPage } from './paging.ts'
import { Problem } from './problem.ts'
import { change, etagOf, requireMatch, writeQuery } from './writing.ts'

const tags = ['alerts']
const idInPath = z.object({ id: z.string().min(1).max(128) })
const failed = { '4xx': problem }

export async function alertsRoutes(
  instance: FastifyInstance,
  context: ControlContext & { alertSource: AlertSource },
): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>()
  const { db, clock } = context

  app.get(
    '/alerts/rules',
    {
      config: { permission: 'read' },
      schema: {
        summary: 'The alert rules',
        tags,
        querystring: pageQuery,
        response: { 200: pageOf(alert.alertRule), ...failed },
      },
    },
    async ({ principal, query: { limit, cursor } }) => {
      const rows = await listRules(db, principal.org, keyFrom(cursor, 'string'), limit + 1)
      return toPage(
        rows,
        limit,
        ({ id }) => id,
        (row) => showRule(row, clock.wall()),
      )
    },
  )

  app.post(
    '/alerts/rules',
    {
      config: { permission: 'edit' },
      schema: {
        summary: 'Add an alert rule',
        tags,
        querystring: writeQuery,
        body: alert.newAlertRule,
        response: { 201: alert.alertRule, ...failed },
      },
    },
    async (request, reply) => {
      const { id, ...body } = request.body
      const { org, name } = request.principal
      const row = await change(context, request, async (tx) => {
        await checkWebhooks(tx, org, body.webhooks)
        if ((await countRules(tx, org)) >= alert.ALERT_RULES_MAX)
          throw new Problem(422, `there are ${alert.ALERT_RULES_MAX} alert rules already, which is the limit`)
        const result = await insertRule(tx, org, id, body, { by: name, at: clock.wall() })
        if (result === undefined)
          throw new Problem(409, `there is an alert rule "${id}" already`, [{ pointer: '/id', detail: 'is taken' }])
        return { result, audit: { action: 'alert_rule.add', object: `alerts/rules/${id}`, detail: body } }
      })
      void reply.code(201).header('etag', etagOfRule(row))
      return showRule(row, clock.wall())
    },
  )

  app.get(
    '/alerts/rules/:id',
    {
      config: { permission: 'read' },
      schema: {
        summary: 'An alert rule and its state',
        tags,
        params: idInPath,
        response: { 200: alert.alertRule, ...failed },
      },
    },
    async ({ principal, params: { id } }, reply) => {
      const row = await findRule(db, principal.org, id)
      if (row === undefined) throw noSuchRule(id)
      void reply.header('etag', etagOfRule(row))
      return showRule(row, clock.wall())
    },
  )

  app.put(
    '/alerts/rules/:id',
    {
      config: { permission: 'edit' },
      schema: {
        summary: 'Replace an alert rule',
        description: 'What is measured anew begins anew: an event that is open is resolved then.',
        tags,
        params: idInPath,
        querystring: writeQuery,
        body: alert.alertRuleBody,
        response: { 200: alert.alertRule, ...failed },
      },
    },
    async (request, reply) => {
      const { body, params, principal } = request
      const row = await change(context, request, async (tx) => {
        const before = await lockRule(tx, principal.org, params.id)
        if (before === undefined) throw noSuchRule(params.id)
        requireMatch(request, reply, etagOfRule(before))
        await checkWebhooks(tx, principal.org, body.webhooks)
        const result = await replaceRule(tx, before, body, { by: principal.name, at: clock.wall() })
        const detail = { before: JSON.parse(before.definition), after: body }
        return { result, audit: { action: 'alert_rule.update', object: `alerts/rules/${params.id}`, detail } }
      })
      void reply.header('etag', etagOfRule(row))
      return showRule(row, clock.wall())
    },
  )

  app.delete(
    '/alerts/rules/:id',
    {
      config: { permission: 'edit' },
      schema: {
        summary: 'Delete an alert rule',
        description: 'Its events stay; one that is open is resolved.',
        tags,
        params: idInPath,
        querystring: writeQuery,
        response: { 204: z.null(), ...failed },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      await change(context, request, async (tx) => {
        const row = await lockRule(tx, request.principal.org, id)
        if (row === undefined) throw noSuchRule(id)
        requireMatch(request, reply, etagOfRule(row))
        await deleteRule(tx, row, clock.wall())
        const detail = JSON.parse(row.definition)
        return { result: null, audit: { action: 'alert_rule.delete', object: `alerts/rules/${id}`, detail } }
      })
      return reply.code(204).send(null)
    },
  )

  app.post(
    '/alerts/rules/:id/silence',
    {
      config: { permission: 'operate' },
      schema: {
        summary: 'Tell nobody for a while',
        description: 'Events are made as ever. When the rule still fires at the end, that is told then.',
        tags,
        params: idInPath,
        querystring: writeQuery,
        body: alert.silenceBody,
        response: { 200: alert.alertRule, ...failed },
      },
    },
    async (request, reply) => {
      const { body, params, principal } = request
      const now = clock.wall()
      if (body.until <= now || body.until > now + alert.SILENCE_MS_MAX)
        throw new Problem(422, 'a silence ends, within 30 days', [
          { pointer: '/until', detail: 'must be later than now and at most 30 days from now' },
        ])
      const row = await change(context, request, async (tx) => {
        const before = await lockRule(tx, principal.org, params.id)
        if (before === undefined) throw noSuchRule(params.id)
        const result = await silenceRule(tx, before, { ...body, by: principal.name })
        const { until, reason } = body
        const object = `alerts/rules/${params.id}`
        return { result, audit: { action: 'alert_rule.silence', object, detail: { until }, reason } }
      })
      void reply.header('etag', etagOfRule(row))
      return showRule(row, now)
    },
  )

  app.post(
    '/alerts/rules/:id/unsilence',
    {
      config: { permission: 'operate' },
      schema: {
        summary: 'End a silence',
        tags,
        params: idInPath,
        querystring: writeQuery,
        response: { 200: alert.alertRule, ...failed },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const row = await change(context, request, async (tx) => {
        const before = await lockRule(tx, request.principal.org, id)
        if (before === undefined) throw noSuchRule(id)
        const audit = before.silence === null ? null : { action: 'alert_rule.unsilence', object: `alerts/rules/${id}` }
        return { result: await silenceRule(tx, before, null), audit }
      })
      void reply.header('etag', etagOfRule(row))
      return showRule(row, clock.wall())
    },
  )
  await alertEventsRoutes(instance, context)
}

/** Of what can be changed: it stays when only the state changes. */
function etagOfRule({ id, definition, silence, updated_at }: RuleRow): string {
  return etagOf(JSON.stringify([id, definition, silence, updated_at]))
}

async function checkWebhooks(db: Db, org: string, named: readonly string[]): Promise<void> {
  if (named.length === 0) return
  const known = new Set((await listWebhooks(db, org, undefined, WEBHOOKS_MAX)).map(({ id }) => id))
  const complaints = named.flatMap((id, i) =>
    known.has(id) ? [] : [{ pointer: `/webhooks/${i}`, detail: `there is no webhook "${id}"` }],
  )
  if (complaints.length > 0) throw new Problem(422, 'the rule names webhooks that are not there', complaints)
}

function noSuchRule(id: string): Problem {
  return new Problem(404, `there is no alert rule "${id}"`)
}
