/**
 * What the candidate would do to one record of the sample. The live side is what was seen; the candidate's is what was seen,
 * changed by what the replays of both chains make differently. So whatever a replay cannot repeat (state, chance, text
 * that is redacted in the sample) is counted as it was, and not as a change.
 */
import type { Fate, ObservedRecord } from '#contract/observation.ts'
import type { ReplayedRecord, RuleTraits } from './replayed.ts'
import { isChance, isStateful, type RulePair } from './rules.ts'

export interface Outcome {
  fate: Fate
  /** Id of the candidate's rule that ends it; null when it goes on. */
  rule: string | null
  bytesOut: number
  /** The replay of the live rules came to what was seen, as far as it could. */
  reproduced: boolean
}

/** A rule of the live chain, seen from the candidate. */
interface Successor {
  /** Place in the candidate's chain; -1: it is gone. */
  place: number
  id: string
  unchanged: boolean
  /** Not replayed: the fate that was seen stands. */
  held: boolean
  /** Not replayed in the live chain. */
  unreplayed: boolean
}

export class Outcomes {
  readonly #successors = new Map<string, Successor>()
  readonly #places: ReadonlyMap<string, number>

  constructor(pairs: readonly RulePair[], traits: Readonly<Record<string, RuleTraits>>) {
    const chain = pairs.flatMap(({ candidate }) => (candidate === undefined ? [] : [candidate.id]))
    this.#places = new Map(chain.map((id, place) => [id, place]))
    for (const { live, candidate, change } of pairs) {
      if (live === undefined) continue
      const unchanged = change === 'unchanged'
      const stateful = isStateful(live.type, traits)
      const chance = isChance(live.type, traits)
      this.#successors.set(live.id, {
        place: candidate === undefined ? -1 : this.#places.get(candidate.id)!,
        id: candidate?.id ?? live.id,
        unchanged,
        held: candidate !== undefined && ((stateful && isStateful(candidate.type, traits)) || (chance && unchanged)),
        unreplayed: stateful || chance,
      })
    }
  }

  /** `live` and `candidate` are replays of `seen`. */
  of(seen: ObservedRecord, live: ReplayedRecord, candidate: ReplayedRecord): Outcome {
    return seen.fate === 'forwarded' ? this.#ofForwarded(seen, live, candidate) : this.#ofEnded(seen, live, candidate)
  }

  /** Whether a record with this outcome comes to the candidate's rule at all. */
  reaches(outcome: Outcome, rule: string): boolean {
    if (outcome.rule === null) return true
    return (this.#places.get(rule) ?? 0) <= this.#placeOf(outcome.rule)
  }

  #ofForwarded(seen: ObservedRecord, live: ReplayedRecord, candidate: ReplayedRecord): Outcome {
    const reproduced = live.fate === 'forwarded'
    if (candidate.fate === 'forwarded') {
      const added = reproduced ? candidate.bytes_out - live.bytes_out : 0
      return { fate: 'forwarded', rule: null, bytesOut: Math.max(0, seen.bytes_out + added), reproduced }
    }
    const by = live.rule === null ? undefined : this.#successors.get(live.rule)
    if (by?.unchanged && by.id === candidate.rule) {
      return { fate: 'forwarded', rule: null, bytesOut: seen.bytes_out, reproduced }
    }
    return { fate: candidate.fate, rule: candidate.rule, bytesOut: 0, reproduced }
  }

  #ofEnded(seen: ObservedRecord, live: ReplayedRecord, candidate: ReplayedRecord): Outcome {
    const by = seen.rule === null ? undefined : this.#successors.get(seen.rule)
    const replays = live.fate === seen.fate && live.rule === seen.rule
    const reproduced = replays || by?.unreplayed === true
    const ofReplay: Outcome = {
      fate: candidate.fate,
      rule: candidate.rule,
      bytesOut: candidate.bytes_out,
      reproduced,
    }
    // Not a rule of the live chain: an older version's, say. The replay is the best there is.
    if (by === undefined || by.place === -1) return ofReplay
    const stands = by.held || (!replays && by.unchanged)
    if (!stands || this.#placeOf(candidate.rule) < by.place) return ofReplay
    return { fate: seen.fate, rule: by.id, bytesOut: 0, reproduced }
  }

  #placeOf(rule: string | null): number {
    return rule === null ? Number.POSITIVE_INFINITY : (this.#places.get(rule) ?? -1)
  }
}
