/** Messages to the server: what of the state has to be told, numbered. */
import { AgentCapability, ServerCapability } from '#codecs/opamp/constants.ts'
import type { AgentToServer, AvailableComponents, ComponentHealth } from '#codecs/opamp/messages.ts'
import type { OpampAgentOptions } from './agent-options.ts'
import { availableComponents, describe } from './description.ts'
import { isSameHealth } from './health.ts'
import type { Letter } from './outbox.ts'
import type { RemoteConfigs } from './remote-config.ts'
import { Report } from './report.ts'
import type { SettingsOffers } from './settings-offers.ts'

export class Composer {
  readonly report = new Report()
  readonly #options: OpampAgentOptions
  readonly #configs: RemoteConfigs
  readonly #settings: SettingsOffers | undefined
  readonly #components: AvailableComponents | undefined
  #sequenceNum = 0n
  #wantsComponents = false
  /** As it was told last. */
  #health: ComponentHealth | undefined
  uid: Uint8Array
  /** Bits; undefined: the server has not said anything yet. */
  serverTakes: bigint | undefined

  constructor(
    options: OpampAgentOptions,
    configs: RemoteConfigs,
    settings: SettingsOffers | undefined,
    uid: Uint8Array,
  ) {
    this.#options = options
    this.#configs = configs
    this.#settings = settings
    if (options.components !== undefined) this.#components = availableComponents(options.components)
    this.uid = uid
  }

  /** What is due, and one custom message. `hasHeartbeat`: messages come regularly. */
  message(letter: Letter | undefined, hasHeartbeat: boolean): AgentToServer {
    const { capability, description, effectiveConfig } = this.#options
    const message = this.#bare(hasHeartbeat)
    const due = this.report.take()
    if (due.has('agentDescription')) message.agentDescription = describe(description)
    if (due.has('health')) message.health = this.#health = this.#options.health()
    if (due.has('effectiveConfig') && this.#isTaken(ServerCapability.acceptsEffectiveConfig)) {
      message.effectiveConfig = { configMap: { configMap: new Map(effectiveConfig.call(this.#options)) } }
    }
    if (due.has('remoteConfigStatus')) message.remoteConfigStatus = this.#configs.status
    if (due.has('connectionSettingsStatus') && this.#settings?.isAble === true) {
      message.connectionSettingsStatus = this.#settings.status
    }
    if (due.has('customCapabilities')) message.customCapabilities = { capabilities: [capability] }
    if (due.has('availableComponents') && this.#components !== undefined) {
      const { hash, components } = this.#components
      message.availableComponents = { hash, components: this.#wantsComponents ? components : new Map() }
      this.#wantsComponents = false
    }
    if (letter !== undefined) message.customMessage = { capability, type: letter.type, data: letter.data }
    return message
  }

  /** The last one: with what is due, since there may be no other chance. */
  farewell(hasHeartbeat: boolean): AgentToServer {
    return { ...this.message(undefined, hasHeartbeat), agentDisconnect: {} }
  }

  /** The last message has surely not been received: its number is free again. */
  takeBack(): void {
    if (this.#sequenceNum > 0n) this.#sequenceNum--
  }

  /** The server does not know the components by their hash. */
  tellComponents(): void {
    if (this.#components === undefined) return
    this.#wantsComponents = true
    this.report.mark('availableComponents')
  }

  /** Whether the health has to be told again. */
  get hasOtherHealth(): boolean {
    return this.#health !== undefined && !isSameHealth(this.#health, this.#options.health())
  }

  #bare(hasHeartbeat: boolean): AgentToServer {
    const sequenceNum = this.#sequenceNum++
    return { instanceUid: this.uid, sequenceNum, capabilities: this.#capabilities(hasHeartbeat), flags: 0n }
  }

  #capabilities(hasHeartbeat: boolean): bigint {
    const bit = AgentCapability
    let bits = bit.reportsStatus | bit.acceptsRemoteConfig | bit.reportsEffectiveConfig | bit.reportsHealth
    bits |= bit.reportsRemoteConfig
    if (hasHeartbeat) bits |= bit.reportsHeartbeat
    if (this.#options.restart !== undefined) bits |= bit.acceptsRestartCommand
    if (this.#components !== undefined) bits |= bit.reportsAvailableComponents
    if (this.#settings?.isAble !== true) return bits
    bits |= bit.acceptsOpampConnectionSettings | bit.reportsConnectionSettingsStatus
    return this.#options.ownMetrics === undefined ? bits : bits | bit.reportsOwnMetrics
  }

  #isTaken(capability: bigint): boolean {
    return this.serverTakes === undefined || (this.serverTakes & capability) !== 0n
  }
}
