/** The HTTP server of the API: limits, problems, OpenAPI, health, and the guard before all routes. */
import { readFileSync } from 'node:fs'
import { fastifySwagger } from '@fastify/swagger'
import { fastifySwaggerUi } from '@fastify/swagger-ui'
import { type FastifyInstance, fastify } from 'fastify'
import { serializerCompiler } from 'fastify-type-provider-zod'
import { StreamgateError } from '#contract/error.ts'
import type { ControlContext } from '../context.ts'
import { transform, transformObject } from './document.ts'
import { type Authenticate, guard } from './guard.ts'
import { answer, answerWithProblems, Problem, validatorCompiler } from './problem.ts'
import { requireReadable } from './readable.ts'

/** A document of the largest size, in a body that has little else. */
const BODY_BYTES_MAX = 1024 * 1024
const REQUEST_TIMEOUT_MS = 30_000
const URL_CHARACTERS_MAX = 8192

export interface TlsFiles {
  cert_file: string
  key_file: string
  client_ca_file?: string | undefined
}

/** The server with what all routes have in common; `mount` adds them. */
export async function buildServer(
  context: ControlContext,
  authenticate: Authenticate,
  mount: (app: FastifyInstance) => Promise<void>,
  tls?: TlsFiles,
  trustedProxies: readonly string[] = [],
): Promise<FastifyInstance> {
  const { log, version, db } = context
  const app = fastify({
    ...secured(tls),
    logger: false,
    trustProxy: trustedProxies.length > 0 && [...trustedProxies],
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 256 },
    http: { maxHeaderSize: URL_CHARACTERS_MAX * 2 },
    frameworkErrors: (error, request, reply) => void answer(error, request, reply, log),
  })
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  answerWithProblems(app, log)
  app.addHook('preValidation', requireReadable)
  // Bodies are JSON; text would only be refused later, with a worse reason.
  app.removeContentTypeParser('text/plain')
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'StreamGate controller', version, description: 'Configurations, gateways and what they save.' },
      components: {
        securitySchemes: {
          key: { type: 'http', scheme: 'bearer', description: 'An API key.' },
          session: { type: 'apiKey', in: 'cookie', name: 'sg_session', description: 'The cookie of a login.' },
        },
      },
    },
    transform,
    transformObject,
  })
  await app.register(fastifySwaggerUi, {
    routePrefix: '/docs',
  })
  const open = { config: { permission: 'public' as const }, schema: { hide: true } }
  app.get('/openapi.json', open, () => app.swagger())
  app.get('/healthz', open, () => ({ status: 'ok' }))
  app.get('/readyz', open, async () => {
    await db
      .selectFrom('migrations')
      .select('name')
      .limit(1)
      .execute()
      .catch(() => {
        throw new Problem(503, 'the store does not answer')
      })
    return { status: 'ready' }
  })
  await app.register(async (guarded) => {
    guard(guarded, authenticate)
    await mount(guarded)
  })
  await app.ready()
  return app
}

/** With a file of authorities, clients need a certificate of theirs. Throws `SG_LISTEN`. */
function secured(tls: TlsFiles | undefined): object {
  if (tls === undefined) return {}
  try {
    const ca = tls.client_ca_file === undefined ? {} : { ca: readFileSync(tls.client_ca_file), requestCert: true }
    return { https: { cert: readFileSync(tls.cert_file), key: readFileSync(tls.key_file), ...ca } }
  } catch (error) {
    throw new StreamgateError('SG_LISTEN', `the certificate of the API cannot be read: ${String(error)}`, {
      cause: error,
    })
  }
}
