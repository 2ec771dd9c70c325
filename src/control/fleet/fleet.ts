/**
 * The fleet: every agent that is connected to this controller, whatever carries its messages. Each message is answered from
 * what is known (`session.ts`), and what changed goes to the store. Other controllers on the same database serve other agents;
 * what people change there is found by looking every ten seconds.
 */
import { AgentCapability, AgentFlag, INSTANCE_UID_BYTES } from '#codecs/opamp/constants.ts'
import type { AgentToServer, ServerToAgent } from '#codecs/opamp/messages.ts'
import type { Timer } from '#std/clock.ts'
import { uuidText, uuidv7Bytes } from '#std/uuid.ts'
import type { ControlContext } from '../context.ts'
import { countUse, mayClaim, ownCredential } from './credentials.ts'
import { filesOf } from './effective.ts'
import {
  type Desired,
  type Gateway,
  HEARTBEAT_MS_DEFAULT,
  has,
  isOnline,
  type NamedConfig,
  newGateway,
} from './gateway.ts'
import { keyOf, loadGateway, loadReports } from './gateway-store.ts'
import { KeptQuestions } from './kept-questions.ts'
import { type AgentConnection, LiveGateway } from './live.ts'
import { LiveConfigs } from './live-configs.ts'
import { MemoryConnection, type MemoryPeer } from './memory-connection.ts'
import { Observers } from './observers.ts'
import { answer, type Outcome, push, refusal } from './session.ts'
import { settingsOf, type TelemetryEndpoint, type WantedSettings } from './settings.ts'
import type { Wanted } from './situation.ts'
import { followed } from './states.ts'
import { compare } from './syncers.ts'
import { FleetWriter } from './writer.ts'

export const AGENTS_MAX_DEFAULT = 20_000
const RECONCILE_MS = 10_000
const SWEEP_MS = 5_000
/** Clocks of controllers may differ so much. */
const TOUCHED_OVERLAP_MS = 60_000
/** Pushed before others have their turn. */
const PUSHES_AT_ONCE = 50
const RETRY_AFTER_MS = 30_000

export interface FleetOptions {
  desired: Desired
  /** How often agents shall say that they are there. */
  heartbeatMs?: number
  agentsMax?: number
  /** Where agents shall send their own metrics. */
  ownMetrics?: TelemetryEndpoint | undefined
}

export class Fleet {
  readonly heartbeatMs: number
  readonly context: ControlContext
  readonly observers: Observers
  readonly kept: KeptQuestions
  readonly #agentsMax: number
  readonly #ownMetrics: TelemetryEndpoint | undefined
  readonly #configs: LiveConfigs
  readonly #writer: FleetWriter
  readonly #live = new Map<string, LiveGateway>()
  /** Who speaks over a connection. */
  readonly #users = new WeakMap<AgentConnection, Set<LiveGateway>>()
  readonly #loading = new Map<string, Promise<LiveGateway | string>>()
  readonly #components = new Set<string>()
  #timers: Timer[] = []
  #touchedUntil: number
  #closed = false

