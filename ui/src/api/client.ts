/** The one way to the API: `/api/v1`, with the cookie of the login, its token on writes, and problems as errors. */
import type { ProblemBody } from '#contract/api.ts'

/** What the API answered instead of what was asked for; status 0 when there was no answer. */
export class ApiError extends Error {
  readonly status: number
  readonly problem: ProblemBody
  /** Seconds after which to ask again, where the answer says so. */
  readonly retryAfter: number | undefined

  constructor(problem: ProblemBody, retryAfter?: number) {
    super(problem.detail)
    this.name = 'ApiError'
    this.status = problem.status
    this.problem = problem
    this.retryAfter = retryAfter
  }

  /** What is wrong with one field, by its JSON Pointer. */
  at(pointer: string): string | undefined {
    return this.problem.errors?.find((error) => error.pointer === pointer)?.detail
  }
}

/** A thing and the tag of its state, for `If-Match`. */
export interface Tagged<Body> {
  body: Body
  etag: string
}

export type Query = Record<string, string | number | boolean | undefined | null>

export interface SendOptions {
  query?: Query
  etag?: string
  signal?: AbortSignal
}

const BASE = '/api/v1'
let csrfToken: string | undefined

/** From `GET /me`; writes with a cookie need it. */
export function keepCsrfToken(token: string | null): void {
  csrfToken = token ?? undefined
}

export async function get<Body>(path: string, query: Query = {}, signal?: AbortSignal): Promise<Body> {
  return (await answerOf<Body>(path, { query, ...(signal && { signal }) }, { method: 'GET' })).body
}

export async function getTagged<Body>(path: string, query: Query = {}, signal?: AbortSignal): Promise<Tagged<Body>> {
  return await answerOf<Body>(path, { query, ...(signal && { signal }) }, { method: 'GET' })
}

export async function send<Body = unknown>(
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
  options: SendOptions = {},
): Promise<Body> {
  return (await sendTagged<Body>(method, path, body, options)).body
}

export async function sendTagged<Body = unknown>(
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
  options: SendOptions = {},
): Promise<Tagged<Body>> {
  const headers: Record<string, string> = {}
  if (csrfToken !== undefined) headers['x-csrf-token'] = csrfToken
  if (options.etag !== undefined) headers['if-match'] = options.etag
  if (body !== undefined) headers['content-type'] = 'application/json'
  return await answerOf<Body>(path, options, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}

/** The address of something that is streamed or downloaded. */
export function urlOf(path: string, query: Query = {}): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value))
  }
  const text = search.toString()
  return `${BASE}${path}${text === '' ? '' : `?${text}`}`
}

/** What is read as it comes, such as a stream of events. */
export async function open(path: string, query: Query, signal: AbortSignal): Promise<Response> {
  return await responseOf(path, { query, signal }, { method: 'GET' })
}

async function answerOf<Body>(path: string, options: SendOptions, init: RequestInit): Promise<Tagged<Body>> {
  const headers = { ...(init.headers as Record<string, string>), accept: 'application/json' }
  const response = await responseOf(path, options, { ...init, headers })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') === true
  return { body: (isJson ? JSON.parse(text) : text) as Body, etag: response.headers.get('etag') ?? '' }
}

async function responseOf(path: string, { query, signal }: SendOptions, init: RequestInit): Promise<Response> {
  const headers = { ...(init.headers as Record<string, string>), 'x-streamgate-client': 'ui' }
  const response = await fetch(urlOf(path, query), { ...init, headers, ...(signal && { signal }) }).catch(
    (error: unknown) => {
      if (signal?.aborted) throw error
      throw new ApiError(noAnswer)
    },
  )
  if (!response.ok) throw new ApiError(await problemOf(response), secondsIn(response.headers.get('retry-after')))
  return response
}

const noAnswer: ProblemBody = {
  type: 'about:blank',
  title: 'No answer',
  status: 0,
  detail: 'the controller does not answer; is it running, and does the network reach it?',
}

async function problemOf(response: Response): Promise<ProblemBody> {
  try {
    const body = (await response.json()) as ProblemBody
    if (typeof body.detail === 'string') return body
  } catch {
    // Not one of ours: a proxy in between, perhaps.
  }
  const title = response.statusText || 'Error'
  return { type: 'about:blank', title, status: response.status, detail: `the answer was ${response.status} ${title}` }
}

function secondsIn(header: string | null): number | undefined {
  const seconds = Number(header ?? Number.NaN)
  return Number.isFinite(seconds) ? seconds : undefined
}
