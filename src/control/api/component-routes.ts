/** What configurations can be made of: forms and editors are drawn from it. */
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { problem } from '#contract/api.ts'
import { componentCatalog } from '#contract/component.ts'
import type { ControlContext } from '../context.ts'
import { etagOf } from './writing.ts'

export async function componentRoutes(instance: FastifyInstance, { runtime }: ControlContext): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>()
  let etag: string | undefined
  const schema = {
    summary: 'Types of sources, processors and outputs, with the JSON Schema of their options',
    description: 'Changes only with the version of the product: `If-None-Match` with its ETag is answered 304.',
    tags: ['configurations'],
    response: { 200: componentCatalog, 304: z.null().describe('It is as it was.'), '4xx': problem },
  }
  app.get('/components', { config: { permission: 'read' }, schema }, async (request, reply) => {
    const catalog = runtime.catalog()
    etag ??= etagOf(JSON.stringify(catalog))
    void reply.header('etag', etag).header('cache-control', 'private, no-cache')
    const known = request.headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
    if (known?.includes(etag) === true || known?.includes('*') === true) return reply.code(304).send(null)
    return catalog
  })
}
