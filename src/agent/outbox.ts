/** Custom messages that wait to be sent: bounded, the newest of a kind instead of the older, taps the first to go. */

export const OUTBOX_MESSAGES_MAX = 64
export const OUTBOX_BYTES_MAX = 8 * 1024 * 1024

export interface Letter {
  /** Of the capability; see `src/contract`. */
  type: string
  data: Uint8Array
  /** A letter of the same key that still waits is replaced. */
  key?: string | undefined
  /** True: goes before others do when there is no room. */
  expendable: boolean
  /** It will not be sent: no room, or replaced. */
  dropped?: (() => void) | undefined
}

export class Outbox {
  #letters: Letter[] = []
  #bytes = 0

  get isEmpty(): boolean {
    return this.#letters.length === 0
  }

  /** Takes it, or drops it at once when only more important ones wait. */
  push(letter: Letter): void {
    if (letter.data.length > OUTBOX_BYTES_MAX) {
      letter.dropped?.()
      return
    }
    const older = letter.key === undefined ? -1 : this.#letters.findIndex(({ key }) => key === letter.key)
    if (older !== -1) this.#drop(older)
    this.#letters.push(letter)
    this.#bytes += letter.data.length
    while (this.#letters.length > OUTBOX_MESSAGES_MAX || this.#bytes > OUTBOX_BYTES_MAX) {
      this.#drop(
        Math.max(
          0,
          this.#letters.findIndex(({ expendable }) => expendable),
        ),
      )
    }
  }

  /** The oldest. */
  shift(): Letter | undefined {
    const letter = this.#letters.shift()
    if (letter !== undefined) this.#bytes -= letter.data.length
    return letter
  }

  /** Drops what nobody waits for any more: nobody, or nobody who was connected. */
  clear(which: 'all' | 'expendable'): void {
    const dropped = this.#letters.filter(({ expendable }) => expendable || which === 'all')
    for (const letter of dropped) this.#drop(this.#letters.indexOf(letter))
  }

  #drop(index: number): void {
    const [letter] = this.#letters.splice(index, 1)
    if (letter === undefined) return
    this.#bytes -= letter.data.length
    letter.dropped?.()
  }
}
