/** The five states of a gateway, whether they agree, and if not, why. */
import { AgentCapability, SettingsStatus } from '#codecs/opamp/constants.ts'
import { DEFAULT_CONFIGURATION } from '#contract/configuration.ts'
import type { DriftCause, FiveStates } from '#contract/fleet.ts'
import { type Attempt, type Gateway, has, isOnline, type NamedConfig } from './gateway.ts'
import { hasApplied } from './syncers.ts'

/** So long it has to be well before it counts. */
export const HEALTHY_MS_MIN = 30_000

export const STATUS_NAMES = ['unset', 'applied', 'applying', 'failed'] as const

export interface StatesView {
  online: boolean
  inSync: boolean
  drift: DriftCause | null
  states: FiveStates
}

export interface StatesOptions {
  at: number
  heartbeatMs: number
  healthyMsMin: number
}

/** `desired`: of the gateway's kind, or undefined. `attempts`: of this gateway, by hash. */
export function statesOf(
  gateway: Gateway,
  attempts: ReadonlyMap<string, Pick<Attempt, 'version' | 'result' | 'hash'>>,
  desired: NamedConfig | undefined,
  { at, heartbeatMs, healthyMsMin }: StatesOptions,
): StatesView {
  const online = isOnline(gateway, at, heartbeatMs)
  const { offered, reported, effective, health } = gateway
  const matches = desired === undefined || effective?.comparedWith !== desired.hash ? null : !effective.differs
  const states: FiveStates = {
    desired:
      desired === undefined
        ? null
        : { configuration: desired.configuration, version: desired.version, hash: desired.hash },
    offered,
    reported:
      reported === null || (reported.hash === '' && reported.status === SettingsStatus.unset)
        ? null
        : {
            hash: reported.hash,
            version: versionOf(reported.hash, attempts, desired),
            status: statusName(reported.status),
            error: reported.error,
            at: reported.at,
          },
    effective: effective === null ? null : { hash: effective.hash, at: effective.at, matches },
    health:
      health === null
        ? null
        : { healthy: health.healthy, since: health.since, status: health.status, last_error: health.lastError },
  }
  const drift = driftOf(gateway, attempts, desired, online, matches)
  const isWell = has(gateway, AgentCapability.reportsHealth)
    ? health?.healthy === true && at - health.since >= healthyMsMin
    : health?.healthy !== false
  return { online, inSync: online && desired !== undefined && drift === null && isWell, drift, states }
}

/** Which configuration it follows. */
export function followed({
  configuration,
  tokenConfiguration,
}: Pick<Gateway, 'configuration' | 'tokenConfiguration'>): string {
  return configuration ?? tokenConfiguration ?? DEFAULT_CONFIGURATION
}

export function statusName(status: number): (typeof STATUS_NAMES)[number] {
  return STATUS_NAMES[status] ?? 'unset'
}

function driftOf(
  gateway: Gateway,
  attempts: ReadonlyMap<string, Pick<Attempt, 'result' | 'hash'>>,
  desired: NamedConfig | undefined,
  online: boolean,
  matches: boolean | null,
): DriftCause | null {
  if (desired === undefined) return null
  if (!has(gateway, AgentCapability.acceptsRemoteConfig)) return 'no_capability'
  const result = attempts.get(desired.hash)?.result
  if (result === 'failed' || result === 'rolled_back') return result
  const reports = has(gateway, AgentCapability.reportsRemoteConfig)
  const isThere = hasApplied(gateway, desired.hash) || (!reports && gateway.offered?.hash === desired.hash)
  if (isThere && matches === false) return 'local_override'
  if (!online) return 'unreachable'
  if (isThere) return null
  return result === 'timed_out' ? 'stale' : 'pending'
}

function versionOf(
  hash: string,
  attempts: ReadonlyMap<string, Pick<Attempt, 'version'>>,
  desired: NamedConfig | undefined,
): number | null {
  return attempts.get(hash)?.version ?? (desired?.hash === hash ? desired.version : null)
}
