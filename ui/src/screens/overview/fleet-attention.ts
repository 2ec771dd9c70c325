/** What gateways need: of those that follow the configuration, or, where they are too many to read, of the whole fleet. */
import type { DriftCause, FleetSummary, GatewayStateName, GatewaySummary } from '#contract/fleet.ts'
import type { Page } from '#ui/api/pages.ts'
import { count } from '#ui/kit/format.ts'
import type { Attention } from '#ui/screens/overview/attention.ts'

export interface FleetSources {
  configuration: string
  /** Undefined until they are known. */
  gateways: Page<GatewaySummary> | undefined
  summary: FleetSummary | undefined
}

const NAMES_MAX = 3
const REASONS_MAX = 2

interface Trouble {
  key: DriftCause | 'offline' | 'unhealthy'
  tone: 'bad' | 'warn'
  text: string
  /** By which Fleet shows them. */
  state: GatewayStateName
}

/** Gateways that have just been offered something, or take no configurations, are as they should be. */
const troubles: readonly Trouble[] = [
  { key: 'failed', tone: 'bad', text: 'refused the published version', state: 'failed' },
  { key: 'rolled_back', tone: 'bad', text: 'tried the published version and went back', state: 'failed' },
  { key: 'stale', tone: 'warn', text: 'did not say in time what became of the published version', state: 'drift' },
  { key: 'local_override', tone: 'warn', text: 'changed on the spot: other than published', state: 'drift' },
  { key: 'offline', tone: 'warn', text: 'offline', state: 'offline' },
  { key: 'unhealthy', tone: 'bad', text: 'unhealthy', state: 'unhealthy' },
]

export function fleetAttention({ configuration, gateways, summary }: FleetSources): Attention[] {
  if (gateways === undefined) return []
  if (gateways.next_cursor !== null) return summary === undefined ? [] : ofWholeFleet(summary)
  return troubles.flatMap((trouble) => {
    const found = gateways.items.filter((gateway) => has(gateway, trouble.key))
    return found.length === 0 ? [] : [ofGateways(found, trouble, configuration)]
  })
}

function has({ online, drift, states }: GatewaySummary, trouble: Trouble['key']): boolean {
  if (trouble === 'offline') return !online
  if (trouble === 'unhealthy') return online && states.health?.healthy === false
  return drift === trouble
}

function ofGateways(found: readonly GatewaySummary[], { key, tone, text, state }: Trouble, follows: string): Attention {
  const reasons = [...new Set(found.map((gateway) => reasonOf(gateway, key)).filter((reason) => reason !== ''))]
  const why = reasons.slice(0, REASONS_MAX).join('; ')
  const [only] = found
  if (found.length === 1 && only !== undefined)
    return {
      key: `fleet/${key}`,
      tone,
      title: `Gateway ${only.name} ${text}`,
      detail: why === '' ? `it follows ${follows}` : why,
      link: { to: '/fleet/$gateway', params: { gateway: only.id } },
      ...(key === 'offline' && { since: only.last_seen_at }),
    }
  const names = found.slice(0, NAMES_MAX).map(({ name }) => name)
  const all =
    found.length > NAMES_MAX ? `${names.join(', ')} and ${count(found.length - NAMES_MAX)} more` : names.join(', ')
  return {
    key: `fleet/${key}`,
    tone,
    title: `${count(found.length)} gateways ${text}`,
    detail: why === '' ? all : `${all}: ${why}`,
    link: { to: '/fleet', search: { state, follows } },
  }
}

function reasonOf({ states: { health, reported } }: GatewaySummary, trouble: Trouble['key']): string {
  if (trouble === 'unhealthy') return health?.last_error ?? ''
  return trouble === 'offline' ? '' : (reported?.error ?? '')
}

function ofWholeFleet({ gateways, online, unhealthy, drift }: FleetSummary): Attention[] {
  const numbers = { ...drift, offline: Math.max(0, gateways - online), unhealthy }
  return troubles.flatMap(({ key, tone, text, state }) => {
    const number = numbers[key] ?? 0
    if (number === 0) return []
    const title = `${count(number)} ${number === 1 ? 'gateway' : 'gateways'} ${text}`
    const detail = `of ${count(gateways)} in the whole fleet, of all configurations`
    return [{ key: `fleet/${key}`, tone, title, detail, link: { to: '/fleet', search: { state } } }]
  })
}
