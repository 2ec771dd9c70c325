/** Gateways and attempts as rows, and back. */
import type { Selectable } from 'kysely'
import type { ConfigurationKind } from '#contract/configuration.ts'
import type { FleetTables } from '../store/tables/fleet.ts'
import type { Attempt, AttemptResult, Gateway, Transport } from './gateway.ts'

export type GatewayRow = Selectable<FleetTables['gateways']>
export type AttemptRow = Selectable<FleetTables['gateway_attempts']>

/** What people set stands in columns of its own, which no message changes. */
export type PeoplesColumns = 'name' | 'labels' | 'configuration' | 'touched_at' | 'restart_requested_at'

export function rowOf(gateway: Gateway): Omit<GatewayRow, PeoplesColumns> {
  const { agent } = gateway
  return {
    org_id: gateway.org,
    uid: gateway.uid,
    holder: gateway.holder,
    token_configuration: gateway.tokenConfiguration,
    seq: gateway.seq === null ? null : String(gateway.seq),
    capabilities: String(gateway.capabilities),
    custom_capabilities: JSON.stringify(gateway.customCapabilities),
    kind: agent?.kind ?? null,
    product: agent?.product ?? '',
    version: agent?.version ?? '',
    host: agent?.host ?? '',
    transport: gateway.transport,
    first_seen_at: gateway.firstSeenAt,
    last_seen_at: gateway.lastSeenAt,
    connected_at: gateway.connectedAt,
    restarts: gateway.restarts,
    healthy: gateway.health === null ? null : Number(gateway.health.healthy),
    health: json(gateway.health),
    effective: json(gateway.effective),
    reported: json(gateway.reported),
    offered: json(gateway.offered),
    settings_offered: gateway.settingsOffered,
    settings: json(gateway.settings),
    components_hash: gateway.componentsHash,
    note: json(gateway.note),
  }
}

export function gatewayOf(row: GatewayRow): Gateway {
  const { kind, product, version, host } = row
  return {
    org: row.org_id,
    uid: row.uid,
    holder: row.holder,
    configuration: row.configuration,
    tokenConfiguration: row.token_configuration,
    restartRequestedAt: row.restart_requested_at,
    touchedAt: row.touched_at,
    seq: row.seq === null ? null : BigInt(row.seq),
    capabilities: BigInt(row.capabilities),
    customCapabilities: JSON.parse(row.custom_capabilities),
    agent: kind === null ? null : { kind: kind as ConfigurationKind, product, version, host },
    transport: row.transport as Transport,
    firstSeenAt: row.first_seen_at,
    lastSeenAt: row.last_seen_at,
    connectedAt: row.connected_at,
    restarts: row.restarts,
    health: parsed(row.health),
    effective: parsed(row.effective),
    reported: parsed(row.reported),
    offered: parsed(row.offered),
    settingsOffered: row.settings_offered,
    settings: parsed(row.settings),
    componentsHash: row.components_hash,
    note: parsed(row.note),
  }
}

export function attemptRowOf(org: string, uid: string, attempt: Attempt): AttemptRow {
  return {
    org_id: org,
    uid,
    hash: attempt.hash,
    configuration: attempt.configuration,
    version: attempt.version,
    offered_at: attempt.offeredAt,
    applying_at: attempt.applyingAt,
    deadline: attempt.deadline,
    result: attempt.result,
    error: attempt.error,
    rolled_back_to: attempt.rolledBackTo,
    finished_at: attempt.finishedAt,
    offers: attempt.offers,
    interruptions: attempt.interruptions,
    retries: attempt.retries,
  }
}

export function attemptOf(row: AttemptRow): Attempt {
  return {
    hash: row.hash,
    configuration: row.configuration,
    version: row.version,
    offeredAt: row.offered_at,
    applyingAt: row.applying_at,
    deadline: row.deadline,
    result: row.result as AttemptResult | null,
    error: row.error,
    rolledBackTo: row.rolled_back_to,
    finishedAt: row.finished_at,
    offers: row.offers,
    interruptions: row.interruptions,
    retries: row.retries,
  }
}

function json(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value)
}

function parsed<T>(text: string | null): T | null {
  return text === null ? null : (JSON.parse(text) as T)
}
