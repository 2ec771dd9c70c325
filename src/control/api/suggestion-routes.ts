/** What recent records suggest: rules that may be taken over as they are. */
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { problem } from '#contract/api.ts'
import { StreamgateError } from '#contract/error.ts'
import { suggestions } from '#contract/suggestion.ts'
import type { ControlContext } from '../context.ts'
import type { GatewayRecords } from '../runtime.ts'
import { found } from './configuration-routes.ts'
import { requireOwnKind } from './drafts.ts'
import { Problem } from './problem.ts'

/** Each is a thread's work of some hundred milliseconds. */
const AT_ONCE_MAX = 2

export async function suggestionRoutes(
  instance: FastifyInstance,
  context: ControlContext & { gateways: GatewayRecords },
): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>()
  const { runtime, gateways } = context
  let underWay = 0

  const schema = {
    summary: 'Frequent patterns, chatty services and what looks personal, each with a rule',
    tags: ['suggestions'],
    params: z.object({ configuration: z.string().min(1).max(128) }),
    response: { 200: suggestions, 401: problem, 403: problem, 404: problem, 409: problem, 422: problem, 429: problem },
  }
  // Patterns show what records say, so it takes more than reading configurations.
  app.get(
    '/configurations/:configuration/suggestions',
    { config: { permission: 'tap' }, schema },
    async (request, reply) => {
      const row = await found(context, request, request.params.configuration)
      requireOwnKind(row)
      if (underWay >= AT_ONCE_MAX) {
        void reply.header('retry-after', '5')
        throw new Problem(429, 'others are looking for suggestions; try again in a moment')
      }
      underWay++
      try {
        const { samples } = await gateways.samples(row.org_id, row.name)
        const windows = samples.flatMap((sample) => sample.windows)
        return await runtime.analyse<'suggestions'>({ kind: 'suggestions', windows })
      } catch (error) {
        if (error instanceof StreamgateError && error.code === 'SG_REPLAY') throw new Problem(422, error.message)
        throw error
      } finally {
        underWay--
      }
    },
  )
}
