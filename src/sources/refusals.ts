/** Says in the log that connections were refused, at most once a second and with their number. */
import type { SourceContext } from '#component/source.ts'

const LOG_EVERY_MS = 1000

export class Refusals {
  readonly #context: SourceContext
  readonly #connectionsMax: number
  #count = 0
  #loggedAt = Number.NEGATIVE_INFINITY

  constructor(context: SourceContext, connectionsMax: number) {
    this.#context = context
    this.#connectionsMax = connectionsMax
  }

  add(): void {
    this.#count++
    const now = this.#context.clock.now()
    if (now - this.#loggedAt < LOG_EVERY_MS) return
    const fields = { source: this.#context.id, refused: this.#count, connections_max: this.#connectionsMax }
    this.#context.log.warn(fields, 'connections refused: there are too many')
    this.#loggedAt = now
    this.#count = 0
  }
}
