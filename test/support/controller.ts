/** A controller over an empty store with the real registry and engine, asked over real HTTP as whoever the test says. */
import assert from 'node:assert/strict'
import { runtimeOf } from '#cli/control-runtime.ts'
import type { Permission, Role } from '#contract/access.ts'
import { Passwords } from '#control/access/passwords.ts'
import { openPrincipal, type Principal, permissionsOf } from '#control/access/principal.ts'
import { type Controller, type ControllerOptions, startController } from '#control/controller.ts'
import type { Fleet } from '#control/fleet/fleet.ts'
import { SecretBox } from '#control/secret-box.ts'
import { type Database, openDatabase } from '#control/store/database.ts'
import { silentLogger } from '#observe/log.ts'
import { ManualClock } from '#std/clock.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'

export interface Answer<Body = unknown> {
  status: number
  body: Body
  etag: string | undefined
  headers: Headers
}

export interface Asked {
  body?: unknown
  headers?: Record<string, string>
  /** Such as `viewer`, or `viewer+publish@other` for an organisation. By default the owner of the default one. */
  as?: string
}

/** Stands for a credential: the header says who asks. */
const WHO = 'x-test-principal'

export class TestController implements AsyncDisposable {
  readonly clock = new ManualClock()
  readonly database: Database
  readonly box = new SecretBox(new Uint8Array(32))
  readonly #owns: boolean
  #controller: Controller | undefined

  private constructor(database: Database, owns: boolean) {
    this.database = database
    this.#owns = owns
  }

  static async start(options: Partial<ControllerOptions> = {}): Promise<TestController> {
    enableLinearRegex()
    const database = options.database ?? (await openDatabase({ file: ':memory:' }))
    const test = new TestController(database, options.database === undefined)
    const { clock, box } = test
    test.#controller = await startController({
      host: '127.0.0.1',
      port: 0,
      version: '1.2.3',
      box,
      runtime: runtimeOf(() => undefined),
      publishers: [],
      access: { mode: 'required', secureCookies: false, passwords: new Passwords() },
      authenticate: async ({ headers }) => principalFrom(headers[WHO]),
      log: silentLogger,
      clock,
      ...options,
      database,
    })
    return test
  }

  get address(): string {
    return this.#controller!.address
  }

  get fleet(): Fleet {
    return this.#controller!.fleet
  }

  async ask<Body = unknown>(
    method: string,
    path: string,
    { body, headers = {}, as }: Asked = {},
  ): Promise<Answer<Body>> {
    const response = await fetch(`${this.address}${path.startsWith('/api') ? '' : '/api/v1'}${path}`, {
      method,
      headers: {
        ...(as === undefined ? {} : { [WHO]: as }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = text !== '' && response.headers.get('content-type')?.includes('json') === true
    return {
      status: response.status,
      body: (isJson ? JSON.parse(text) : text) as Body,
      etag: response.headers.get('etag') ?? undefined,
      headers: response.headers,
    }
  }

  /** Asks and expects this status. */
  async must<Body = unknown>(status: number, method: string, path: string, asked: Asked = {}): Promise<Answer<Body>> {
    const answer = await this.ask<Body>(method, path, asked)
    assert.equal(answer.status, status, `${method} ${path}: ${JSON.stringify(answer.body)}`)
    return answer
  }

  /** Reads the entity tag and changes what has it. */
  async change<Body = unknown>(method: string, path: string, asked: Asked = {}): Promise<Answer<Body>> {
    const { etag } = await this.must(200, 'GET', path.split('?')[0]!)
    return await this.ask<Body>(method, path, { ...asked, headers: { ...asked.headers, 'if-match': etag! } })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#controller?.close()
    if (this.#owns) await this.database.close()
  }
}

function principalFrom(header: string | string[] | undefined): Principal | undefined {
  if (header === undefined) return openPrincipal
  if (header === 'nobody') return undefined
  const [who, org = 'default'] = String(header).split('@')
  const [role, ...granted] = who!.split('+')
  const permissions = permissionsOf(role as Role, granted as Permission[])
  return { org, kind: 'user', id: who!, name: who!, role: role as Role, via: 'api', permissions }
}
