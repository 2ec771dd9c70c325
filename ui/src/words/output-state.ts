/** How an output is, in a word, from its books. */
import type { Rates } from '#contract/series.ts'
import type { OutputBooks, UpstreamState } from '#contract/stats.ts'
import type { Tone } from '#ui/kit/badge.tsx'

/** The worst first. */
export const outputStates = ['failing', 'breaker_open', 'spooling', 'retrying', 'delivering', 'idle'] as const
export type OutputState = (typeof outputStates)[number]

export const stateWords: Record<OutputState, { word: string; tone: Tone; meaning: string }> = {
  failing: { word: 'Failing', tone: 'bad', meaning: 'It is refused for good, or its disk fails.' },
  breaker_open: {
    word: 'Breaker open',
    tone: 'bad',
    meaning: 'Most requests failed, so nothing is sent for a while; records wait.',
  },
  spooling: { word: 'Spooling', tone: 'warn', meaning: 'Nothing goes through; records wait on disk.' },
  retrying: { word: 'Retrying', tone: 'warn', meaning: 'The last send failed; what failed is sent again.' },
  delivering: { word: 'Delivering', tone: 'ok', meaning: 'Records arrive.' },
  idle: { word: 'Idle', tone: 'neutral', meaning: 'There is nothing to send.' },
}

type OutputRates = Rates['outputs'][number]

/** `upstreams`: of the same gateway. `rates`: undefined until there are any. */
export function outputStateOf(
  output: OutputBooks,
  upstreams: readonly UpstreamState[],
  rates: OutputRates | undefined,
): OutputState {
  const spooled = output.spool?.bytes ?? 0
  const delivers = (rates?.delivered.records ?? 0) > 0
  if (output.spool?.failure) return 'failing'
  const breaker = upstreamOf(output, upstreams)?.breaker?.state
  if (breaker === 'open') return 'breaker_open'
  if (output.last_error !== null) {
    if (spooled > 0 && !delivers) return 'spooling'
    // What waits is sent again; where nothing waits, it was refused for good.
    return output.in_flight.records > 0 || breaker === 'half_open' ? 'retrying' : 'failing'
  }
  if (delivers) return 'delivering'
  if (spooled > 0) return 'spooling'
  return output.in_flight.records > 0 || (rates?.forwarded.records ?? 0) > 0 ? 'delivering' : 'idle'
}

/** The way that it sends by: shared, or its own. */
export function upstreamOf(
  { id, upstream }: Pick<OutputBooks, 'id' | 'upstream'>,
  upstreams: readonly UpstreamState[],
): UpstreamState | undefined {
  return typeof upstream === 'string'
    ? upstreams.find((one) => one.shared && one.id === upstream)
    : upstreams.find((one) => !one.shared && one.id === id)
}

export function worstOf(states: readonly OutputState[]): OutputState {
  return outputStates.find((state) => states.includes(state)) ?? 'idle'
}
