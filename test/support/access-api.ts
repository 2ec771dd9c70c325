/** The routes of access over a given database, without a socket; and clients that keep cookies as browsers do. */
import assert from 'node:assert/strict'
import { type FastifyInstance, fastify } from 'fastify'
import { serializerCompiler } from 'fastify-type-provider-zod'
import type { AuthMode, Me } from '#contract/access.ts'
import { type Access, authenticator } from '#control/access/authenticator.ts'
import { HASHING, Passwords } from '#control/access/passwords.ts'
import { firstAdminLink } from '#control/access/setup.ts'
import { accessRoutes } from '#control/api/access-routes.ts'
import { auditRoutes } from '#control/api/audit-routes.ts'
import { guard } from '#control/api/guard.ts'
import { idempotency } from '#control/api/idempotency.ts'
import { answerWithProblems, validatorCompiler } from '#control/api/problem.ts'
import type { ControlContext } from '#control/context.ts'
import { SecretBox } from '#control/secret-box.ts'
import type { Database } from '#control/store/database.ts'
import { silentLogger } from '#observe/log.ts'
import { ManualClock } from '#std/clock.ts'

export const OWNER = { email: 'Ada@Example.com', password: 'a loom with punched cards' }

export interface Answer {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into, and asserted
  body: any
  headers: Record<string, string | string[] | number | undefined>
}

export class AccessApi {
  readonly clock: ManualClock
  readonly context: ControlContext
  readonly passwords = new Passwords({ ...HASHING, memoryCost: 64, timeCost: 1 })
  readonly access: Access
  readonly app: FastifyInstance

  /** Those with the same clock are two controllers of one store. */
  constructor({ db, dialect }: Database, mode: AuthMode = 'required', clock = new ManualClock()) {
    this.clock = clock
    const runtime = {
      stats: () => undefined,
      checkRule: () => [],
      checkOutput: () => [],
      checkDocument: () => [],
      catalog: () => {
        throw new Error('nothing is described here')
      },
      traits: {},
      replay: async () => [],
      analyse: async () => Promise.reject(new Error('nothing is analysed here')),
    }
    const box = new SecretBox(Buffer.alloc(32, 7))
    this.context = { db, dialect, clock, log: silentLogger, runtime, box, version: '1.2.3' }
    this.access = { mode, secureCookies: true, passwords: this.passwords }
    this.app = fastify()
    this.app.setValidatorCompiler(validatorCompiler)
    this.app.setSerializerCompiler(serializerCompiler)
    answerWithProblems(this.app, { ...silentLogger, error: (fields) => console.error(fields) })
    guard(this.app, authenticator(this.context, this.access))
    idempotency(this.app, this.context)
    void this.app.register(accessRoutes, { ...this.context, access: this.access, prefix: '/api/v1' })
    void this.app.register(auditRoutes, { ...this.context, prefix: '/api/v1' })
  }

  client(address = '198.51.100.7'): Client {
    return new Client(this, address)
  }

  async setupToken(): Promise<string> {
    const link = await firstAdminLink(this.context, 'http://127.0.0.1:8000')
    assert.match(link ?? '', /^http:\/\/127\.0\.0\.1:8000\/setup#token=[\w-]{43}$/)
    return link!.split('=')[1]!
  }

  /** The first owner, logged in. */
  async owner(): Promise<Client> {
    const client = this.client()
    await client.ok('POST', '/setup', { token: await this.setupToken(), ...OWNER })
    return client
  }
}

export class Client {
  readonly api: AccessApi
  readonly address: string
  cookie: string | undefined
  csrf: string | undefined
  key: string | undefined

  constructor(api: AccessApi, address: string) {
    this.api = api
    this.address = address
  }

  async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await this.api.app.inject({
      method: method as 'GET',
      url: `/api/v1${path}`,
      remoteAddress: this.address,
      headers: {
        ...(this.cookie === undefined ? {} : { cookie: `theme=dark; sg_session=${this.cookie}` }),
        ...(this.csrf === undefined || method === 'GET' ? {} : { 'x-csrf-token': this.csrf }),
        ...(this.key === undefined ? {} : { authorization: `Bearer ${this.key}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { payload: body as object }),
    })
    const isJson = String(response.headers['content-type']).includes('json;')
    const answer = { status: response.statusCode, body: isJson ? response.json() : response.body }
    const cookie = response.cookies.find(({ name }) => name === 'sg_session')
    if (cookie !== undefined) this.cookie = cookie.value === '' ? undefined : cookie.value
    if (typeof answer.body?.csrf_token === 'string') this.csrf = answer.body.csrf_token
    return { ...answer, headers: response.headers }
  }

  /** The body of an answer that must be 200. */
  async ok(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer['body']> {
    const answer = await this.send(method, path, body, headers)
    assert.equal(answer.status, 200, `${method} ${path}: ${JSON.stringify(answer.body)}`)
    return answer.body
  }

  /** With the entity tag of what `path` is now. */
  async change(method: string, path: string, body?: unknown): Promise<Answer> {
    const { headers } = await this.send('GET', path)
    return await this.send(method, path, body, { 'if-match': String(headers['etag']) })
  }

  async login(email: string, password: string, code?: string): Promise<Answer> {
    return await this.send('POST', '/login', { email, password, ...(code === undefined ? {} : { code }) })
  }

  async me(): Promise<Me> {
    return (await this.ok('GET', '/me')) as Me
  }
}
