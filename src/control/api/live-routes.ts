/** What gateways have said last. */
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { problem } from '#contract/api.ts'
import { entityId } from '#contract/configuration.ts'
import { liveStats } from '#contract/series.ts'
import type { LiveStats } from '../series/live.ts'
import { keyFrom, pageOf, pageQuery, toPage } from './paging.ts'

export async function liveRoutes(instance: FastifyInstance, { live }: { live: LiveStats }): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>()
  const schema = {
    summary: 'The last books of the gateways that talk to this controller, with rates',
    description: 'Of the last five minutes, from memory: another controller over the same store has its own gateways.',
    tags: ['stats'],
    querystring: pageQuery.extend({ configuration: entityId.optional() }),
    response: { 200: pageOf(liveStats), '4xx': problem },
  }
  app.get('/stats/live', { config: { permission: 'read' }, schema }, async ({ principal, query }) => {
    const { limit, cursor, configuration } = query
    const after = keyFrom(cursor, 'string') ?? ''
    const entries = live.list(principal.org, configuration).filter(({ gateway }) => gateway > after)
    return toPage(
      entries.slice(0, limit + 1),
      limit,
      ({ gateway }) => gateway,
      (entry) => entry,
    )
  })
}
