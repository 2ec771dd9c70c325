/** How gateways are: in one word each, and counted. */
import type { DriftCause, FleetSummary, GatewaySummary } from '#contract/fleet.ts'
import type { Page } from '#ui/api/queries.ts'
import type { Tone } from '#ui/kit/badge.tsx'

/** From the list where all stand in one answer, else from the fleet's own count, which cannot tell offline from unhealthy. */
export function healthyOf(
  page: Page<GatewaySummary> | undefined,
  summary: FleetSummary | undefined,
): { healthy: number; all: number } | undefined {
  if (page === undefined) return undefined
  if (page.next_cursor === null) return { healthy: page.items.filter(isWell).length, all: page.items.length }
  if (summary === undefined) return undefined
  return { healthy: Math.max(0, summary.online - summary.unhealthy), all: summary.gateways }
}

/** The worst that is to be said of it. */
export function stateOf(gateway: GatewaySummary): { tone: Tone; word: string; rank: number } {
  if (!gateway.online) return { tone: 'bad', word: 'Offline', rank: 0 }
  if (gateway.states.health?.healthy === false) return { tone: 'bad', word: 'Unhealthy', rank: 1 }
  if (gateway.drift !== null) return driftStates[gateway.drift]
  if (gateway.in_sync) return { tone: 'ok', word: 'In sync', rank: 9 }
  return { tone: 'ok', word: 'Its own file', rank: 8 }
}

/** Those that need somebody first. */
export function worstFirst(gateways: readonly GatewaySummary[]): GatewaySummary[] {
  return [...gateways].sort((a, b) => stateOf(a).rank - stateOf(b).rank || a.name.localeCompare(b.name))
}

const driftStates: Record<DriftCause, { tone: Tone; word: string; rank: number }> = {
  failed: { tone: 'bad', word: 'Version failed', rank: 2 },
  rolled_back: { tone: 'bad', word: 'Rolled back', rank: 3 },
  stale: { tone: 'warn', word: 'No result', rank: 4 },
  local_override: { tone: 'warn', word: 'Changed locally', rank: 5 },
  unreachable: { tone: 'bad', word: 'Unreachable', rank: 0 },
  pending: { tone: 'busy', word: 'Being updated', rank: 6 },
  no_capability: { tone: 'neutral', word: 'Takes no versions', rank: 7 },
}

function isWell({ online, states }: GatewaySummary): boolean {
  return online && states.health?.healthy !== false
}
