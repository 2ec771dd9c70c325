/** Which target the next request goes to. All three are pure but for the random numbers that are given. */
import { fromText } from '#std/bytes.ts'
import { hash32 } from '#std/hash.ts'
import type { Balance } from './plan.ts'

export interface Candidate {
  /** The same at every node and after any reload: what `hash` goes by. */
  readonly name: string
  readonly weight: number
  /** Requests under way. */
  readonly active: number
}

export interface Balancer {
  /** `candidates` are those that may be chosen: at least one, all with weight. */
  pick<Target extends Candidate>(candidates: readonly Target[], hashKey: string | undefined): Target
}

export function createBalancer(balance: Balance, random: () => number): Balancer {
  if (balance === 'round_robin') return new RoundRobin((candidate) => candidate.weight)
  if (balance === 'least_request') return new LeastRequest(random)
  return new Hash()
}

/**
 * Smooth weighted round robin, as nginx has it: each choice adds every weight to its target's credit, takes the target
 * with the most, and takes the sum of weights off it. Weights 5, 1, 1 give a a b a c a a, not a a a a a b c.
 */
class RoundRobin implements Balancer {
  readonly #weightOf: (candidate: Candidate) => number
  /** By the candidate itself, so that targets that are gone take their credit with them. */
  readonly #credits = new WeakMap<Candidate, number>()

  constructor(weightOf: (candidate: Candidate) => number) {
    this.#weightOf = weightOf
  }

  pick<Target extends Candidate>(candidates: readonly Target[]): Target {
    let best = candidates[0]!
    let most = Number.NEGATIVE_INFINITY
    let total = 0
    for (const candidate of candidates) {
      const weight = this.#weightOf(candidate)
      const credit = (this.#credits.get(candidate) ?? 0) + weight
      this.#credits.set(candidate, credit)
      total += weight
      if (credit <= most) continue
      best = candidate
      most = credit
    }
    this.#credits.set(best, most - total)
    return best
  }
}

/**
 * Fewest requests under way. Equal weights: the better of two that are drawn at random, which keeps newcomers and idle
 * targets from being flooded. Different weights: round robin by `weight / (active + 1)`, as in Envoy.
 */
class LeastRequest implements Balancer {
  readonly #random: () => number
  readonly #weighted = new RoundRobin(({ weight, active }) => weight / (active + 1))

  constructor(random: () => number) {
    this.#random = random
  }

  pick<Target extends Candidate>(candidates: readonly Target[]): Target {
    const { length } = candidates
    const first = candidates[0]!
    if (length === 1) return first
    if (candidates.some(({ weight }) => weight !== first.weight)) return this.#weighted.pick(candidates)
    const i = Math.floor(this.#random() * length)
    const j = Math.floor(this.#random() * (length - 1))
    const [one, other] = [candidates[i]!, candidates[j < i ? j : j + 1]!]
    return other.active < one.active ? other : one
  }
}

/**
 * Weighted rendezvous hashing: every target draws a number from the key and its own name, the best wins. When a target
 * goes, only its keys move, each to where it would have been second. Requests without a key go round.
 */
class Hash implements Balancer {
  readonly #keyless = new RoundRobin((candidate) => candidate.weight)
  readonly #seeds = new WeakMap<Candidate, number>()

  pick<Target extends Candidate>(candidates: readonly Target[], hashKey: string | undefined): Target {
    if (hashKey === undefined || hashKey === '') return this.#keyless.pick(candidates)
    const key = fromText(hashKey)
    let best = candidates[0]!
    let bestScore = Number.NEGATIVE_INFINITY
    for (const candidate of candidates) {
      const draw = (hash32(key, 0, key.length, this.#seedOf(candidate)) + 0.5) / 0x1_0000_0000
      const score = -candidate.weight / Math.log(draw)
      if (score <= bestScore) continue
      best = candidate
      bestScore = score
    }
    return best
  }

  #seedOf(candidate: Candidate): number {
    let seed = this.#seeds.get(candidate)
    if (seed === undefined) {
      const name = fromText(candidate.name)
      seed = hash32(name, 0, name.length)
      this.#seeds.set(candidate, seed)
    }
    return seed
  }
}
