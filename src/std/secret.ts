import { inspect } from 'node:util'

/** A value that never prints itself: not in JSON, logs, errors or the debugger's view. Only who sends it reveals it. */
export class Secret {
  readonly #value: string
  constructor(value: string) {
    this.#value = value
  }
  reveal(): string {
    return this.#value
  }
  toString(): string {
    return MASK
  }
  toJSON(): string {
    return MASK
  }
  [inspect.custom](): string {
    return MASK
  }
}

export const MASK = '[redacted]'
