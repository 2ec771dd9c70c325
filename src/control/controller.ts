/** The controller: its API over its store, and its ways to tell gateways. */
import { fastifySwagger } from '@fastify/swagger'
import { fastifySwaggerUi } from '@fastify/swagger-ui'
import { type FastifyInstance, fastify } from 'fastify'
import { jsonSchemaTransform, jsonSchemaTransformObject, serializerCompiler } from 'fastify-type-provider-zod'
import { StreamgateError } from '#contract/error.ts'
import type { Logger } from '#observe/log.ts'
import { type Clock, systemClock } from '#std/clock.ts'
import { configurationRoutes } from './api/configuration-routes.ts'
import { type Authenticate, guard } from './api/guard.ts'
import { answer, answerWithProblems, Problem, validatorCompiler } from './api/problem.ts'
import { secretRoutes } from './api/secret-routes.ts'
import { seedCommandRoutes, seedRoutes } from './api/seed-routes.ts'
import { statsRoutes } from './api/stats-routes.ts'
import { versionRoutes } from './api/version-routes.ts'
import { Announcer } from './configurations/publication.ts'
import type { ControlContext } from './context.ts'
import type { Publisher, Runtime } from './runtime.ts'
import type { SecretBox } from './secret-box.ts'
import type { Database } from './store/database.ts'

/** A document of the largest size, in a body that has little else. */
const BODY_BYTES_MAX = 1024 * 1024
const REQUEST_TIMEOUT_MS = 30_000
const URL_CHARACTERS_MAX = 8192

export interface ControllerOptions {
  host: string
  port: number
  version: string
  database: Database
  box: SecretBox
  runtime: Runtime
  publishers: readonly Publisher[]
  authenticate: Authenticate
  log: Logger
  clock?: Clock
}

export interface Controller {
  /** Such as `http://127.0.0.1:8000`, with the real port. */
  address: string
  close(): Promise<void>
}

/** Resolves when the API listens. Rejects with `SG_LISTEN`. The database stays the caller's to close. */
export async function startController(options: ControllerOptions): Promise<Controller> {
  const { database, box, runtime, publishers, log, host, port, version } = options
  const { db, dialect } = database
  const context = { db, dialect, clock: options.clock ?? systemClock, log, runtime, box, version }
  const announcer = new Announcer(publishers, log)
  const app = await build(context, options.authenticate, async (app) => {
    for (const prefix of ['/', '/api/v1']) {
      await app.register(seedRoutes, { ...context, announcer, prefix })
      await app.register(seedCommandRoutes, { ...context, announcer, prefix })
    }
    await app.register(configurationRoutes, { ...context, prefix: '/api/v1' })
    await app.register(versionRoutes, { ...context, announcer, prefix: '/api/v1' })
    await app.register(secretRoutes, { ...context, secretsChanged: () => undefined, prefix: '/api/v1' })
    await app.register(statsRoutes, { ...context, prefix: '/api/v1' })
  })
  try {
    return { address: await app.listen({ host, port }), close: () => app.close() }
  } catch (error) {
    await app.close()
    const reason = error instanceof Error ? error.message : String(error)
    const remedy = 'free the port, or set another with --control-port or CONTROL_PORT'
    throw new StreamgateError('SG_LISTEN', `the controller cannot listen on ${host}:${port}: ${reason}; ${remedy}`, {
      cause: error,
    })
  }
}

/** The server with what all routes have in common; `mount` adds them. */
export async function build(
  context: ControlContext,
  authenticate: Authenticate,
  mount: (app: FastifyInstance) => Promise<void>,
): Promise<FastifyInstance> {
  const { log, version, db } = context
  const app = fastify({
    logger: false,
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
    transform: (input) => withPermission(jsonSchemaTransform(input), input.route.config),
    transformObject: jsonSchemaTransformObject,
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

/** Says in the document who may use a route. */
function withPermission<Transformed extends { schema: object }>(
  transformed: Transformed,
  config: unknown,
): Transformed {
  const { permission } = Object(config) as { permission?: string }
  if (permission === undefined) return transformed
  const security = permission === 'public' ? [] : [{ key: [] }, { session: [] }]
  return { ...transformed, schema: { ...transformed.schema, security, 'x-permission': permission } }
}
