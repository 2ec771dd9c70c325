/**
 * One syncer for each part that agents report: they leave out what has not changed, so each says whether the controller has
 * its part, takes it from a message, and forgets it when the agent starts anew without it.
 */
import { AgentCapability, SettingsStatus } from '#codecs/opamp/constants.ts'
import type { AgentToServer } from '#codecs/opamp/messages.ts'
import { covers, effectiveHash, masked } from './effective.ts'
import { type Gateway, has, type NamedConfig } from './gateway.ts'
import { componentsOf, descriptionOf, factsOf, healthOf, type Reports } from './reports.ts'

const ERROR_CHARACTERS_MAX = 4096
const CUSTOM_CAPABILITIES_MAX = 64

export interface Syncer {
  readonly name: string
  /** Undefined: every agent reports it. */
  readonly capability: bigint | undefined
  isIn(message: AgentToServer): boolean
  isKnown(gateway: Gateway): boolean
  /** `gateway` is changed in place; what is only kept goes to `reports`. */
  take(message: AgentToServer, gateway: Gateway, reports: Reports, at: number, config: NamedConfig | undefined): void
  forget(gateway: Gateway): void
}

const description: Syncer = {
  name: 'description',
  capability: undefined,
  isIn: (message) => message.agentDescription !== undefined,
  isKnown: (gateway) => gateway.agent !== null,
  take(message, gateway, reports) {
    reports.description = descriptionOf(message.agentDescription!)
    gateway.agent = factsOf(reports.description)
  },
  forget() {},
}

const health: Syncer = {
  name: 'health',
  capability: AgentCapability.reportsHealth,
  isIn: (message) => message.health !== undefined,
  isKnown: (gateway) => gateway.health !== null,
  take(message, gateway, reports, at) {
    const tree = healthOf(message.health!)
    reports.health = tree
    const before = gateway.health
    const since = before?.healthy === tree.healthy ? before.since : at
    gateway.health = { healthy: tree.healthy, since, status: tree.status, lastError: tree.last_error }
  },
  forget(gateway) {
    gateway.health = null
  },
}

const remoteConfigStatus: Syncer = {
  name: 'remote_config_status',
  capability: AgentCapability.reportsRemoteConfig,
  isIn: (message) => message.remoteConfigStatus !== undefined,
  isKnown: (gateway) => gateway.reported !== null,
  take(message, gateway, _reports, at) {
    const { lastRemoteConfigHash, status, errorMessage } = message.remoteConfigStatus!
    const hash = hex(lastRemoteConfigHash)
    const error = errorMessage.slice(0, ERROR_CHARACTERS_MAX)
    const before = gateway.reported
    if (before !== null && before.hash === hash && before.status === status && before.error === error) return
    gateway.reported = { hash, status, error, at }
  },
  forget(gateway) {
    gateway.reported = null
  },
}

/** Behind the status: what is effective is compared with what the agent says to have applied. */
const effectiveConfig: Syncer = {
  name: 'effective_config',
  capability: AgentCapability.reportsEffectiveConfig,
  isIn: (message) => message.effectiveConfig !== undefined,
  isKnown: (gateway) => gateway.effective !== null,
  take(message, gateway, reports, at, config) {
    const files = message.effectiveConfig!.configMap?.configMap ?? new Map()
    const hash = effectiveHash(files)
    reports.effective = masked(files)
    const before = gateway.effective
    gateway.effective = { hash, at: before?.hash === hash ? before.at : at, comparedWith: null, differs: false }
    if (config !== undefined && hasApplied(gateway, config.hash)) compare(gateway, config, files)
  },
  forget(gateway) {
    gateway.effective = null
  },
}

const settingsStatus: Syncer = {
  name: 'connection_settings_status',
  capability: AgentCapability.reportsConnectionSettingsStatus,
  isIn: (message) => message.connectionSettingsStatus !== undefined,
  isKnown: (gateway) => gateway.settings !== null,
  take(message, gateway) {
    const { lastConnectionSettingsHash, status, errorMessage } = message.connectionSettingsStatus!
    gateway.settings = {
      hash: hex(lastConnectionSettingsHash),
      status,
      error: errorMessage.slice(0, ERROR_CHARACTERS_MAX),
    }
  },
  forget(gateway) {
    gateway.settings = null
  },
}

const components: Syncer = {
  name: 'available_components',
  capability: AgentCapability.reportsAvailableComponents,
  isIn: (message) => message.availableComponents !== undefined,
  isKnown: (gateway) => gateway.componentsHash !== null,
  take(message, gateway, reports) {
    const { hash, components: tree } = message.availableComponents!
    gateway.componentsHash = hex(hash)
    if (tree.size > 0) reports.components = { hash: gateway.componentsHash, tree: componentsOf(tree) }
  },
  forget(gateway) {
    gateway.componentsHash = null
  },
}

/** Not every agent has some, so nobody is asked for them. */
const customCapabilities: Syncer = {
  name: 'custom_capabilities',
  capability: undefined,
  isIn: (message) => message.customCapabilities !== undefined,
  isKnown: () => true,
  take(message, gateway) {
    const names = message.customCapabilities!.capabilities.slice(0, CUSTOM_CAPABILITIES_MAX)
    gateway.customCapabilities = names.map((name) => name.slice(0, 256))
  },
  forget(gateway) {
    gateway.customCapabilities = []
  },
}

export const syncers: readonly Syncer[] = [
  description,
  health,
  remoteConfigStatus,
  effectiveConfig,
  settingsStatus,
  components,
  customCapabilities,
]

/** What the agent could report, and what is neither known nor in the message. */
export function missing(gateway: Gateway, message: AgentToServer): string[] {
  return syncers
    .filter(({ capability }) => capability === undefined || has(gateway, capability))
    .filter((syncer) => !syncer.isKnown(gateway) && !syncer.isIn(message))
    .map(({ name }) => name)
}

export function hasApplied({ reported }: Gateway, hash: string): boolean {
  return reported !== null && reported.hash === hash && reported.status === SettingsStatus.applied
}

/** `files`: what the gateway last reported. Changes the gateway in place. */
export function compare(gateway: Gateway, config: NamedConfig, files: Parameters<typeof covers>[0]): void {
  const { effective } = gateway
  if (effective === null) return
  gateway.effective = { ...effective, comparedWith: config.hash, differs: !covers(files, config.files) }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 64)).toString('hex')
}
