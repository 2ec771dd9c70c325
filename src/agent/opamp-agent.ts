/**
 * The node's end of OpAMP: tells a server what the node is and how it does, and takes what the server offers. A server that is
 * away, or talks nonsense, never hurts the node.
 */
import { Command, ServerErrorType, ServerFlag } from '#codecs/opamp/constants.ts'
import type { AgentToServer, ServerErrorResponse, ServerToAgent } from '#codecs/opamp/messages.ts'
import type { Timer } from '#std/clock.ts'
import { uuidBytes, uuidText, uuidv7 } from '#std/uuid.ts'
import { type OpampAgentOptions, SPACING_MS, UNAVAILABLE_MS } from './agent-options.ts'
import { StateFile } from './agent-state.ts'
import { Allowance } from './allowance.ts'
import { Composer } from './composer.ts'
import { type Connection, connectionOf, sendsTokenInTheOpen } from './connection.ts'
import { type Letter, Outbox } from './outbox.ts'
import { Pulse } from './pulse.ts'
import { RemoteConfigs } from './remote-config.ts'
import type { Part } from './report.ts'
import { spreadMs } from './retry-after.ts'
import { SettingsOffers } from './settings-offers.ts'
import type { Failure } from './transport.ts'
import { Uplink } from './uplink.ts'

export class OpampAgent {
  readonly #options: OpampAgentOptions
  readonly #file: StateFile
  readonly #outbox = new Outbox()
  readonly #configs: RemoteConfigs
  readonly #settings: SettingsOffers | undefined
  readonly #composer: Composer
  readonly #uplink: Uplink
  readonly #pulse: Pulse
  /** Runs while the server has asked to be left alone. */
  #quiet: Timer | undefined
  /** Runs while the whole state has to be told again, and not yet. */
  #later: Timer | undefined
  readonly #tellings: Allowance
  readonly #renames: Allowance
  #speaksOurs = false
  #isConnected = false
  #isAwaySaid = false
  #isRestarting = false
  #isClosed = false

  constructor(options: OpampAgentOptions) {
    const { server, dataDir, log, clock, random } = options
    this.#options = options
    this.#tellings = new Allowance(clock, 1, SPACING_MS)
    this.#renames = new Allowance(clock, 1, SPACING_MS)
    this.#file = new StateFile(dataDir, log, () => uuidv7(clock.wall()))
    const apply = options.applyRemoteConfig.bind(options)
    this.#configs = new RemoteConfigs(apply, this.#file, clock, log, (...parts) => this.changed(...parts))
    if (typeof server !== 'function') {
      const hooks = {
        connect: (connection: Connection) => this.#connectAnew(connection),
        heartbeat: (seconds: number | undefined) => this.#pulse.setSeconds(seconds),
        changed: () => this.changed('connectionSettingsStatus'),
        ownMetrics: options.ownMetrics?.bind(options),
      }
      this.#settings = new SettingsOffers(connectionOf(server), this.#file, hooks, clock, log)
    }
    this.#pulse = new Pulse({
      clock,
      heartbeatMs: options.heartbeatMs,
      isPolling: () => this.#uplink.isPolling,
      beat: () => this.#pump(true),
      look: () => {
        if (this.#composer.hasOtherHealth) this.changed('health')
      },
    })
    const uid = uuidBytes(this.#file.state.instance_uid)!
    this.#composer = new Composer(options, this.#configs, this.#settings, uid)
    const handler = {
      opened: () => this.#pump(true),
      received: (message: ServerToAgent) => this.#received(message),
      drained: () => this.#pump(false),
      lost: (failure: Failure) => this.#lost(failure),
    }
    this.#uplink = new Uplink({ handler, uid: () => this.instanceUid, clock, random, log })
  }

