/** The whole terminal for a while: draws lines, hands on keys, and gives it back as it was. */

/** What it needs of `process.stdout`. */
export interface ScreenOutput {
  readonly columns?: number
  readonly rows?: number
  write(text: string): unknown
  on(event: 'resize', listener: () => void): unknown
  off(event: 'resize', listener: () => void): unknown
}

/** What it needs of `process.stdin`. Without `isTTY` nobody types. */
export interface ScreenInput {
  readonly isTTY?: boolean
  setRawMode?(raw: boolean): unknown
  on(event: 'data', listener: (data: Buffer) => void): unknown
  off(event: 'data', listener: (data: Buffer) => void): unknown
  resume(): unknown
  pause(): unknown
}

export type Key = 'up' | 'down' | 'page_up' | 'page_down' | 'quit' | (string & {})

const SIZE_DEFAULT = { columns: 80, rows: 24 }
// Alternate screen, cursor hidden, no wrapping at the right edge; and back.
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l'
const LEAVE = '\u001b[?7h\u001b[?25h\u001b[?1049l'
const HOME = '\u001b[H'
const CLEAR_LINE = '\u001b[K'
const CLEAR_BELOW = '\u001b[J'

/** What keys send. Ctrl-C comes as a key, as the terminal is raw. */
const KEYS: Readonly<Record<string, Key>> = {
  '\u0003': 'quit',
  '\u0004': 'quit',
  '\u001b': 'quit',
  q: 'quit',
  '\u001b[A': 'up',
  '\u001bOA': 'up',
  k: 'up',
  '\u001b[B': 'down',
  '\u001bOB': 'down',
  j: 'down',
  '\u001b[5~': 'page_up',
  '\u001b[6~': 'page_down',
}

export class Screen {
  readonly #output: ScreenOutput
  readonly #input: ScreenInput
  readonly #onKey: (key: Key) => void
  readonly #onResize: () => void
  readonly #onData = (data: Buffer) => this.#keys(data.toString())
  #isOpen = false

  constructor(output: ScreenOutput, input: ScreenInput, onKey: (key: Key) => void, onResize: () => void) {
    this.#output = output
    this.#input = input
    this.#onKey = onKey
    this.#onResize = onResize
  }

  get size(): { columns: number; rows: number } {
    return { columns: this.#output.columns || SIZE_DEFAULT.columns, rows: this.#output.rows || SIZE_DEFAULT.rows }
  }

  open(): void {
    this.#isOpen = true
    this.#output.write(ENTER)
    this.#output.on('resize', this.#onResize)
    if (this.#input.isTTY !== true) return
    this.#input.setRawMode?.(true)
    this.#input.on('data', this.#onData)
    this.#input.resume()
  }

  /** More lines than the screen has are left out. One write, so that nothing flickers. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return
    const shown = lines.slice(0, this.size.rows)
    this.#output.write(`${HOME}${shown.map((line) => `${line}${CLEAR_LINE}`).join('\r\n')}${CLEAR_BELOW}`)
  }

  /** May be called again. */
  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#output.off('resize', this.#onResize)
    if (this.#input.isTTY === true) {
      this.#input.off('data', this.#onData)
      this.#input.setRawMode?.(false)
      this.#input.pause()
    }
    this.#output.write(LEAVE)
  }

  /** Several keys may come in one piece. */
  #keys(text: string): void {
    for (const [sequence] of text.matchAll(/\u001b(?:\[[\d;]*[A-Za-z~]|O[A-Z])?|[^\u001b]/gu)) {
      this.#onKey(KEYS[sequence] ?? sequence)
    }
  }
}
