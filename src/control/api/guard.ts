/** Who may come in: every route says which permission it needs, and each request is checked before its body is read. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Permission } from '#contract/access.ts'
import type { Principal } from '../access/principal.ts'
import { Problem } from './problem.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `public`: for everyone, such as the login. */
    permission?: Permission | 'public'
  }
  interface FastifyRequest {
    principal: Principal
  }
}

/** Finds out who asks. Undefined: there is no valid credential. May throw a `Problem`, such as for a missing CSRF token. */
export type Authenticate = (request: FastifyRequest) => Promise<Principal | undefined>

/** A route that does not say who may use it stops the start. */
export function guard(app: FastifyInstance, authenticate: Authenticate): void {
  app.decorateRequest('principal')
  app.addHook('onRoute', ({ config, method, url }) => {
    if (config?.permission === undefined)
      throw new Error(`the route ${String(method)} ${url} does not say who may use it`)
  })
  app.addHook('onRequest', async (request, reply) => {
    const { permission } = request.routeOptions.config
    if (permission === 'public' || permission === undefined) return
    const principal = await authenticate(request)
    if (principal === undefined) {
      void reply.header('www-authenticate', 'Bearer realm="streamgate"')
      throw new Problem(401, 'log in, or send an API key as "Authorization: Bearer …"')
    }
    request.principal = principal
    if (!principal.permissions.has(permission))
      throw new Problem(403, `${principal.name} lacks the permission "${permission}"`)
  })
}
