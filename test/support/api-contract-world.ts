/**
 * A controller as it is for real, with two organisations in which there is something of everything, and whoever asks it.
 */
import assert from 'node:assert/strict'
import type { Link } from '#agent/link.ts'
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
import { type Answer, type Asked, type Caller, ContractClient, type Request } from './api-contract-client.ts'
import { EACH, logIn, populate, used } from './api-contract-seeding.ts'
import { exampleStats } from './stats-fixture.ts'

type Grant = (typeof grantable)[number]

/** For people who have logged in, and not for keys. */
const FOR_SESSIONS = /^\/api\/v1\/(me\/|logout$)/

/** One organisation. */
export interface Side {
  org: string
  /** Stands in whatever has a name there. */
  mark: string
  owner: Caller
  ownerSession: Caller
  /** By the path that leads to one, such as `/api/v1/users/{}`: what to put in the place of its last parameter. */
  values: Map<string, string>
}

export class ContractWorld implements AsyncDisposable {
  readonly database: Database
  readonly clock = new ManualClock()
  readonly sides: Side[] = []
  /** What the controller has logged as its own failure. */
  readonly errors: string[] = []
  /** Gateways that are there. */
  readonly links: Link[] = []
  contract!: Contract
  controller!: Controller
  #client!: ContractClient

  private constructor(database: Database) {
    this.database = database
  }

  static async build(database: Database): Promise<ContractWorld> {
    enableLinearRegex()
    const world = new ContractWorld(database)
    world.controller = await startController({
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
      log: { ...silentLogger, error: (fields) => void world.errors.push(JSON.stringify(fields)) },
      clock: world.clock,
    })
    try {
      const { address } = world.controller
      world.#client = new ContractClient(address)
      world.contract = await Contract.of(address)
      await populate(world)
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

  ask(method: string, path: string, asked?: Asked): Promise<Answer> {
    return this.#client.ask(method, path, asked)
  }
  must(status: number, method: string, path: string, asked: Asked): Promise<Answer> {
    return this.#client.must(status, method, path, asked)
  }

  /** The owner of a side, with what the operation takes: a key, or a session. */
  ownerFor({ path }: Operation, { owner, ownerSession }: Side): Caller {
    return isForSessions(path) ? ownerSession : owner
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
  async requestOf(operation: Operation, side: Side, as: Caller, i = EACH + 1): Promise<Request> {
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
    const session = await logIn(this, email, name)
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
    return await used(this, { name: `key ${name}`, headers: { authorization: `Bearer ${made.body.key}` } })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client?.close()
    await Promise.all(this.links.map((link) => link.close()))
    await this.controller.close()
  }
}

export function isForSessions(path: string): boolean {
  return FOR_SESSIONS.test(path)
}

/** Routes name the same parameter differently. */
export function nameless(path: string): string {
  return path.replaceAll(/\{\w+\}/g, '{}')
}

/** Every role, and every grant beside each; owners have them all. */
export const everybody: readonly [Role, Grant[]][] = roles.flatMap((role) =>
  [[], ...(role === 'owner' ? [] : grantable.map((grant) => [grant]))].map((grants): [Role, Grant[]] => [role, grants]),
)
