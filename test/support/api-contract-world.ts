/**
 * A controller as it is for real, with two organisations in which there is something of everything: what the API can make is
 * made through it, by the document it serves; what comes from gateways and from time is put into the store.
 */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'undici'
import { runtimeOf } from '#cli/control-runtime.ts'
import { grantable, type Role, roles } from '#contract/access.ts'
import { HASHING, Passwords } from '#control/access/passwords.ts'
import { analyse } from '#control/analysis.ts'
import { type Controller, startController } from '#control/controller.ts'
import type { Runtime } from '#control/runtime.ts'
import { SecretBox } from '#control/secret-box.ts'
import type { Database } from '#control/store/database.ts'
import { silentLogger } from '#observe/log.ts'
import { ManualClock } from '#std/clock.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { Contract, type Operation } from './api-contract.ts'
import { bodyOf, PASSWORD } from './api-contract-bodies.ts'
import { plantEvents, plantGateway } from './api-contract-plants.ts'
import { exampleStats } from './stats-fixture.ts'

/** Longer than anything here takes: an answer that does not come fails. */
const PATIENCE_MS = 20_000
/** Of each kind, so that lists have pages. */
export const EACH = 3
const AT_ONCE = 8

type Grant = (typeof grantable)[number]

/** Who asks: the headers that show it. */
export interface Caller {
  name: string
  headers: Record<string, string>
}

export interface Answer {
  status: number
  type: string
  etag: string | undefined
  headers: Record<string, string | string[] | undefined>
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into, and asserted
  body: any
}

export interface Asked {
  as?: Caller | undefined
  body?: unknown
  /** In the place of `body`, as they are. */
  bytes?: string | Uint8Array | undefined
  headers?: Record<string, string>
}

/** One organisation. */
export interface Side {
  org: string
  mark: string
  owner: Caller
  ownerSession: Caller
  /** By the path that leads to one, such as `/api/v1/users/{}`: what to put in the place of its last parameter. */
  values: Map<string, string>
}

export class ContractWorld implements AsyncDisposable {
  readonly clock = new ManualClock()
  readonly database: Database
  readonly sides: Side[] = []
  contract!: Contract
  #controller!: Controller
  #pool!: Pool

  private constructor(database: Database) {
    this.database = database
  }

