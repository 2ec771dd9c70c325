/** Errors as `application/problem+json` (RFC 9457), always with the place of what is wrong where there is one. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, FastifySchemaCompiler } from 'fastify'
import { z } from 'zod'
import { pointer, problemsOf } from '#config/problems.ts'
import type { ProblemBody } from '#contract/api.ts'
import type { Logger } from '#observe/log.ts'
import type { Complaint } from '../runtime.ts'
import { isStoreAway } from '../store/away.ts'

const TITLES: Record<number, string> = {
  400: 'Bad request',
  401: 'Not logged in',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'In conflict',
  412: 'Changed in the meantime',
  413: 'Body too large',
  415: 'Unsupported media type',
  422: 'Not acceptable as it is',
  428: 'Precondition required',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Not available',
  504: 'No answer in time',
}

/** Thrown by routes; becomes the answer. */
export class Problem extends Error {
  override name = 'Problem'
  readonly status: number
  readonly complaints: readonly Complaint[]
  constructor(status: number, detail: string, complaints: readonly Complaint[] = []) {
    super(detail)
    this.status = status
    this.complaints = complaints
  }
}

/** Checks requests by their schemas. The pointers of what is wrong are proper ones, whatever the keys are. */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  const part = httpPart === 'querystring' ? 'query' : (httpPart ?? 'request')
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
  return (data: unknown) => {
    const result = schema.safeParse(data)
    if (result.success) return { value: result.data }
    const complaints = problemsOf(result.error, [], known).map(({ path, message }) => ({
      pointer: pointer(path),
      detail: message,
    }))
    return { error: new Problem(422, `the ${part} is not valid`, complaints) }
  }
}

/** For requests that match a route, and for those that match none. */
export function answerWithProblems(app: FastifyInstance, log: Logger): void {
  app.setErrorHandler((error: FastifyError | Problem, request, reply) => answer(error, request, reply, log))
  app.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) => {
    void send(reply, body(404, `there is no ${request.method} ${request.url.split('?')[0]}`))
  })
}

/** Answers an error, also one from before any route was found. */
export function answer(
  error: FastifyError | Problem,
  request: FastifyRequest,
  reply: FastifyReply,
  log: Logger,
): FastifyReply {
  const problem = describe(error)
  if (problem.status >= 500)
    log.error({ method: request.method, url: request.url, error: String(error) }, 'request failed')
  return send(reply, problem)
}

function describe(error: FastifyError | Problem): ProblemBody {
  if (error instanceof Problem) return body(error.status, error.message, error.complaints)
  if (isStoreAway(error)) return body(503, 'the store does not answer; try again in a moment')
  const status = error.statusCode ?? 500
  // Whatever went wrong inside is for the log.
  if (status >= 500) return body(500, 'something went wrong; the log says what')
  return body(status, status === 415 ? 'send the body as application/json' : error.message)
}

function body(status: number, detail: string, errors: readonly Complaint[] = []): ProblemBody {
  const problem = { type: 'about:blank', title: TITLES[status] ?? 'Error', status, detail }
  return errors.length === 0 ? problem : { ...problem, errors: [...errors] }
}

function send(reply: FastifyReply, problem: ProblemBody): FastifyReply {
  return reply
    .code(problem.status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .serializer((value: unknown) => JSON.stringify(value))
    .send(problem)
}
