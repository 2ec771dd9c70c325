/** The books of the node in the same process. */
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { problem } from '#contract/api.ts'
import { nodeStats } from '#contract/stats.ts'
import type { ControlContext } from '../context.ts'
import { Problem } from './problem.ts'

export async function statsRoutes(instance: FastifyInstance, { runtime }: ControlContext): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>()
  const response = { 200: nodeStats, 401: problem, 403: problem, 503: problem }
  const schema = { summary: "The books of this process's node", tags: ['stats'], response }
  app.get('/stats', { config: { permission: 'read' }, schema }, async () => {
    const stats = runtime.stats()
    if (stats === undefined)
      throw new Problem(503, 'this controller has no node in its process; ask a node at its admin port')
    return stats
  })
}
