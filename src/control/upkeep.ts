/** What is done now and then, whatever happens: what has expired is forgotten. */
import type { Timer } from '#std/clock.ts'
import { forgetAccess } from './access/forget.ts'
import { forgetIdempotency } from './api/idempotency.ts'
import type { ControlContext } from './context.ts'

const EVERY_MS = 3_600_000

export class Upkeep {
  readonly #context: ControlContext
  #timer: Timer | undefined

  constructor(context: ControlContext) {
    this.#context = context
  }

  start(): void {
    this.#timer = this.#context.clock.after(EVERY_MS, () => {
      void this.run().finally(() => this.start())
    })
  }

  stop(): void {
    this.#timer?.cancel()
  }

  /** A store that fails is told in the log; the next time may be better. */
  async run(): Promise<void> {
    try {
      await forgetAccess(this.#context)
      await forgetIdempotency(this.#context)
    } catch (error) {
      this.#context.log.warn({ reason: String(error) }, 'what has expired could not be forgotten')
    }
  }
}
