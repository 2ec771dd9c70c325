/** A fleet over an empty store, its server, and agents that come by WebSocket or plain HTTP. */
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { type ClientOptions, WebSocket } from 'ws'
import { encodeAgentToServer } from '#codecs/opamp/agent-to-server.ts'
import { framed, unframed } from '#codecs/opamp/frame.ts'
import type { AgentToServer, ServerToAgent } from '#codecs/opamp/messages.ts'
import { decodeServerToAgent } from '#codecs/opamp/server-to-agent.ts'
import type { ControlContext } from '#control/context.ts'
import { hashOf, newToken } from '#control/fleet/credentials.ts'
import { offerHash } from '#control/fleet/effective.ts'
import { Fleet, type FleetOptions } from '#control/fleet/fleet.ts'
import type { DesiredConfig } from '#control/fleet/gateway.ts'
import { type OpampServer, type OpampServerOptions, startOpampServer } from '#control/fleet/opamp-server.ts'
import { SecretBox } from '#control/secret-box.ts'
import { type Database, openDatabase } from '#control/store/database.ts'
import { silentLogger } from '#observe/log.ts'
import { type Clock, systemClock } from '#std/clock.ts'
import { uuidv7 } from '#std/uuid.ts'
import type { FakeAgent } from './fake-agent.ts'

const PATIENCE_MS = 10_000

export function configOf(version: number, kind: DesiredConfig['kind'] = 'streamgate'): DesiredConfig {
  const body = Buffer.from(JSON.stringify({ version: 2, sources: [], pipelines: [{ id: `p${version}` }] }))
  const files = new Map([['streamgate.json', { body, contentType: 'application/json' }]])
  return { kind, version, hash: offerHash(files), files }
}

export class FleetWorld {
  readonly database: Database
  readonly context: ControlContext
  /** By `org/name`. */
  readonly live = new Map<string, DesiredConfig>()
  fleet: Fleet
  server: OpampServer | undefined
  readonly #options: Partial<FleetOptions>
  readonly #sockets = new Set<AgentSocketClient>()

  constructor(database: Database, clock: Clock, options: Partial<FleetOptions>) {
    this.database = database
    this.context = {
      db: database.db,
      dialect: database.dialect,
      clock,
      log: silentLogger,
      runtime: undefined as never,
      box: new SecretBox(Buffer.alloc(32, 7)),
      version: 'test',
    }
    this.#options = options
    this.fleet = this.#newFleet()
  }

  /** As after a restart: nothing is known but what the store has. */
  async restartFleet(): Promise<void> {
    await this.fleet.close()
    this.fleet = this.#newFleet()
  }

  async serve(options: Partial<OpampServerOptions> = {}): Promise<OpampServer> {
    this.server = await startOpampServer(this.fleet, { host: '127.0.0.1', port: 0, auth: 'open', ...options })
    return this.server
  }

  async stopServing(): Promise<void> {
    await this.server?.close()
    this.server = undefined
  }

  async token(fields: { expires_at?: number; uses_max?: number; configuration?: string } = {}): Promise<string> {
    const token = newToken().reveal()
    const now = this.context.clock.wall()
    await this.context.db
      .insertInto('registration_tokens')
      .values({
        hash: hashOf(token),
        org_id: 'default',
        id: uuidv7(now),
        name: 'test',
        prefix: token.slice(0, 10),
        configuration: null,
        labels: '{"site":"a"}',
        expires_at: null,
        uses: 0,
        uses_max: null,
        created_at: now,
        created_by: 'test',
        last_used_at: null,
        revoked_at: null,
        ...fields,
      })
      .execute()
    return token
  }

  async connect(agent: FakeAgent, options: ClientOptions = {}): Promise<AgentSocketClient> {
    const url = this.server!.address.replace(/^http/, 'ws')
    const client = new AgentSocketClient(new WebSocket(url, options), agent)
    this.#sockets.add(client)
    await client.opened
    return client
  }

  /** One exchange by plain HTTP. */
  async ask(
    message: AgentToServer,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; reply: ServerToAgent }> {
    const response = await fetch(this.server!.address, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf', ...headers },
      body: Buffer.from(encodeAgentToServer(message)),
    })
    const decoded = decodeServerToAgent(new Uint8Array(await response.arrayBuffer()))
    if (!decoded.ok) throw new Error(`status ${response.status}, and no message`)
    return { status: response.status, reply: decoded.message }
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.socket.terminate()
    await this.stopServing()
    await this.fleet.close()
    await this.database.close()
  }

  #newFleet(): Fleet {
    const desired = { live: async (org: string, name: string) => this.live.get(`${org}/${name}`) }
    return new Fleet(this.context, { desired, ...this.#options })
  }
}

export async function fleetWorld(
  t: TestContext,
  { clock = systemClock, database, ...options }: Partial<FleetOptions> & { clock?: Clock; database?: Database } = {},
): Promise<FleetWorld> {
  const world = new FleetWorld(database ?? (await openDatabase({ file: ':memory:' })), clock, options)
  if (database === undefined) t.after(() => world.close())
  return world
}

/** Sends what the agent has to say whenever there is something. */
export class AgentSocketClient {
  readonly socket: WebSocket
  readonly agent: FakeAgent
  readonly opened: Promise<unknown>
  readonly closed: Promise<{ code: number; reason: string }>
  readonly replies: ServerToAgent[] = []
  #waiting: (() => void)[] = []

  constructor(socket: WebSocket, agent: FakeAgent) {
    this.socket = socket
    this.agent = agent
    this.opened = once(socket, 'open')
    this.closed = once(socket, 'close').then(([code, reason]) => ({ code, reason: String(reason) }))
    this.closed.catch(() => undefined)
    socket.on('message', (data: Buffer) => this.#heard(data))
  }

  send(message = this.agent.next()): void {
    this.socket.send(framed(encodeAgentToServer(message)))
  }

  /** The next message that fits; one that has come already counts. */
  async next(fits: (reply: ServerToAgent) => boolean = () => true): Promise<ServerToAgent> {
    return (await this.until(() => this.replies.find(fits)))!
  }

  /** Looks after each message. */
  async until<T>(find: () => T | undefined | false): Promise<T> {
    const deadline = Date.now() + PATIENCE_MS
    for (;;) {
      const found = find()
      if (found !== undefined && found !== false) return found
      if (Date.now() > deadline) throw new Error('nothing of the kind came')
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 100)
        this.#waiting.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }

  #heard(data: Buffer): void {
    const decoded = decodeServerToAgent(unframed(data)!)
    if (!decoded.ok) throw new Error('the server has sent what is no message')
    this.replies.push(decoded.message)
    this.agent.receive(decoded.message)
    if (this.agent.isEager && this.socket.readyState === WebSocket.OPEN) this.send()
    for (const wake of this.#waiting.splice(0)) wake()
  }
}
