/** An OpAMP agent without a wire: counts, leaves out what has not changed, and treats configurations as it is told. */
import { AgentCapability, ServerFlag, SettingsStatus } from '#codecs/opamp/constants.ts'
import type { AgentConfigFile, AgentToServer, ServerToAgent } from '#codecs/opamp/messages.ts'
import { uuidBytes } from '#std/uuid.ts'

/** How it takes a configuration. `rolls_back`: fails, and then says what it runs again. `crashes`: starts anew in the middle. */
export type Behaviour = 'applies' | 'fails' | 'rolls_back' | 'crashes'

type Part = 'description' | 'health' | 'status' | 'effective' | 'settings'

export interface FakeAgentOptions {
  uid: string
  product?: string
  capabilities?: bigint
  behaviour?: (files: ReadonlyMap<string, AgentConfigFile>) => Behaviour
  firstSeq?: bigint
}

export const USUAL_CAPABILITIES =
  AgentCapability.reportsStatus |
  AgentCapability.acceptsRemoteConfig |
  AgentCapability.reportsRemoteConfig |
  AgentCapability.reportsEffectiveConfig |
  AgentCapability.reportsHealth |
  AgentCapability.reportsHeartbeat

export class FakeAgent {
  uid: Uint8Array
  capabilities: bigint
  product: string
  behaviour: (files: ReadonlyMap<string, AgentConfigFile>) => Behaviour
  /** What it runs. */
  running: { hash: string; files: ReadonlyMap<string, AgentConfigFile> } | undefined
  status: { hash: string; status: number; error: string } = { hash: '', status: SettingsStatus.unset, error: '' }
  settings: { hash: string; status: number } | undefined
  /** Hashes of the configurations that it was sent, in order. */
  readonly offers: string[] = []
  fullStatesAskedFor = 0
  restarts = 0
  restartCommands = 0
  healthy = true
  readonly #firstSeq: bigint
  #seq: bigint
  #dirty = new Set<Part>()
  /** Statuses that follow one another, each in a message of its own. */
  #later: (() => void)[] = []

  constructor({ uid, product, capabilities, behaviour, firstSeq }: FakeAgentOptions) {
    this.uid = uuidBytes(uid)!
    this.product = product ?? 'streamgate'
    this.capabilities = capabilities ?? USUAL_CAPABILITIES
    this.behaviour = behaviour ?? (() => 'applies')
    this.#firstSeq = firstSeq ?? 0n
    this.#seq = this.#firstSeq
    this.#saysAll()
  }

  /** True: it has something to say beside that it is there. */
  get isEager(): boolean {
    return this.#dirty.size > 0 || this.#later.length > 0
  }

  /** Its next message. */
  next(): AgentToServer {
    this.#later.shift()?.()
    const message: AgentToServer = {
      instanceUid: this.uid,
      sequenceNum: this.#seq++,
      capabilities: this.capabilities,
      flags: 0n,
    }
    for (const part of this.#dirty) this.#fill(message, part)
    this.#dirty.clear()
    return message
  }

  receive(reply: ServerToAgent): void {
    if ((reply.flags & ServerFlag.reportFullState) !== 0n) {
      this.fullStatesAskedFor++
      this.#saysAll()
    }
    if (reply.agentIdentification !== undefined) this.uid = reply.agentIdentification.newInstanceUid
    if (reply.command !== undefined) {
      this.restartCommands++
      this.restart()
    }
    const { remoteConfig, connectionSettings } = reply
    if (remoteConfig !== undefined)
      this.#take(hex(remoteConfig.configHash), remoteConfig.config?.configMap ?? new Map())
    if (connectionSettings !== undefined) {
      this.settings = { hash: hex(connectionSettings.hash), status: SettingsStatus.applied }
      if ((this.capabilities & AgentCapability.reportsConnectionSettingsStatus) !== 0n) this.#dirty.add('settings')
    }
  }

  /** Counts anew and says everything; what it ran and reported last stands on its disk. */
  restart(): void {
    this.restarts++
    this.#seq = this.#firstSeq
    this.#later = []
    const { running } = this
    if (this.status.status === SettingsStatus.applying)
      this.status = { hash: running?.hash ?? '', status: running === undefined ? 0 : SettingsStatus.applied, error: '' }
    this.#saysAll()
  }

  loseDisk(): void {
    this.running = undefined
    this.status = { hash: '', status: SettingsStatus.unset, error: '' }
    this.restart()
  }

  /** A connection was made again: it says what has changed only. */
  say(...parts: Part[]): void {
    for (const part of parts) this.#dirty.add(part)
  }

  #take(hash: string, files: ReadonlyMap<string, AgentConfigFile>): void {
    this.offers.push(hash)
    // As real agents do: what they have had already changes nothing.
    if (hash === this.status.hash && this.status.status !== SettingsStatus.failed) return
    const behaviour = this.behaviour(files)
    this.#set(hash, SettingsStatus.applying)
    const { running } = this
    if (behaviour === 'crashes') {
      this.#then(() => this.restart())
    } else if (behaviour === 'applies') {
      this.#then(() => {
        this.running = { hash, files }
        this.#set(hash, SettingsStatus.applied)
        this.#dirty.add('effective')
      })
    } else {
      this.#then(() => this.#set(hash, SettingsStatus.failed, `cannot apply ${hash.slice(0, 8)}`))
      if (behaviour === 'rolls_back' && running !== undefined)
        this.#then(() => this.#set(running.hash, SettingsStatus.applied))
    }
  }

  #then(step: () => void): void {
    this.#later.push(step)
  }

  #set(hash: string, status: number, error = ''): void {
    this.status = { hash, status, error }
    this.#dirty.add('status')
  }

  #saysAll(): void {
    this.#dirty = new Set<Part>(['description', 'health', 'status', 'effective'])
    if (this.settings !== undefined) this.#dirty.add('settings')
  }

  #fill(message: AgentToServer, part: Part): void {
    if (part === 'description')
      message.agentDescription = {
        identifyingAttributes: [{ key: 'service.name', value: { kind: 'string', value: this.product } }],
        nonIdentifyingAttributes: [{ key: 'host.name', value: { kind: 'string', value: 'host-1' } }],
      }
    if (part === 'health')
      message.health = {
        healthy: this.healthy,
        startTimeUnixNano: 1n,
        lastError: '',
        status: 'ok',
        statusTimeUnixNano: 2n,
        componentHealthMap: new Map(),
        attributes: [],
      }
    const { hash, status, error } = this.status
    if (part === 'status' && (this.capabilities & AgentCapability.reportsRemoteConfig) !== 0n)
      message.remoteConfigStatus = { lastRemoteConfigHash: Buffer.from(hash, 'hex'), status, errorMessage: error }
    if (part === 'effective' && (this.capabilities & AgentCapability.reportsEffectiveConfig) !== 0n)
      message.effectiveConfig = { configMap: { configMap: new Map(this.running?.files ?? []) } }
    if (part === 'settings' && this.settings !== undefined)
      message.connectionSettingsStatus = {
        lastConnectionSettingsHash: Buffer.from(this.settings.hash, 'hex'),
        status: this.settings.status,
        errorMessage: '',
      }
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
