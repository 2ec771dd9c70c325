/** What this controller is, for who sets things up. */
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { type About, about } from '#contract/about.ts'
import { problem } from '#contract/api.ts'
import type { NodeStats } from '#contract/stats.ts'
import type { ControlContext } from '../context.ts'

/** What does not come of the context. */
export type AboutProcess = Pick<About, 'started_at' | 'auth_mode' | 'redis' | 'public_url' | 'opamp'>

export async function aboutRoutes(
  instance: FastifyInstance,
  { version, dialect, runtime, about: process }: ControlContext & { about(): AboutProcess },
): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>()
  const schema = {
    summary: 'What this controller is, and where it and the node in its process listen',
    tags: ['stats'],
    response: { 200: about, 401: problem, 403: problem },
  }
  app.get('/about', { config: { permission: 'read' }, schema }, async (): Promise<About> => {
    const stats = runtime.stats()
    const node = stats === undefined ? null : nodeOf(stats)
    return { product: 'streamgate', version, store: dialect, ...process(), node }
  })
}

function nodeOf({ id, version, started_at, sources }: NodeStats): About['node'] {
  return { id, version, started_at, sources: sources.map(({ id, type, address }) => ({ id, type, address })) }
}
