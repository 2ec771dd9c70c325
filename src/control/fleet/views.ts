/** Gateways as they are shown: from what the store has, so that every controller shows the same. */
import { AgentCapability } from '#codecs/opamp/constants.ts'
import type { FleetSummary, Gateway as GatewayBody, GatewayStateName, GatewaySummary } from '#contract/fleet.ts'
import type { Db, Tx } from '../store/database.ts'
import type { Fleet } from './fleet.ts'
import type { Attempt, NamedConfig } from './gateway.ts'
import { attemptsOf, listGateways, loadAttempts, loadReports } from './gateway-store.ts'
import { isBlocked } from './ledger.ts'
import { type GatewayRow, gatewayOf } from './records.ts'
import { followed, HEALTHY_MS_MIN, statesOf, statusName } from './states.ts'

const ROWS_AT_ONCE = 500

export interface GatewayFilter {
  state?: GatewayStateName | undefined
  configuration?: string | undefined
  /** `name` or `name=value`. */
  label?: string | undefined
  /** In name, host, product, version or uid. */
  text?: string | undefined
}

type ShownAttempt = Pick<Attempt, 'hash' | 'version' | 'result'>

/** Up to `limit` that fit, behind `after`, by uid. */
export async function findGateways(
  { db, fleet, org }: { db: Db | Tx; fleet: Fleet; org: string },
  filter: GatewayFilter,
  after: string | undefined,
  limit: number,
): Promise<GatewaySummary[]> {
  const found: GatewaySummary[] = []
  for (let from = after; found.length < limit; ) {
    const rows = await listGateways(db, org, from, ROWS_AT_ONCE)
    const summaries = await summariesOf(db, fleet, org, rows)
    for (const summary of summaries) if (found.length < limit && fits(summary, filter)) found.push(summary)
    if (rows.length < ROWS_AT_ONCE) break
    from = rows.at(-1)!.uid
  }
  return found
}

export async function gatewayBody(
  { db, fleet, org }: { db: Db | Tx; fleet: Fleet; org: string },
  row: GatewayRow,
): Promise<GatewayBody> {
  const { uid } = row
  const gateway = gatewayOf(row)
  const [attempts, reports] = [await loadAttempts(db, org, uid), await loadReports(db, org, uid)]
  const components = await componentsOf(db, org, row.components_hash)
  const { settings } = gateway
  return {
    ...summaryOf(row, attempts, await desiredOf(fleet, row), fleet),
    assigned_configuration: row.configuration,
    seq: row.seq,
    capabilities: capabilityNames(gateway.capabilities),
    custom_capabilities: [...gateway.customCapabilities],
    credential: credentialOf(row.holder),
    restarts: row.restarts,
    restart_requested_at: row.restart_requested_at,
    description: reports?.description ? JSON.parse(reports.description) : { identifying: {}, non_identifying: {} },
    health: reports?.health ? JSON.parse(reports.health) : null,
    effective_config: reports?.effective ? JSON.parse(reports.effective) : null,
    components,
    connection_settings: settings === null ? null : { ...settings, status: statusName(settings.status) },
    attempts: [...attempts.values()]
      .sort((a, b) => (b.offeredAt ?? b.deadline) - (a.offeredAt ?? a.deadline))
      .map(attemptBody),
  }
}

export async function summarise(db: Db | Tx, fleet: Fleet, org: string): Promise<FleetSummary> {
  const all: FleetSummary = {
    gateways: 0,
    online: 0,
    in_sync: 0,
    unhealthy: 0,
    drift: {},
    configurations: [],
    versions: [],
  }
  const configurations = new Map<string, FleetSummary['configurations'][number]>()
  const versions = new Map<string, FleetSummary['versions'][number]>()
  for (let from: string | undefined; ; ) {
    const rows = await listGateways(db, org, from, ROWS_AT_ONCE)
    for (const { online, in_sync, drift, states, configuration, product, version } of await summariesOf(
      db,
      fleet,
      org,
      rows,
    )) {
      all.gateways++
      if (online) all.online++
      if (in_sync) all.in_sync++
      if (states.health?.healthy === false) all.unhealthy++
      if (drift !== null) all.drift[drift] = (all.drift[drift] ?? 0) + 1
      const ofConfiguration = configurations.get(configuration) ?? { configuration, gateways: 0, in_sync: 0 }
      ofConfiguration.gateways++
      if (in_sync) ofConfiguration.in_sync++
      configurations.set(configuration, ofConfiguration)
      const key = `${product} ${version}`
      const ofVersion = versions.get(key) ?? { product, version, gateways: 0 }
      ofVersion.gateways++
      versions.set(key, ofVersion)
    }
    if (rows.length < ROWS_AT_ONCE) break
    from = rows.at(-1)!.uid
  }
  return { ...all, configurations: [...configurations.values()], versions: [...versions.values()] }
}

