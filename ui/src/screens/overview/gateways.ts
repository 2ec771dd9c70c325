/** Gateways counted, and those that need somebody first. */
import type { FleetSummary, GatewaySummary } from '#contract/fleet.ts'
import type { Page } from '#ui/api/pages.ts'
import type { Tone } from '#ui/kit/badge.tsx'
import { verdictOf } from '#ui/words/gateway-state.ts'

/** From the list where all stand in one answer, else from the fleet's own count, which cannot tell offline from unhealthy. */
export function healthyOf(
  page: Page<GatewaySummary> | undefined,
  summary: FleetSummary | undefined,
): { healthy: number; all: number; isWholeFleet: boolean } | undefined {
  if (page === undefined) return undefined
  if (page.next_cursor === null)
    return { healthy: page.items.filter(isWell).length, all: page.items.length, isWholeFleet: false }
  if (summary === undefined) return undefined
  return { healthy: Math.max(0, summary.online - summary.unhealthy), all: summary.gateways, isWholeFleet: true }
}

/** When the first of them came: before that nothing is known. Undefined: there are none. */
export function firstSeenOf(gateways: readonly GatewaySummary[] = []): number | undefined {
  return gateways.length === 0 ? undefined : Math.min(...gateways.map(({ first_seen_at: at }) => at))
}

const tones: readonly Tone[] = ['bad', 'warn', 'busy', 'neutral', 'info', 'ok']

/** Those that need somebody first. */
export function worstFirst(gateways: readonly GatewaySummary[]): GatewaySummary[] {
  const rank = (gateway: GatewaySummary) => tones.indexOf(verdictOf(gateway).tone)
  return [...gateways].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name))
}

function isWell({ online, states }: GatewaySummary): boolean {
  return online && states.health?.healthy !== false
}
