/** What alert rules have made, and when a rule would have fired. */
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import * as alert from '#contract/alert.ts'
import { problem } from '#contract/api.ts'
import { acknowledgeEvent, findEvent, listEvents, showEvent } from '../alerts/events.ts'
import { previewOf } from '../alerts/preview.ts'
import type { AlertSource } from '../alerts/source.ts'
import type { ControlContext } from '../context.ts'
import { keyFrom, pageOf, pageQuery, toPage } from './paging.ts'
import { Problem } from './problem.ts'
import { change, etagOf, writeQuery } from './writing.ts'

const tags = ['alerts']
const idInPath = z.object({ id: z.string().min(1).max(128) })
const failed = { '4xx': problem }

export async function alertEventsRoutes(
  instance: FastifyInstance,
  context: ControlContext & { alertSource: AlertSource },
): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>()
  const { db, clock } = context

  app.post(
    '/alerts/preview',
    {
      config: { permission: 'read' },
      schema: {
        summary: 'When a rule would have fired',
        description: 'Over what is stored of the last 7 days. Keeps nothing.',
        tags,
        body: alert.alertRuleBody,
        response: { 200: alert.alertPreview, ...failed },
      },
    },
    ({ body, principal }) => previewOf(body, context.alertSource, principal.org, clock.wall()),
  )

  const eventQuery = pageQuery.extend({
    state: z.enum(['firing', 'resolved']).optional(),
    rule: z.string().max(128).optional(),
  })
  app.get(
    '/alerts/events',
    {
      config: { permission: 'read' },
      schema: {
        summary: 'What alert rules have made, newest first',
        tags,
        querystring: eventQuery,
        response: { 200: pageOf(alert.alertEvent), ...failed },
      },
    },
    async ({ principal, query: { limit, cursor, state, rule } }) => {
      const before = keyFrom(cursor, 'string')
      const rows = await listEvents(db, principal.org, { state, rule, before }, limit + 1)
      return toPage(rows, limit, ({ id }) => id, showEvent)
    },
  )

  app.get(
    '/alerts/events/:id',
    {
      config: { permission: 'read' },
      schema: {
        summary: 'An event of an alert rule',
        tags,
        params: idInPath,
        response: { 200: alert.alertEvent, ...failed },
      },
    },
    async ({ principal, params: { id } }, reply) => {
      const row = await findEvent(db, principal.org, id)
      if (row === undefined) throw noSuchEvent(id)
      void reply.header('etag', etagOf(JSON.stringify(row)))
      return showEvent(row)
    },
  )

  app.post(
    '/alerts/events/:id/acknowledge',
    {
      config: { permission: 'operate' },
      schema: {
        summary: 'Say that somebody looks after it',
        description: 'Whoever does so first stays.',
        tags,
        params: idInPath,
        querystring: writeQuery,
        body: alert.acknowledgement,
        response: { 200: alert.alertEvent, ...failed },
      },
    },
    async (request) => {
      const { body, params, principal } = request
      const { id } = params
      const row = await change(context, request, async (tx) => {
        const doing = { at: clock.wall(), by: principal.name, note: body.note }
        const isFirst = await acknowledgeEvent(tx, principal.org, id, doing)
        const result = await findEvent(tx, principal.org, id)
        if (result === undefined) throw noSuchEvent(id)
        const audit = { action: 'alert_event.acknowledge', object: `alerts/events/${id}`, detail: body }
        return { result, audit: isFirst ? audit : null }
      })
      return showEvent(row)
    },
  )
}

function noSuchEvent(id: string): Problem {
  return new Problem(404, `there is no event "${id}"`)
}
