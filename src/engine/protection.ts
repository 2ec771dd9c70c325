/**
 * Takes out of a record what must not leave, for who is to be shown it: the rules of its pipeline that are required and edit, as
 * instances of their own. Rules with shared state, and those that only choose among records, such as `sample`, are none of them:
 * they hide nothing, and must not see a record twice.
 */
import type { ProcessorPlan } from '#component/plan.ts'
import { type EngineRegistry, find } from '#component/registry.ts'
import type { Block } from '#telemetry/block.ts'
import { Chain, type TallySink } from './chain.ts'
import { Tally } from './outtake.ts'

export class Protection {
  readonly #chain: Chain
  readonly #sink: TallySink
  #failed = false

  /** `plans`: what `protecting` gave. */
  constructor(plans: readonly ProcessorPlan[], registry: EngineRegistry) {
    this.#chain = new Chain(plans, registry, () => ({ random: Math.random, state: NO_STATE, engine: 0 }))
    this.#sink = {
      tally: (_rule, kind) => {
        if (kind === Tally.ERROR) this.#failed = true
      },
    }
  }

  /** Edits the only record of `block`. False: a rule failed on it, so nobody may see it. */
  apply(block: Block): boolean {
    this.#failed = false
    for (let rule = 0; rule < this.#chain.length && !this.#failed; rule++) {
      this.#chain.step(rule, block, this.#sink)
      block.restore(0)
    }
    return !this.#failed
  }
}

const NO_STATE = new SharedArrayBuffer(0)

/** Those rules of a pipeline that protect. */
export function protecting(
  plans: readonly ProcessorPlan[],
  registry: Pick<EngineRegistry, 'processors'>,
): ProcessorPlan[] {
  return plans.filter(({ type, required }) => {
    const definition = find(registry.processors, type)
    return (
      required &&
      definition?.mutates === true &&
      definition.stateBytes === undefined &&
      definition.outcome === 'dropped'
    )
  })
}

/** Same text, same protection by that rule. */
export function protectionOf({ type, options, when }: ProcessorPlan): string {
  return JSON.stringify([type, options, when ?? null])
}
