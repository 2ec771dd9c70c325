/** What the controller knows of one gateway, and of its attempts to apply configurations. Both stand in the store. */
import type { AgentConfigFile } from '#codecs/opamp/messages.ts'
import type { ConfigurationKind } from '#contract/configuration.ts'

/** What is light enough to keep in memory for every gateway that is connected. Times are Unix milliseconds. */
export interface Gateway {
  readonly org: string
  /** UUID as text. */
  readonly uid: string
  /** Credential that the uid is bound to: `open`, `token:<id>`, `credential:<id>` or `certificate:<id>`. */
  holder: string
  /** As people assigned it; null: the token's, or the default. */
  configuration: string | null
  tokenConfiguration: string | null
  restartRequestedAt: number | null
  /** When people last changed something here. */
  touchedAt: number
  /** Of its newest message; null: it has sent none. */
  seq: bigint | null
  /** Bits of `AgentCapability`. */
  capabilities: bigint
  customCapabilities: readonly string[]
  /** Null until it has described itself. */
  agent: AgentFacts | null
  transport: Transport
  firstSeenAt: number
  lastSeenAt: number
  /** Null while it is not. */
  connectedAt: number | null
  /** How often it was seen to have started anew. */
  restarts: number
  health: HealthFacts | null
  /** Since when it is so; which offer it was compared with, and whether it lacks some of that. */
  effective: { hash: string; at: number; comparedWith: string | null; differs: boolean } | null
  reported: { hash: string; status: number; error: string; at: number } | null
  offered: { hash: string; configuration: string; version: number; at: number } | null
  /** Of its connection settings: hash of what was offered, and what it said of which. */
  settingsOffered: string | null
  settings: { hash: string; status: number; error: string } | null
  componentsHash: string | null
  /** Something that a person should know, such as a claim of its uid by another credential. */
  note: { text: string; at: number } | null
}

export type Transport = 'websocket' | 'http' | 'memory'

export interface AgentFacts {
  kind: ConfigurationKind
  /** `service.name`. */
  product: string
  version: string
  host: string
}

export interface HealthFacts {
  healthy: boolean
  /** Since when it is so. */
  since: number
  status: string
  lastError: string
}

/** One configuration on one gateway. Its hash is that of the offer, in hex. */
export interface Attempt {
  readonly hash: string
  configuration: string
  version: number
  /** Null: a person wants it offered again, and it has not been since. */
  offeredAt: number | null
  applyingAt: number | null
  /** Until when a result is expected. */
  deadline: number
  result: AttemptResult | null
  error: string
  rolledBackTo: string | null
  finishedAt: number | null
  offers: number
  /** How often the agent started anew before it had come to a result. */
  interruptions: number
  /** How often a person has asked for another attempt. */
  retries: number
}

export type AttemptResult = 'applied' | 'failed' | 'timed_out' | 'rolled_back'

/** What a gateway is to have. `hash`: `offerHash` of the files, in hex. */
export interface DesiredConfig {
  kind: ConfigurationKind
  version: number
  hash: string
  files: ReadonlyMap<string, AgentConfigFile>
}

/** Who says what is live. Undefined: nothing was ever published, or there is no such configuration. */
export interface Desired {
  live(org: string, configuration: string): Promise<DesiredConfig | undefined>
}

/** As it stands in the conversation with one gateway: with its configuration's name. */
export interface NamedConfig extends DesiredConfig {
  configuration: string
}

/** Attempts remembered for each gateway; the oldest go first. */
export const ATTEMPTS_MAX = 20
export const HEARTBEAT_MS_DEFAULT = 30_000
/** Without a message for so many intervals it counts as gone. */
export const INTERVALS_UNTIL_OFFLINE = 3

export function newGateway(org: string, uid: string, holder: string, transport: Transport, at: number): Gateway {
  return {
    org,
    uid,
    holder,
    configuration: null,
    tokenConfiguration: null,
    restartRequestedAt: null,
    touchedAt: 0,
    seq: null,
    capabilities: 0n,
    customCapabilities: [],
    agent: null,
    transport,
    firstSeenAt: at,
    lastSeenAt: at,
    connectedAt: at,
    restarts: 0,
    health: null,
    effective: null,
    reported: null,
    offered: null,
    settingsOffered: null,
    settings: null,
    componentsHash: null,
    note: null,
  }
}

export function has(gateway: Pick<Gateway, 'capabilities'>, capability: bigint): boolean {
  return (gateway.capabilities & capability) !== 0n
}

export function isOnline(
  gateway: Pick<Gateway, 'connectedAt' | 'lastSeenAt'>,
  at: number,
  heartbeatMs: number,
): boolean {
  return gateway.connectedAt !== null && at - gateway.lastSeenAt <= INTERVALS_UNTIL_OFFLINE * heartbeatMs
}
