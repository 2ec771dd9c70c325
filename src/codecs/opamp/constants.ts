/** Bits and numbers that stand in OpAMP messages. Bits are of 64: they are bigints. */

/** Of `AgentToServer.capabilities`. */
export const AgentCapability = {
  reportsStatus: 1n << 0n,
  acceptsRemoteConfig: 1n << 1n,
  reportsEffectiveConfig: 1n << 2n,
  acceptsPackages: 1n << 3n,
  reportsPackageStatuses: 1n << 4n,
  reportsOwnTraces: 1n << 5n,
  reportsOwnMetrics: 1n << 6n,
  reportsOwnLogs: 1n << 7n,
  acceptsOpampConnectionSettings: 1n << 8n,
  acceptsOtherConnectionSettings: 1n << 9n,
  acceptsRestartCommand: 1n << 10n,
  reportsHealth: 1n << 11n,
  reportsRemoteConfig: 1n << 12n,
  reportsHeartbeat: 1n << 13n,
  reportsAvailableComponents: 1n << 14n,
  reportsConnectionSettingsStatus: 1n << 15n,
} as const

/** Of `ServerToAgent.capabilities`. */
export const ServerCapability = {
  acceptsStatus: 1n << 0n,
  offersRemoteConfig: 1n << 1n,
  acceptsEffectiveConfig: 1n << 2n,
  offersPackages: 1n << 3n,
  acceptsPackagesStatus: 1n << 4n,
  offersConnectionSettings: 1n << 5n,
  acceptsConnectionSettingsRequest: 1n << 6n,
} as const

/** Of `AgentToServer.flags`. */
export const AgentFlag = { requestInstanceUid: 1n } as const

/** Of `ServerToAgent.flags`. */
export const ServerFlag = { reportFullState: 1n, reportAvailableComponents: 2n } as const

/** Of remote configurations and connection settings alike. */
export const SettingsStatus = { unset: 0, applied: 1, applying: 2, failed: 3 } as const

export const ServerErrorType = { unknown: 0, badRequest: 1, unavailable: 2 } as const

export const Command = { restart: 0 } as const

export const INSTANCE_UID_BYTES = 16
/** A message, decompressed, that both sides must take (spec, "Message size limits"). */
export const MESSAGE_BYTES_MAX = 64 * 1024 * 1024
