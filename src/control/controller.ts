/** The controller: its API, its store and its ways to tell nodes. */
import { fastifySwagger } from '@fastify/swagger'
import { fastifySwaggerUi } from '@fastify/swagger-ui'
import { type FastifyInstance, fastify } from 'fastify'
import { jsonSchemaTransform, jsonSchemaTransformObject, serializerCompiler } from 'fastify-type-provider-zod'
import { StreamgateError } from '#contract/error.ts'
import type { Logger } from '#observe/log.ts'
import { type Clock, systemClock } from '#std/clock.ts'
import { answer, answerWithProblems, Problem, validatorCompiler } from './api/problem.ts'
import { commandRoutes, type RouteOptions, routes, statsRoutes } from './api/routes.ts'
import { Publication } from './publication.ts'
import type { Publisher, Runtime } from './runtime.ts'
import type { Store } from './store/store.ts'

const BODY_BYTES_MAX = 1024 * 1024
const REQUEST_TIMEOUT_MS = 30_000
const URL_CHARACTERS_MAX = 8192

export interface ControllerOptions {
  host: string
  port: number
  version: string
  store: Store
  runtime: Runtime
  publishers: readonly Publisher[]
  log: Logger
  clock?: Clock
}

export interface Controller {
  /** Such as `http://127.0.0.1:8000`, with the real port. */
  address: string
  close(): Promise<void>
}

/** Resolves when the API listens. Rejects with `SG_LISTEN`. The store stays the caller's to close. */
export async function startController(options: ControllerOptions): Promise<Controller> {
  const { store, runtime, publishers, log, host, port } = options
  const publication = new Publication(store, publishers, options.clock ?? systemClock, log)
  const app = await build(options, { store, runtime, publication })
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

async function build({ version, log }: ControllerOptions, parts: RouteOptions): Promise<FastifyInstance> {
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
      info: { title: 'StreamGate controller', version, description: 'Rules, outputs and publishing.' },
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  })
  await app.register(fastifySwaggerUi, { routePrefix: '/docs' })
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger())
  app.get('/healthz', { schema: { hide: true } }, () => ({ status: 'ok' }))
  app.get('/readyz', { schema: { hide: true } }, async () => {
    await parts.store.batchSize().catch(() => {
      throw new Problem(503, 'the store does not answer')
    })
    return { status: 'ready' }
  })
  for (const prefix of ['/', '/api/v1']) {
    await app.register(routes, { ...parts, prefix })
    await app.register(commandRoutes, { ...parts, prefix })
  }
  await app.register(statsRoutes, { ...parts, prefix: '/api/v1' })
  await app.ready()
  return app
}
