/** What an agent is given. */
import type { AgentConfigFile, ComponentDetails, ComponentHealth } from '#codecs/opamp/messages.ts'
import type { Logger } from '#observe/log.ts'
import type { Clock } from '#std/clock.ts'
import type { ServerAddress } from './connection.ts'
import type { NodeDescription } from './description.ts'
import type { MemoryConnect } from './memory.ts'
import type { ApplyRemoteConfig } from './remote-config.ts'
import type { OwnMetrics } from './settings-offers.ts'

export interface OpampAgentOptions extends OpampCallbacks {
  server: ServerAddress | MemoryConnect
  description: NodeDescription
  /** What the node is made of, for those who ask. */
  components?: ReadonlyMap<string, ComponentDetails> | undefined
  /** The custom capability that is spoken; custom messages of others are passed by. */
  capability: string
  /** Where the agent remembers; without it everything is new at each start, and settings are not accepted. */
  dataDir: string | undefined
  clock: Clock
  random: () => number
  log: Logger
  /** Until the server says otherwise. */
  heartbeatMs?: number | undefined
}

export interface OpampCallbacks {
  applyRemoteConfig: ApplyRemoteConfig
  /** What runs, without secrets; told at first, when asked, and after `changed('effectiveConfig')`. */
  effectiveConfig(): ReadonlyMap<string, AgentConfigFile>
  /** Asked every `HEALTH_MS` and told when it has changed. */
  health(): ComponentHealth
  onCustomMessage?(type: string, data: Uint8Array): void
  /** The server can be talked to, or no more. */
  onConnected?(isConnected: boolean): void
  /** Asked for by the server, at most once. Without it the server is told that it cannot ask. */
  restart?(): void
  ownMetrics?(settings: OwnMetrics): void
}

export const HEARTBEAT_MS = 30_000
export const HEALTH_MS = 10_000
/** What a server can make the agent say, it can make it say at most this often. */
export const SPACING_MS = 5_000
/** A server that is busy and does not say for how long. */
export const UNAVAILABLE_MS = 30_000
