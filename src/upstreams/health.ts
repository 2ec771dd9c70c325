/** What active checks say of a target. Pure; `probe.ts` does the checking. */
import type { HealthCheckPlan } from './plan.ts'

export class Health {
  #healthy = true
  /** Results in a row that speak against what is thought now. */
  #against = 0
  #known = false

  /** Healthy until a probe says otherwise. */
  get healthy(): boolean {
    return this.#healthy
  }

  /**
   * True when this result has changed the verdict. The first result of all counts at once: after a start nobody knows
   * more.
   */
  record(ok: boolean, plan: Pick<HealthCheckPlan, 'healthyThreshold' | 'unhealthyThreshold'>): boolean {
    const first = !this.#known
    this.#known = true
    if (ok === this.#healthy) {
      this.#against = 0
      return false
    }
    this.#against++
    if (!first && this.#against < (ok ? plan.healthyThreshold : plan.unhealthyThreshold)) return false
    this.#healthy = ok
    this.#against = 0
    return true
  }

  /** There are no checks any more: nothing is held against the target. */
  forget(): void {
    this.#healthy = true
    this.#against = 0
    this.#known = false
  }
}
