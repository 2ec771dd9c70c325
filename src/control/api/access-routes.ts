/** Access: logins, one's own account, users, API keys, organisations. Answers hold secrets, so nothing keeps them. */
import type { FastifyInstance } from 'fastify'
import type { AccessContext } from './hashing.ts'
import { keyRoutes } from './key-routes.ts'
import { loginRoutes } from './login-routes.ts'
import { meRoutes } from './me-routes.ts'
import { orgRoutes } from './org-routes.ts'
import { userRoutes } from './user-routes.ts'

export async function accessRoutes(app: FastifyInstance, context: AccessContext): Promise<void> {
  app.addHook('onRequest', async (_request, reply) => {
    void reply.header('cache-control', 'no-store')
  })
  acceptEmptyJson(app)
  for (const routes of [loginRoutes, meRoutes, userRoutes, keyRoutes, orgRoutes]) await routes(app, context)
}

/** Clients that say `application/json` and send nothing mean nothing: many routes here take no body. */
function acceptEmptyJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) return done(null, undefined)
    return void parse(request, body as string, done)
  })
}
