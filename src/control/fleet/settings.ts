/**
 * Connection settings that are offered to agents. Always complete: an agent takes what is left out as a wish, such as no
 * heartbeats (opamp-go), and the endpoint must not be empty.
 */
import { createHash } from 'node:crypto'
import { AgentCapability, SettingsStatus } from '#codecs/opamp/constants.ts'
import type { ConnectionSettingsOffers } from '#codecs/opamp/messages.ts'
import type { Secret } from '#std/secret.ts'
import { type Gateway, has } from './gateway.ts'

/** What an agent is to have. `hash` in hex. */
export interface WantedSettings {
  hash: string
  /** Undefined: nothing is said of the way to the controller. */
  opamp: { endpoint: string; heartbeatMs: number; credential: Secret | undefined } | undefined
  /** Where agents send their own metrics: OTLP over HTTP. */
  ownMetrics: TelemetryEndpoint | undefined
}

export interface TelemetryEndpoint {
  endpoint: string
  headers: Readonly<Record<string, Secret>>
}

/** Undefined: there is nothing to offer. */
export function settingsOf(wanted: Omit<WantedSettings, 'hash'>): WantedSettings | undefined {
  const { opamp, ownMetrics } = wanted
  if (opamp === undefined && ownMetrics === undefined) return undefined
  const hash = createHash('sha256')
  const headers = Object.entries(ownMetrics?.headers ?? {}).map(([name, value]) => [name, value.reveal()])
  hash.update(JSON.stringify([opamp?.endpoint, opamp?.heartbeatMs, opamp?.credential?.reveal()]))
  hash.update(JSON.stringify([ownMetrics?.endpoint, headers]))
  return { ...wanted, hash: hash.digest('hex') }
}

/** The parts of it that this agent takes; undefined: none. */
export function offerOf(gateway: Gateway, wanted: WantedSettings): ConnectionSettingsOffers | undefined {
  const opamp = has(gateway, AgentCapability.acceptsOpampConnectionSettings) ? wanted.opamp : undefined
  const ownMetrics = has(gateway, AgentCapability.reportsOwnMetrics) ? wanted.ownMetrics : undefined
  if (opamp === undefined && ownMetrics === undefined) return undefined
  const credential = opamp?.credential
  return {
    hash: Buffer.from(wanted.hash, 'hex'),
    opamp:
      opamp === undefined
        ? undefined
        : {
            destinationEndpoint: opamp.endpoint,
            headers:
              credential === undefined
                ? undefined
                : { headers: [{ key: 'Authorization', value: `Bearer ${credential.reveal()}` }] },
            heartbeatIntervalSeconds: BigInt(Math.max(1, Math.round(opamp.heartbeatMs / 1000))),
          },
    ownMetrics:
      ownMetrics === undefined
        ? undefined
        : {
            destinationEndpoint: ownMetrics.endpoint,
            headers: {
              headers: Object.entries(ownMetrics.headers).map(([key, value]) => ({ key, value: value.reveal() })),
            },
          },
    otherConnections: new Map(),
  }
}

/** True: the agent has it, is at it, or could not use it. */
export function isAnswered({ settings }: Gateway, hash: string): boolean {
  return settings !== null && settings.hash === hash && settings.status !== SettingsStatus.unset
}
