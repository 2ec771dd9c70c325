/** Says in the log that something was refused, at most once a second and with how often. */
import type { Logger } from '#observe/log.ts'
import type { Clock } from '#std/clock.ts'

const LOG_EVERY_MS = 1000

export class Refusals {
  readonly #clock: Clock
  readonly #say: (refused: number) => void
  #count = 0
  #loggedAt = Number.NEGATIVE_INFINITY

  /** `fields` go with the message. */
  constructor(about: { clock: Clock; log: Logger }, fields: object, message: string) {
    this.#clock = about.clock
    this.#say = (refused) => about.log.warn({ ...fields, refused }, message)
  }

  add(): void {
    this.#count++
    const now = this.#clock.now()
    if (now - this.#loggedAt < LOG_EVERY_MS) return
    this.#say(this.#count)
    this.#loggedAt = now
    this.#count = 0
  }
}

export const TOO_MANY_CONNECTIONS = 'connections refused: there are too many'
export const NOT_ALLOWED = 'refused: the sender is not in the list of those that may send'
export const NO_HANDSHAKE = 'connections refused: their TLS handshake failed'
