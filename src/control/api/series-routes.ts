/** Series, savings, and for how long series are kept. */
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { problem } from '#contract/api.ts'
import * as savings from '#contract/savings.ts'
import * as contract from '#contract/series.ts'
import type { ControlContext } from '../context.ts'
import { DAY_MS } from '../series/ledger.ts'
import { completed, readSeries } from '../series/query.ts'
import { readRetention, writeRetention } from '../series/retention.ts'
import { readSavings, readSummary, wholeDays } from '../series/savings.ts'
import { Problem } from './problem.ts'
import { change, etagOf, requireMatch, writeQuery } from './writing.ts'

const DAYS_DEFAULT = 30
const failed = { '4xx': problem }
const read = { permission: 'read' as const }

export async function seriesRoutes(instance: FastifyInstance, context: ControlContext): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>()
  const { db, clock } = context

  app.get(
    '/series',
    {
      config: read,
      schema: {
        summary: 'What went through, by minute, hour or day',
        description:
          'In columns: `times`, and for each series and figure as many values. The largest by bytes, and `other`.',
        tags: ['series'],
        querystring: contract.seriesQuery,
        response: { 200: contract.series, ...failed },
      },
    },
    async ({ principal, query }) => {
      const request = completed(query, clock.wall())
      if (request === undefined)
        throw new Problem(422, `ask for 1 to ${contract.SERIES_POINTS_MAX} steps: a shorter time, or a longer step`, [
          { pointer: '/from', detail: 'must be before `to`, and not too long before it' },
        ])
      return await readSeries(db, principal.org, request)
    },
  )

  app.get(
    '/savings',
    {
      config: read,
      schema: {
        summary: 'What rules have saved, by day or month',
        tags: ['savings'],
        querystring: savings.savingsQuery,
        response: { 200: savings.savingsAnswer, ...failed },
      },
    },
    async ({ principal, query }) => {
      const to = query.to ?? clock.wall()
      const from = query.from ?? to - DAYS_DEFAULT * DAY_MS
      checkDays(from, to, query.by)
      return await readSavings(db, principal.org, query.configuration, from, to, query.by)
    },
  )

  app.get(
    '/savings/summary',
    {
      config: read,
      schema: {
        summary: 'What rules have saved this month, and what it will come to',
        tags: ['savings'],
        querystring: savings.summaryQuery,
        response: { 200: savings.savingsSummary, ...failed },
      },
    },
    ({ principal, query }) => readSummary(db, principal.org, query.configuration, clock.wall()),
  )

  app.get(
    '/series/retention',
    {
      config: read,
      schema: {
        summary: 'For how long series are kept',
        tags: ['series'],
        response: { 200: contract.retention, ...failed },
      },
    },
    async ({ principal }, reply) => {
      const kept = await readRetention(db, principal.org)
      void reply.header('etag', etagOf(JSON.stringify(kept)))
      return kept
    },
  )

  app.put(
    '/series/retention',
    {
      config: { permission: 'admin' },
      schema: {
        summary: 'Set for how long series are kept',
        description: 'What is older is deleted within minutes.',
        tags: ['series'],
        querystring: writeQuery,
        body: contract.retention,
        response: { 200: contract.retention, ...failed },
      },
    },
    async (request, reply) => {
      const { org } = request.principal
      const kept = await change(context, request, async (tx) => {
        const before = await readRetention(tx, org)
        requireMatch(request, reply, etagOf(JSON.stringify(before)))
        await writeRetention(tx, org, request.body)
        const detail = { before, after: request.body }
        return { result: request.body, audit: { action: 'series.retention', object: 'series/retention', detail } }
      })
      void reply.header('etag', etagOf(JSON.stringify(kept)))
      return kept
    },
  )
}

function checkDays(from: number, to: number, by: 'day' | 'month'): void {
  const [first, end] = wholeDays(from, to)
  const max = by === 'day' ? savings.SAVINGS_BUCKETS_MAX : savings.SAVINGS_DAYS_MAX
  if (to > from && (end - first) / DAY_MS <= max) return
  throw new Problem(422, `ask for 1 to ${max} days by ${by}`, [
    { pointer: '/from', detail: 'must be before `to`, and not too long before it' },
  ])
}
