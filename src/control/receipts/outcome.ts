/**
 * What the candidate would do to one record of the sample. The live side is what was seen; the candidate's is what
 * was seen, changed by what the replays of both chains make differently. So whatever a replay cannot repeat (state,
 * chance, text that is redacted in the sample) is counted as it was, and not as a change.
 */
import type { Fate, ObservedRecord } from '#contract/observation.ts'
import { utf8Length } from '#std/bytes.ts'
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
    if (isClipped(seen)) return this.#asSeen(seen)
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
      const added = reproduced ? (candidate.bytes_out - live.bytes_out) * scaleOf(seen, candidate) : 0
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
      bytesOut: candidate.bytes_out * scaleOf(seen, candidate),
      reproduced,
    }
    // Not a rule of the live chain: an older version's, say. The replay is the best there is.
    if (by === undefined || by.place === -1) return ofReplay
    const stands = by.held || (!replays && by.unchanged)
    if (!stands || this.#placeOf(candidate.rule) < by.place) return ofReplay
    return { fate: seen.fate, rule: by.id, bytesOut: 0, reproduced }
  }

  /** A rule that is gone ends nothing: of what it ended here nothing is known but that. */
  #asSeen({ fate, rule, bytes_out: bytesOut }: ObservedRecord): Outcome {
    const by = rule === null ? undefined : this.#successors.get(rule)
    return { fate, rule: by?.id ?? rule, bytesOut, reproduced: true }
  }

  #placeOf(rule: string | null): number {
    return rule === null ? Number.POSITIVE_INFINITY : (this.#places.get(rule) ?? -1)
  }
}

/**
 * Nodes show so many bytes of a record's text, less what a character may take (`RECORD_TEXT_BYTES_MAX` of the
 * engine).
 */
const SHOWN_BYTES = 16 * 1024 - 4

/** The sample does not hold the whole record: rules would see another one. */
export function isClipped({ before, bytes_in: bytesIn }: ObservedRecord): boolean {
  const shown = textBytes(before)
  return shown === 0 ? bytesIn > 0 : bytesIn >= SHOWN_BYTES && shown >= SHOWN_BYTES
}

function textBytes({ text, base64 }: ObservedRecord['before']): number {
  return text === undefined ? Math.floor(((base64?.length ?? 0) * 3) / 4) : utf8Length(text)
}

/**
 * What a byte of the record as it came in is to one of its text in the sample: formats that are no text are shown as
 * JSON.
 */
function scaleOf({ bytes_in: bytesIn }: ObservedRecord, { bytes_in: replayed }: ReplayedRecord): number {
  return replayed > 0 ? bytesIn / replayed : 1
}
