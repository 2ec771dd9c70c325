/** Recent records: the samples that receipts and suggestions stand on, to look at and to try rules on. */
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { problem } from '#contract/api.ts'
import { recentQuery, recentRecords } from '#contract/observation.ts'
import type { ControlContext } from '../context.ts'
import { recentRecordsOf } from '../recent-records.ts'
import type { GatewayRecords } from '../runtime.ts'
import { found } from './configuration-routes.ts'
import { requireOwnKind } from './drafts.ts'
import { Problem } from './problem.ts'

/** Each has some megabytes of each gateway in memory. */
const AT_ONCE_MAX = 4

export async function samplesRoutes(
  instance: FastifyInstance,
  context: ControlContext & { gateways: GatewayRecords },
): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>()
  let underWay = 0
  const schema = {
    summary: 'Recent records of a configuration, before and after its rules',
    description: 'A uniform sample of the last minutes, redacted by the rules that run.',
    tags: ['tap'],
    params: z.object({ configuration: z.string().min(1).max(128) }),
    querystring: recentQuery,
    response: { 200: recentRecords, '4xx': problem },
  }
  app.get(
    '/configurations/:configuration/samples',
    { config: { permission: 'tap' }, schema },
    async (request, reply) => {
      const row = await found(context, request, request.params.configuration)
      requireOwnKind(row)
      if (underWay >= AT_ONCE_MAX) {
        void reply.header('retry-after', '2')
        throw new Problem(429, 'others are looking at recent records; try again in a moment')
      }
      underWay++
      try {
        return recentRecordsOf(await context.gateways.samples(row.org_id, row.name), request.query)
      } finally {
        underWay--
      }
    },
  )
}
