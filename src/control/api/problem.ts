/** Errors as `application/problem+json` (RFC 9457), always with the place of what is wrong where there is one. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import type { ProblemBody } from '#contract/api.ts'
import type { Logger } from '#observe/log.ts'
import type { Complaint } from '../runtime.ts'

const TITLES: Record<number, string> = {
  400: 'Bad request',
  404: 'Not found',
  405: 'Method not allowed',
  413: 'Body too large',
  415: 'Unsupported media type',
  422: 'Not acceptable as it is',
  500: 'Internal error',
  503: 'Not available',
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

export function answerWithProblems(app: FastifyInstance, log: Logger): void {
  app.setErrorHandler((error: FastifyError | Problem, request, reply) => {
    const problem = describe(error)
    if (problem.status >= 500)
      log.error({ method: request.method, url: request.url, error: String(error) }, 'request failed')
    void send(reply, problem)
  })
  app.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) => {
    void send(reply, body(404, `there is no ${request.method} ${request.url.split('?')[0]}`))
  })
}

function describe(error: FastifyError | Problem): ProblemBody {
  if (error instanceof Problem) return body(error.status, error.message, error.complaints)
  if (hasZodFastifySchemaValidationErrors(error)) {
    const complaints = error.validation.map(({ instancePath, message, params }) => {
      const { issue } = params as { issue?: { keys?: string[] } }
      const key = issue?.keys?.[0]
      return { pointer: key === undefined ? instancePath : `${instancePath}/${key}`, detail: message ?? 'is not valid' }
    })
    const where = error.validationContext === 'querystring' ? 'query' : (error.validationContext ?? 'request')
    return body(422, `the ${where} is not valid`, complaints)
  }
  const status = error.statusCode ?? 500
  // Whatever went wrong inside is for the log.
  return status >= 500 ? body(500, 'something went wrong; the log says what') : body(status, error.message)
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
