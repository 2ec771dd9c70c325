/** Gateways as alerts see them, out of the table of the fleet: whichever controller they talk to. */
import { sql } from 'kysely'
import { DEFAULT_CONFIGURATION } from '#contract/configuration.ts'
import type { Db } from '../store/database.ts'
import type { GatewayObservation } from './source.ts'

/** Three heartbeats of 30 s, and as long as it may take until the store knows of one. */
export const OFFLINE_AFTER_MS = 100_000
/** OpAMP, `RemoteConfigStatuses_FAILED`. */
const FAILED = 3

export interface GatewayRow {
  uid: string
  name: string | null
  host: string
  configuration: string | null
  token_configuration: string | null
  last_seen_at: number
  connected_at: number | null
  /** JSON: what it reports of the configuration that it was given last, and what was offered last. */
  reported: string | null
  offered: string | null
}

export async function fleetGateways(db: Db, org: string, now: number): Promise<GatewayObservation[]> {
  const { rows } = await sql<GatewayRow>`SELECT uid, name, host, configuration, token_configuration, last_seen_at,
    connected_at, reported, offered FROM gateways WHERE org_id = ${org} ORDER BY uid`.execute(db)
  return rows.map((row) => observed(row, now))
}

export function observed(row: GatewayRow, now: number): GatewayObservation {
  const { uid, name, host, configuration, token_configuration, last_seen_at, connected_at } = row
  const online = connected_at !== null && now - last_seen_at <= OFFLINE_AFTER_MS
  return {
    uid,
    name: name ?? (host === '' ? uid : host),
    configuration: configuration ?? token_configuration ?? DEFAULT_CONFIGURATION,
    online,
    since: online ? connected_at : last_seen_at,
    failed: failureOf(row),
  }
}

/** A refusal counts while nothing else has been offered since. */
function failureOf(row: GatewayRow): GatewayObservation['failed'] {
  const reported: { hash: string; status: number; at: number } | null = JSON.parse(row.reported ?? 'null')
  const offered: { hash: string; version: number } | null = JSON.parse(row.offered ?? 'null')
  if (reported?.status !== FAILED || reported.hash !== offered?.hash) return null
  return { version: String(offered.version), at: reported.at }
}