/** What a gateway is to have; undefined when nothing of its kind is live. */
export async function desiredOf(fleet: Fleet, row: GatewayRow): Promise<NamedConfig | undefined> {
  const config = await fleet.desired(row.org_id, followed(gatewayOf(row)))
  return config?.kind === row.kind ? config : undefined
}

async function summariesOf(
  db: Db | Tx,
  fleet: Fleet,
  org: string,
  rows: readonly GatewayRow[],
): Promise<GatewaySummary[]> {
  const attempts = await attemptsOf(
    db,
    org,
    rows.map(({ uid }) => uid),
  )
  const summaries: GatewaySummary[] = []
  for (const row of rows)
    summaries.push(summaryOf(row, attempts.get(row.uid) ?? new Map(), await desiredOf(fleet, row), fleet))
  return summaries
}

function summaryOf(
  row: GatewayRow,
  attempts: ReadonlyMap<string, ShownAttempt>,
  desired: NamedConfig | undefined,
  { context: { clock }, offlineIntervalMs: heartbeatMs }: Fleet,
): GatewaySummary {
  const gateway = gatewayOf(row)
  const options = { at: clock.wall(), heartbeatMs, healthyMsMin: HEALTHY_MS_MIN }
  const { online, inSync, drift, states } = statesOf(gateway, attempts, desired, options)
  return {
    id: row.uid,
    name: row.name ?? (row.host || row.uid),
    labels: JSON.parse(row.labels),
    kind: gateway.agent?.kind ?? null,
    product: row.product,
    version: row.version,
    host: row.host,
    configuration: followed(gateway),
    online,
    in_sync: inSync,
    drift,
    states,
    transport: gateway.transport,
    connected_at: online ? row.connected_at : null,
    last_seen_at: row.last_seen_at,
    first_seen_at: row.first_seen_at,
    note: gateway.note,
  }
}

function fits(summary: GatewaySummary, { state, configuration, label, text }: GatewayFilter): boolean {
  const { online, in_sync, drift, states } = summary
  const isState: Record<GatewayStateName, boolean> = {
    online,
    offline: !online,
    in_sync,
    drift: drift !== null,
    failed: drift === 'failed' || drift === 'rolled_back',
    unhealthy: states.health?.healthy === false,
  }
  if (state !== undefined && !isState[state]) return false
  if (configuration !== undefined && summary.configuration !== configuration) return false
  if (label !== undefined && !hasLabel(summary.labels, label)) return false
  if (text === undefined) return true
  const wanted = text.toLowerCase()
  return [summary.name, summary.host, summary.product, summary.version, summary.id].some((part) =>
    part.toLowerCase().includes(wanted),
  )
}

function hasLabel(labels: Readonly<Record<string, string>>, label: string): boolean {
  const at = label.indexOf('=')
  if (at < 0) return Object.hasOwn(labels, label)
  const name = label.slice(0, at)
  return Object.hasOwn(labels, name) && labels[name] === label.slice(at + 1)
}

async function componentsOf(db: Db | Tx, org: string, hash: string | null): Promise<GatewayBody['components']> {
  if (hash === null) return null
  const row = await db
    .selectFrom('gateway_components')
    .select('tree')
    .where('org_id', '=', org)
    .where('hash', '=', hash)
    .executeTakeFirst()
  return row === undefined ? null : JSON.parse(row.tree)
}

function credentialOf(holder: string): GatewayBody['credential'] {
  return holder.split(':')[0] as GatewayBody['credential']
}

function capabilityNames(capabilities: bigint): string[] {
  return Object.entries(AgentCapability)
    .filter(([, bit]) => (capabilities & bit) !== 0n)
    .map(([name]) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`))
}

function attemptBody(attempt: Attempt): GatewayBody['attempts'][number] {
  return {
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
    retries: attempt.retries,
    blocked: isBlocked(attempt),
  }
}