  static async build(database: Database): Promise<ContractWorld> {
    enableLinearRegex()
    const world = new ContractWorld(database)
    const { clock } = world
    world.#controller = await startController({
      host: '127.0.0.1',
      port: 0,
      version: '1.2.3',
      database,
      box: new SecretBox(new Uint8Array(32)),
      // Threads are not what is tested here.
      runtime: { ...runtimeOf(exampleStats), analyse: async (task) => analyse(task) } as Runtime,
      publishers: [],
      access: {
        mode: 'required',
        secureCookies: false,
        passwords: new Passwords({ ...HASHING, memoryCost: 64, timeCost: 1 }),
      },
      log: { ...silentLogger, error: (fields) => console.error(fields) },
      clock,
    })
    world.#pool = new Pool(world.#controller.address, {
      connections: AT_ONCE,
      headersTimeout: PATIENCE_MS,
      bodyTimeout: PATIENCE_MS,
    })
    world.contract = await Contract.of(world.#controller.address)
    try {
      await world.#populate()
    } catch (error) {
      await world[Symbol.asyncDispose]()
      throw error
    }
    return world
  }

  get home(): Side {
    return this.sides[0]!
  }
  get other(): Side {
    return this.sides[1]!
  }

  async ask(method: string, path: string, { as, body, bytes, headers = {} }: Asked = {}): Promise<Answer> {
    const sent = bytes ?? (body === undefined ? undefined : JSON.stringify(body))
    const response = await this.#pool.request({
      method: method as 'GET',
      path,
      headers: { ...as?.headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(sent === undefined ? {} : { body: sent }),
    })
    const type = String(response.headers['content-type'] ?? '').split(';')[0]!
    let text = ''
    if (type === 'text/event-stream') response.body.on('error', () => undefined).destroy()
    else text = await response.body.text()
    const parsed: unknown = /[/+]json$/.test(type) ? JSON.parse(text) : text
    const etag = response.headers['etag'] as string | undefined
    return { status: response.statusCode, type, etag, headers: response.headers, text, body: parsed }
  }

  async must(status: number, method: string, path: string, asked: Asked): Promise<Answer> {
    const answer = await this.ask(method, path, asked)
    assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`)
    return answer
  }

  /** The path with what a side has in the place of its parameters. Undefined: the world has no such thing. */
  pathOf({ path }: Pick<Operation, 'path'>, { values }: Side): string | undefined {
    let prefix = ''
    let filled = ''
    for (const part of path.slice(1).split('/')) {
      prefix += `/${part}`
      const value = part.startsWith('{') ? values.get(nameless(prefix)) : part
      if (value === undefined) return undefined
      filled += `/${part.startsWith('{') ? encodeURIComponent(value) : value}`
    }
    return filled
  }

  /** A body that is accepted, and the headers that go with it. */
  async requestOf(operation: Operation, side: Side, as: Caller, i = EACH + 1): Promise<Asked & { path: string }> {
    const path = this.pathOf(operation, side)
    assert.ok(path !== undefined, `${operation.id}: there is nothing in the world that it could be asked about`)
    const needsShown = operation.body !== undefined || operation.parameters.some(({ name }) => name === 'if-match')
    const hasGet = this.contract.find(`GET ${operation.path}`) !== undefined
    const shown = needsShown && hasGet && operation.method !== 'POST' ? await this.ask('GET', path, { as }) : undefined
    const body = bodyOf(this.contract, operation, side.mark, i, shown?.body)
    const query = operation.parameters.filter((parameter) => parameter.in === 'query' && parameter.required === true)
    const asked = query.map(({ name, schema }) => `${name}=${schema['default'] ?? schema['minimum'] ?? 'x'}`).join('&')
    const headers: Record<string, string> = shown?.etag === undefined ? {} : { 'if-match': shown.etag }
    return { path: asked === '' ? path : `${path}?${asked}`, as, body, headers }
  }

  /** A user of the home organisation with a session, and a key that may do the same. */
  async person(role: Role, grants: readonly Grant[]): Promise<{ session: Caller; key: Caller }> {
    const { owner, mark } = this.home
    const name = [role, ...grants].join('+')
    const email = `is-${name.replaceAll(/[^a-z]/g, '-')}@${mark}.example`
    await this.must(200, 'POST', '/api/v1/users', { as: owner, body: { email, role, grants, password: PASSWORD } })
    const session = await this.#logIn(email, name)
    return { session, key: await this.key(`${mark}-${name.replaceAll(/[^a-z]/g, '-')}`, role, grants) }
  }

  async key(
    name: string,
    role: Role,
    grants: readonly Grant[] = [],
    expires_at: number | null = null,
  ): Promise<Caller> {
    const body = { name, role, grants, expires_at }
    const made = await this.must(200, 'POST', '/api/v1/keys', { as: this.home.owner, body })
    return await this.#used({ name: `key ${name}`, headers: { authorization: `Bearer ${made.body.key}` } })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy()
    await this.#controller.close()
  }

  async #populate(): Promise<void> {
    const [, token] = this.#controller.firstLogin!.split('=')
    const home = await this.#side('default', 'ofalpha', token!)
    const body = { id: 'other', name: 'other' }
    const made = await this.must(200, 'POST', '/api/v1/orgs', { as: home.owner, body })
    const other = await this.#side('other', 'ofbeta', made.body.invitation.token)
    for (const side of [home, other]) await this.#fill(side)
  }

  async #side(org: string, mark: string, token: string): Promise<Side> {
    const email = `owner@${mark}.example`
    await this.must(200, 'POST', '/api/v1/setup', { body: { token, email, password: PASSWORD } })
    const ownerSession = await this.#logIn(email, `owner of ${org}`)
    const key = { name: `${mark}-owner`, role: 'owner' }
    const made = await this.must(200, 'POST', '/api/v1/keys', { as: ownerSession, body: { ...key, personal: false } })
    const owner = { name: `key of ${org}`, headers: { authorization: `Bearer ${made.body.key}` } }
    const side: Side = { org, mark, owner: await this.#used(owner), ownerSession, values: new Map() }
    this.sides.push(side)
    return side
  }

  /** The first use of a key is written down: it is over before anything is compared. */
  async #used(caller: Caller): Promise<Caller> {
    await this.must(200, 'GET', '/api/v1/me', { as: caller })
    return caller
  }

  async #logIn(email: string, name: string): Promise<Caller> {
    const answer = await this.must(200, 'POST', '/api/v1/login', { body: { email, password: PASSWORD } })
    const cookie = String(answer.headers['set-cookie']).split(';')[0]!
    return { name, headers: { cookie, 'x-csrf-token': answer.body.csrf_token } }
  }

  async #fill(side: Side): Promise<void> {
    const { owner, mark } = side
    await plantGateway(this.#controller.fleet, this.database, side.org)
    await plantEvents(this.database, side.org, mark)
    const makers = this.contract.operations.filter(
      ({ method, path }) => method === 'POST' && this.contract.operations.some((one) => isOne(one.path, path)),
    )
    // What stands in others comes after them.
    for (const operation of makers.sort((a, b) => a.path.split('{').length - b.path.split('{').length)) {
      for (let i = 1; i <= EACH; i++) {
        const { path, ...asked } = await this.requestOf(operation, side, owner, i)
        const { status, text } = await this.ask('POST', path, asked)
        if (status === 403 && side.org !== 'default') break
        assert.ok(status < 300, `POST ${path} with what its schema allows: ${text}; an example may be needed`)
      }
      await this.#look(side, operation.path)
    }
    for (let i = 1; i <= EACH; i++) {
      const secret = { as: owner, body: { value: `hidden ${i}` } }
      await this.must(200, 'PUT', `/api/v1/secrets/${mark}-secret-${i}`, secret)
      await this.#publish(side, i)
      await this.must(202, 'POST', `/api/v1/webhooks/${side.values.get('/api/v1/webhooks/{}')}/test`, { as: owner })
    }
    await this.#look(side)
    const empty = await this.#emptyOrg(side)
    const sessions = await this.must(200, 'GET', '/api/v1/me/sessions', { as: side.ownerSession })
    side.values.set('/api/v1/orgs/{}', empty).set('/api/v1/me/sessions/{}', sessions.body.items[0].id)
  }

  async #publish(side: Side, i: number): Promise<void> {
    const { owner: as, mark } = side
    const base = this.pathOf({ path: '/api/v1/configurations/{configuration}' }, side)!
    const policy = { id: `${mark}-published-${i}`, type: 'filter', params: { value: `TRACE ${i}` } }
    await this.must(201, 'POST', `${base}/pipelines/${mark}-pipeline-3/processors`, { as, body: policy })
    const made = await this.must(201, 'POST', `${base}/receipts`, { as, body: {} })
    const { id: receipt } = made.body
    await this.must(200, 'POST', `${base}/publish`, { as, body: { message: `${mark} ${i}`, receipt } })
    side.values.set('/api/v1/configurations/{}/receipts/{}', receipt)
  }

  /** One that nobody has come into yet; the default one for who may not make any. */
  async #emptyOrg({ org, mark }: Side): Promise<string> {
    return org === 'default' ? `${mark}-org-1` : 'other'
  }

  /** Finds in each list, or in that one, something that other routes can be asked about. */
  async #look(side: Side, only?: string): Promise<void> {
    for (const one of Object.keys(this.contract.document.paths)) {
      const [, list, name] = /^(.*)\/\{(\w+)\}$/.exec(one) ?? []
      if (list === undefined || (only ?? list) !== list || this.contract.find(`GET ${list}`) === undefined) continue
      const path = this.pathOf({ path: list }, side)
      if (path === undefined) continue
      const { status, body } = await this.ask('GET', path, { as: side.owner })
      const items: Record<string, unknown>[] = status === 200 ? (Array.isArray(body) ? body : body.items) : []
      const item = items.findLast((candidate) => JSON.stringify(candidate).includes(side.mark)) ?? items.at(-1)
      const value = item?.[name!] ?? item?.['id'] ?? item?.['name'] ?? item?.['number']
      if (value !== undefined) side.values.set(nameless(one), String(value))
    }
  }
}

/** Routes name the same parameter differently. */
function nameless(path: string): string {
  return path.replaceAll(/\{\w+\}/g, '{}')
}

function isOne(path: string, list: string): boolean {
  return path.startsWith(`${list}/{`) && path.endsWith('}') && !path.slice(list.length + 1).includes('/')
}

/** Every role, and every grant beside each; owners have them all. */
export const everybody: readonly [Role, Grant[]][] = roles.flatMap((role) =>
  [[], ...(role === 'owner' ? [] : grantable.map((grant) => [grant]))].map((grants): [Role, Grant[]] => [role, grants]),
)

/** Work of which several are under way at once. */
export async function together<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const queue = [...items]
  const one = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, one))
  await sleep(0)
}