  /** Canonical text of the UUID by which the server knows this node. */
  get instanceUid(): string {
    return uuidText(this.#composer.uid)
  }

  /** Whether the server has answered since the connection was made. */
  get isConnected(): boolean {
    return this.#isConnected
  }

  start(): void {
    const { server, log } = this.#options
    if (typeof server !== 'function' && sendsTokenInTheOpen(server)) {
      log.warn(
        { host: new URL(server.endpoint).host },
        'the opamp token goes over the network unencrypted; use wss or https',
      )
    }
    const to = typeof server === 'function' ? server : this.#settings!.start()
    void this.#uplink.use(to, () => this.#farewell()).then(() => this.#pulse.again())
    this.#pulse.start()
  }

  /** These have changed and are told at the first opportunity. */
  changed(...parts: Part[]): void {
    if (this.#isClosed) return
    this.#composer.report.mark(...parts)
    this.#pump(false)
  }

  /** Nothing of the last remote configuration runs (it was lost, or fits no more): the server may offer it again. */
  forgetRemoteConfig(): void {
    this.#configs.forget()
  }

  /** A message of our capability; waits for a connection, within the bounds of `Outbox`. */
  sendCustom(letter: Letter): void {
    if (this.#isClosed) {
      letter.dropped?.()
      return
    }
    this.#outbox.push(letter)
    this.#pump(false)
  }

  /** Says goodbye. Resolves soon, whatever the server does. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#pulse.stop()
    for (const timer of [this.#quiet, this.#later]) timer?.cancel()
    this.#configs.close()
    this.#settings?.close()
    this.#outbox.clear('all')
    await this.#uplink.close(() => this.#farewell())
    this.#setConnected(false)
  }

  // ─── To the server ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Sends what is due, as far as it is taken. `must`: a message goes out in any case. */
  #pump(must: boolean): void {
    let isOwed = must
    while (!this.#isClosed && this.#quiet === undefined && this.#uplink.writable) {
      const letter = this.#speaksOurs ? this.#outbox.shift() : undefined
      if (!isOwed && letter === undefined && !this.#composer.report.isDue) return
      isOwed = false
      this.#pulse.again()
      this.#uplink.send(this.#composer.message(letter, this.#pulse.hasHeartbeat))
    }
  }

  #farewell(): AgentToServer {
    return this.#composer.farewell(this.#pulse.hasHeartbeat)
  }

  // ─── From the server ────────────────────────────────────────────────────────────────────────────────────────────────

  #received(message: ServerToAgent): void {
    if (message.instanceUid.length > 0 && !Buffer.from(message.instanceUid).equals(this.#composer.uid)) {
      this.#options.log.debug({ instance_uid: uuidText(message.instanceUid) }, 'an opamp message for somebody else')
      return
    }
    if (message.capabilities !== 0n) this.#composer.serverTakes = message.capabilities
    if (message.errorResponse !== undefined) {
      this.#refused(message.errorResponse)
      return
    }
    this.#composer.report.confirmed()
    this.#setConnected(true)
    this.#settings?.confirmed()
    if (message.command === undefined) this.#take(message)
    else this.#obey(message.command.type)
    this.#pump(false)
  }

  #take(message: ServerToAgent): void {
    const { capability, onCustomMessage } = this.#options
    const { flags, customCapabilities, customMessage, agentIdentification, connectionSettings } = message
    if (customCapabilities !== undefined) this.#speaksOurs = customCapabilities.capabilities.includes(capability)
    if (agentIdentification !== undefined) this.#rename(agentIdentification.newInstanceUid)
    const wantsComponents = (flags & ServerFlag.reportAvailableComponents) !== 0n
    const wantsAll = (flags & ServerFlag.reportFullState) !== 0n
    if (wantsAll || wantsComponents) this.#tellAll(wantsAll, wantsComponents)
    this.#configs.take(message.remoteConfig)
    if (connectionSettings !== undefined) this.#settings?.take(connectionSettings)
    if (customMessage?.capability === capability) {
      onCustomMessage?.call(this.#options, customMessage.type, customMessage.data)
    }
  }

  /** What the server calls bad it hears no more; otherwise it hears the same again, later. */
  #refused({ type, errorMessage, retryInfo }: ServerErrorResponse): void {
    this.#options.log.warn({ type, reason: errorMessage }, 'the opamp server refuses a message')
    if (type === ServerErrorType.badRequest) {
      this.#composer.report.confirmed()
      return
    }
    this.#composer.report.lost()
    const ms = retryInfo === undefined ? UNAVAILABLE_MS : Number(retryInfo.retryAfterNanoseconds / 1_000_000n)
    this.#quiet?.cancel()
    this.#quiet = this.#options.clock.after(spreadMs(ms, this.#options.random), () => {
      this.#quiet = undefined
      this.#pump(true)
    })
  }

  #obey(type: number): void {
    if (type !== Command.restart || this.#options.restart === undefined || this.#isRestarting) return
    this.#isRestarting = true
    this.#options.log.info({}, 'the opamp server asks for a restart')
    this.#options.restart()
  }

  #rename(uid: Uint8Array): void {
    if (uid.length !== this.#composer.uid.length || Buffer.from(uid).equals(this.#composer.uid)) return
    if (this.#renames.take() > 0) return
    this.#composer.uid = uid
    this.#file.save({ instance_uid: uuidText(uid) })
    this.#options.log.info({ instance_uid: uuidText(uid) }, 'the opamp server has given this node another id')
    this.#composer.report.markAll()
  }

  /** A server that asks with every answer is answered now and then. */
  #tellAll(all: boolean, components: boolean): void {
    const waitMs = this.#tellings.take()
    if (waitMs > 0) {
      this.#later ??= this.#options.clock.after(waitMs, () => {
        this.#later = undefined
        this.#tellAll(true, true)
        this.#pump(false)
      })
      return
    }
    if (all) this.#composer.report.markAll()
    if (components) this.#composer.tellComponents()
  }

  // ─── The way there ──────────────────────────────────────────────────────────────────────────────────────────────────

  #connectAnew(connection: Connection): void {
    this.#setConnected(false)
    const left = this.#uplink.use(connection, () => this.#farewell())
    this.#composer.report.lost()
    void left.then(() => this.#pulse.again())
  }

  #lost({ reason, last }: Failure): void {
    if (!this.#isAwaySaid) this.#options.log.warn({ reason }, 'the opamp server is away; trying again')
    this.#isAwaySaid = true
    if (last === 'unsent') this.#composer.takeBack()
    if (last === 'refused') this.#composer.report.confirmed()
    else this.#composer.report.lost()
    this.#setConnected(false)
    this.#settings?.failed(reason)
  }

  #setConnected(isConnected: boolean): void {
    if (isConnected === this.#isConnected) return
    this.#isConnected = isConnected
    if (isConnected) {
      this.#options.log.info({ instance_uid: this.instanceUid }, 'the opamp server has answered')
      this.#isAwaySaid = false
    } else this.#outbox.clear('expendable')
    this.#options.onConnected?.(isConnected)
  }
}
