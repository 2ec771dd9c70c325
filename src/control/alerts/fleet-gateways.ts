/** Gateways as alerts see them, out of the store of the fleet: whichever controller they talk to. */
import { HEARTBEAT_MS_DEFAULT, isOnline } from '../fleet/gateway.ts'
import { gatewayOf } from '../fleet/records.ts'
import { followed } from '../fleet/states.ts'
import type { Db } from '../store/database.ts'
import type { FleetTables } from '../store/tables/fleet.ts'
import type { GatewayObservation } from './source.ts'

/** It may take so long until the store knows that a gateway was heard. */
const STORE_LAG_MS = 10_000
/** OpAMP, `RemoteConfigStatuses_FAILED`. */
const FAILED = 3

/** `heartbeatMs`: how often gateways are heard at least; `Fleet.offlineIntervalMs` where it is configured. */
export async function fleetGateways(
  db: Db,
  org: string,
  now: number,
  heartbeatMs: number = HEARTBEAT_MS_DEFAULT,
): Promise<GatewayObservation[]> {
  const rows = await db.selectFrom('gateways').selectAll().where('org_id', '=', org).orderBy('uid').execute()
  return rows.map((row) => observed(row, now, heartbeatMs))
}

function observed(row: FleetTables['gateways'], now: number, heartbeatMs: number): GatewayObservation {
  const gateway = gatewayOf(row)
  const { uid, lastSeenAt, connectedAt, reported, offered } = gateway
  const online = isOnline(gateway, now - STORE_LAG_MS, heartbeatMs)
  // A refusal counts while nothing else has been offered since.
  const isRefused = reported?.status === FAILED && reported.hash === offered?.hash
  return {
    uid,
    name: row.name ?? (row.host === '' ? uid : row.host),
    configuration: followed(gateway),
    online,
    since: online && connectedAt !== null ? connectedAt : lastSeenAt,
    failed: isRefused ? { version: String(offered.version), at: reported.at } : null,
  }
}