  constructor(context: ControlContext, { desired, heartbeatMs, agentsMax, ownMetrics }: FleetOptions) {
    this.context = context
    this.heartbeatMs = heartbeatMs ?? HEARTBEAT_MS_DEFAULT
    this.#agentsMax = agentsMax ?? AGENTS_MAX_DEFAULT
    this.#ownMetrics = ownMetrics
    this.#configs = new LiveConfigs(desired)
    this.#writer = new FleetWriter(context)
    this.kept = new KeptQuestions(context.clock, (org, uid) => this.#live.get(keyOf({ org, uid })))
    this.observers = new Observers(context, () => this.#live.values(), this.kept)
    this.#touchedUntil = context.clock.wall()
    this.#every(RECONCILE_MS, () => this.reconcile())
    this.#every(SWEEP_MS, async () => this.#sweep())
  }

  /** Not every agent takes the interval that it is offered. */
  get offlineIntervalMs(): number {
    return Math.max(this.heartbeatMs, HEARTBEAT_MS_DEFAULT)
  }
  /** How many are connected here. */
  get size(): number {
    return this.#live.size
  }
  get isFull(): boolean {
    return this.#live.size >= this.#agentsMax
  }

  /** The node in the same process: messages as objects. `peer` gets answers and whatever else is to be said. */
  connect(peer: MemoryPeer): MemoryConnection {
    return new MemoryConnection(this, peer)
  }

  /** The answer to a message. Rejects only when the store cannot be read. */
  async receive(connection: AgentConnection, message: AgentToServer): Promise<ServerToAgent> {
    if (message.instanceUid.length !== INSTANCE_UID_BYTES)
      return refusal(message.instanceUid, `instance_uid must have ${INSTANCE_UID_BYTES} bytes`)
    if (this.#closed || !connection.isOpen)
      return refusal(message.instanceUid, 'the controller has closed the connection', RETRY_AFTER_MS)
    if ((message.flags & AgentFlag.requestInstanceUid) !== 0n) return this.#newUid(message)
    const found = await this.#find(connection, message)
    if (typeof found === 'string') return refusal(message.instanceUid, found)
    if (found === undefined)
      return refusal(message.instanceUid, 'the controller has as many agents as it takes', RETRY_AFTER_MS)
    return found.enqueue(() => this.#answer(found, connection, message))
  }

  /** Its connection is gone, and with it whoever used it. */
  disconnected(connection: AgentConnection): void {
    for (const live of this.#users.get(connection) ?? []) void live.enqueue(() => this.#drop(live, connection))
  }

  /** Somebody is there at the other end, though nothing was said. */
  alive(connection: AgentConnection): void {
    for (const live of this.#users.get(connection) ?? []) {
      live.gateway = { ...live.gateway, lastSeenAt: this.context.clock.wall() }
      this.#writer.seen(live.gateway)
    }
  }

  /** Another version is live: all gateways here that follow the configuration are told at once. */
  async published(org: string, configuration: string): Promise<void> {
    await this.#configs.refresh(org, configuration)
    await this.#push((live) => live.gateway.org === org && followed(live.gateway) === configuration)
  }

  /** How many are connected here and follow the configuration. */
  followers(org: string, configuration: string): number {
    let count = 0
    for (const { gateway } of this.#live.values())
      if (gateway.org === org && followed(gateway) === configuration) count++
    return count
  }

  /** What is live for a configuration, as far as this controller knows; for showing. */
  desired(org: string, configuration: string): Promise<NamedConfig | undefined> {
    return this.#configs.get(org, configuration)
  }

  /** Looks for what was published or changed by other controllers. Runs every ten seconds. */
  async reconcile(): Promise<void> {
    const changed = await this.#configs.refreshAll(
      new Map([...this.#live.values()].map(({ gateway }) => [`${gateway.org}/${followed(gateway)}`, gateway])),
    )
    const since = this.#touchedUntil - TOUCHED_OVERLAP_MS
    this.#touchedUntil = this.context.clock.wall()
    const touched = await this.context.db
      .selectFrom('gateways')
      .select(['org_id', 'uid', 'touched_at'])
      .where('touched_at', '>', since)
      .execute()
    for (const { org_id: org, uid, touched_at } of touched) {
      const live = this.#live.get(keyOf({ org, uid }))
      if (live !== undefined && live.gateway.touchedAt < touched_at) await this.touched(org, uid)
    }
    if (changed.size > 0) await this.#push(({ gateway }) => changed.has(`${gateway.org}/${followed(gateway)}`))
  }

  /** People have changed something about a gateway in the store: it is taken over, and the gateway is told. */
  async touched(org: string, uid: string): Promise<void> {
    const live = this.#live.get(keyOf({ org, uid }))
    await live?.enqueue(async () => {
      await this.#writer.settled(org, uid)
      const stored = await loadGateway(this.context.db, org, uid)
      if (stored === undefined) return this.#close(live, 'forgotten')
      if (!mayClaimStill(live, stored.gateway)) return this.#remove(live, 'revoked')
      const { configuration, restartRequestedAt, touchedAt } = stored.gateway
      live.gateway = { ...live.gateway, configuration, restartRequestedAt, touchedAt }
      live.attempts = stored.attempts
      await this.#tell(live)
    })
  }

  /** Their credential is not valid any more. */
  async disconnectHolders(org: string, holder: string): Promise<void> {
    const held = [...this.#live.values()].filter(({ gateway }) => gateway.org === org && gateway.holder === holder)
    await Promise.all(held.map((live) => live.enqueue(() => this.#remove(live, 'revoked'))))
  }

  /** Before people change something: what messages have changed is in the store then. */
  flush(): Promise<void> {
    return this.#writer.flush()
  }

  /** Connections are closed; what is known is kept. */
  async close(): Promise<void> {
    this.#closed = true
    for (const timer of this.#timers) timer.cancel()
    this.observers.close()
    this.kept.close()
    await Promise.all(
      [...this.#live.values()].map((live) => live.enqueue(() => this.#remove(live, 'the controller is stopping'))),
    )
    await this.#writer.close()
  }

  /** Undefined: there are too many. A text: why this agent may not speak for that gateway. */
  async #find(connection: AgentConnection, { instanceUid }: AgentToServer): Promise<LiveGateway | string | undefined> {
    const { principal } = connection
    const uid = uuidText(instanceUid)
    const key = keyOf({ org: principal.org, uid })
    const live = this.#live.get(key)
    if (live !== undefined) return this.#claim(live, connection)
    if (this.isFull) return undefined
    let loading = this.#loading.get(key)
    if (loading === undefined) {
      loading = this.#load(connection, uid).finally(() => this.#loading.delete(key))
      this.#loading.set(key, loading)
    }
    const loaded = await loading
    return typeof loaded === 'string' ? loaded : this.#claim(loaded, connection)
  }

  #claim(live: LiveGateway, { principal }: AgentConnection): LiveGateway | string {
    const { gateway } = live
    if (mayClaim(gateway, principal)) return live
    const at = this.context.clock.wall()
    const note = { text: `somebody with another credential (${principal.holder}) claimed to be this gateway`, at }
    if (gateway.note === null || gateway.note.text !== note.text) {
      this.context.log.warn(
        { uid: gateway.uid, holder: gateway.holder, by: principal.holder },
        'a gateway was claimed by another credential',
      )
      live.gateway = { ...gateway, note }
      this.#save(live)
    }
    if (live.connection === undefined && live.gateway.connectedAt === null) this.#forget(live)
    return 'this instance_uid belongs to another credential; forget the gateway at the controller, or use another uid'
  }

  async #load({ principal, transport }: AgentConnection, uid: string): Promise<LiveGateway | string> {
    const { db, clock } = this.context
    const { org, holder, tokenId, mayRegister, configuration, labels } = principal
    await this.#writer.settled(org, uid)
    const stored = await loadGateway(db, org, uid)
    let live: LiveGateway
    if (stored !== undefined) {
      live = new LiveGateway({ ...stored.gateway, connectedAt: null }, stored.attempts, '{}')
    } else {
      if (!mayRegister) return 'the registration token has expired or is used up'
      if (tokenId !== undefined && holder.startsWith('token:') && !(await countUse(this.context, org, tokenId)))
        return 'the registration token is used up'
      const gateway = { ...newGateway(org, uid, holder, transport, clock.wall()), tokenConfiguration: configuration }
      live = new LiveGateway({ ...gateway, connectedAt: null }, new Map(), JSON.stringify(labels))
    }
    this.#live.set(live.key, live)
    return live
  }

  async #answer(live: LiveGateway, connection: AgentConnection, message: AgentToServer): Promise<ServerToAgent> {
    // It was dropped while this message waited.
    if (!live.isLive) return this.receive(connection, message)
    const { clock } = this.context
    const rival = live.connection
    if (rival !== undefined && rival !== connection) {
      // Two live agents with one uid, such as clones of a machine: the newcomer gets another.
      if (await rival.probe()) return this.#newUid(message)
      this.#users.get(rival)?.delete(live)
      rival.close('replaced by a newer connection')
    }
    if (connection.transport === 'http') await this.#catchUp(live)
    live.attach(connection)
    if (live.connection !== undefined) this.#use(live.connection, live)
    if (live.gateway.holder !== connection.principal.holder)
      live.gateway = { ...live.gateway, holder: connection.principal.holder }
    const outcome = answer(live, message, await this.#wanted(live, message.capabilities), clock.wall())
    await this.#take(live, outcome)
    if (message.customMessage !== undefined) this.observers.heard(live, message.customMessage)
    // The first answer says what the controller can do: from then on it may ask for things.
    const isGreeting = outcome.reply!.capabilities !== 0n
    if (message.agentDisconnect !== undefined) this.#forget(live)
    // Its last words, before it was gone.
    else if (!connection.isOpen) this.#drop(live, connection)
    else if (isGreeting || message.customCapabilities !== undefined) this.observers.joined(live)
    return outcome.reply!
  }

  /** Requests of one agent may go to several controllers in turn: what another has heard since counts. */
  async #catchUp(live: LiveGateway): Promise<void> {
    const { db, dialect } = this.context
    const { org, uid, lastSeenAt, connectedAt } = live.gateway
    if (dialect === 'sqlite' || connectedAt === null) return
    const stored = await loadGateway(db, org, uid)
    if (stored === undefined || stored.gateway.lastSeenAt <= lastSeenAt) return
    live.gateway = stored.gateway
    live.attempts = stored.attempts
  }

  /** An empty session is kept for nobody: the row of the uid stays as it is. */
  #newUid({ instanceUid }: AgentToServer): ServerToAgent {
    const newInstanceUid = uuidv7Bytes(this.context.clock.wall())
    return { instanceUid, flags: 0n, capabilities: 0n, agentIdentification: { newInstanceUid } }
  }

  async #take(live: LiveGateway, outcome: Outcome): Promise<void> {
    const before = live.gateway
    live.gateway = outcome.gateway
    live.attempts = outcome.attempts
    live.conversation = outcome.conversation
    if (outcome.reports.components !== undefined) this.#components.add(outcome.reports.components.hash)
    if (outcome.compare) await this.#compare(live)
    const { changed, removed, reports } = outcome
    const isSame = changed.length === 0 && removed.length === 0 && Object.keys(reports).length === 0
    if (isSame && isUnchanged(before, live.gateway)) this.#writer.seen(live.gateway)
    else this.#save(live, outcome, before.restartRequestedAt)
  }

  #save(live: LiveGateway, outcome?: Outcome, restartRequestedAt: number | null = null): void {
    const { gateway, attempts, labels } = live
    this.#writer.save({
      gateway,
      attempts,
      labels,
      changed: new Set(outcome?.changed.map(({ hash }) => hash)),
      removed: new Set(outcome?.removed),
      reports: outcome?.reports ?? {},
      restartSent: gateway.restartRequestedAt === null ? restartRequestedAt : null,
    })
  }

  /** What it runs, as it reported it before it said to have applied this. */
  async #compare(live: LiveGateway): Promise<void> {
    const { org, uid } = live.gateway
    const config = await this.#configs.get(org, followed(live.gateway))
    await this.#writer.settled(org, uid)
    const kept = await loadReports(this.context.db, org, uid)
    if (config === undefined || kept === undefined || kept.effective === null) return
    live.gateway = { ...live.gateway }
    compare(live.gateway, config, filesOf(JSON.parse(kept.effective)))
  }

  async #wanted(live: LiveGateway, capabilities: bigint): Promise<Wanted> {
    const { gateway } = live
    const config = await this.#configs.get(gateway.org, followed(gateway))
    return {
      config,
      settings: await this.#settings(live, capabilities | gateway.capabilities),
      newUid: undefined,
      knowsComponents: (hash) => this.#components.has(hash),
    }
  }

  async #settings(live: LiveGateway, capabilities: bigint): Promise<WantedSettings | undefined> {
    const { gateway, endpoint } = live
    const [kind, id] = gateway.holder.split(':')
    let opamp: WantedSettings['opamp']
    // Settings are always complete: whoever has a certificate would lose it by them.
    const takes = has({ capabilities }, AgentCapability.acceptsOpampConnectionSettings) && endpoint !== undefined
    if (takes && (kind === 'token' || kind === 'credential')) {
      const tokenId = kind === 'token' ? id : undefined
      live.credential ??= await ownCredential(this.context, gateway.org, gateway.uid, tokenId)
      opamp = { endpoint, heartbeatMs: this.heartbeatMs, credential: live.credential }
    } else if (takes && kind === 'open' && this.heartbeatMs !== HEARTBEAT_MS_DEFAULT) {
      opamp = { endpoint, heartbeatMs: this.heartbeatMs, credential: undefined }
    }
    return settingsOf({ opamp, ownMetrics: this.#ownMetrics })
  }

  async #push(fits: (live: LiveGateway) => boolean): Promise<void> {
    const all = [...this.#live.values()].filter((live) => live.connection !== undefined && fits(live))
    for (let i = 0; i < all.length; i += PUSHES_AT_ONCE) {
      await Promise.all(all.slice(i, i + PUSHES_AT_ONCE).map((live) => live.enqueue(() => this.#tell(live))))
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** Runs in the queue of the gateway. */
  async #tell(live: LiveGateway): Promise<void> {
    const { connection } = live
    if (connection === undefined || !live.isLive) return
    const outcome = push(live, await this.#wanted(live, 0n), this.context.clock.wall())
    await this.#take(live, outcome)
    if (outcome.reply !== undefined) connection.send(outcome.reply)
  }

  /** Who has not been heard of for long is gone; what was to be applied by now has timed out. */
  #sweep(): void {
    const at = this.context.clock.wall()
    for (const live of this.#live.values()) {
      const { gateway } = live
      if (gateway.connectedAt !== null && !isOnline(gateway, at, this.offlineIntervalMs))
        void live.enqueue(() => this.#remove(live, 'not heard of for too long'))
      else if (
        [...live.attempts.values()].some(
          ({ result, offeredAt, deadline }) => result === null && offeredAt !== null && deadline < at,
        )
      )
        void live.enqueue(async () =>
          this.#take(
            live,
            push(live, { ...(await this.#wanted(live, 0n)), config: undefined, settings: undefined }, at),
          ),
        )
    }
  }

  /** Nothing of it is kept. */
  #close(live: LiveGateway, reason: string): void {
    this.#forget(live)
    this.#writer.forget(live.gateway.org, live.gateway.uid)
    live.connection?.close(reason)
  }

  #remove(live: LiveGateway, reason: string): void {
    const { connection } = live
    this.#drop(live, connection)
    connection?.close(reason)
  }

  /** Nothing happens when it has another connection by now. */
  #drop(live: LiveGateway, connection: AgentConnection | undefined): void {
    if (!live.isLive || live.connection !== connection) return
    this.#forget(live)
    if (live.gateway.connectedAt === null) return
    this.#writer.gone(live.gateway)
    live.gateway = { ...live.gateway, connectedAt: null }
  }

  #forget(live: LiveGateway): void {
    live.isLive = false
    this.#live.delete(live.key)
    this.kept.left(live)
    if (live.connection !== undefined) this.#users.get(live.connection)?.delete(live)
  }

  #use(connection: AgentConnection, live: LiveGateway): void {
    const users = this.#users.get(connection)
    if (users === undefined) this.#users.set(connection, new Set([live]))
    else users.add(live)
  }

  #every(ms: number, work: () => Promise<void>): void {
    const { clock } = this.context
    const timer = clock.after(ms, () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
      void work()
        .catch((error) => this.#failed(error))
        .finally(() => {
          if (!this.#closed) this.#every(ms, work)
        })
    })
    this.#timers.push(timer)
  }

  #failed(error: unknown): void {
    this.context.log.error({ error: String(error) }, 'the fleet cannot be looked after')
  }
}

function mayClaimStill({ connection, gateway }: LiveGateway, stored: Gateway): boolean {
  return connection === undefined ? stored.holder === gateway.holder : mayClaim(stored, connection.principal)
}

/** All but that it was seen. */
function isUnchanged(a: Gateway, b: Gateway): boolean {
  for (const key of Object.keys(a) as (keyof Gateway)[])
    if (key !== 'seq' && key !== 'lastSeenAt' && a[key] !== b[key]) return false
  return true
}
