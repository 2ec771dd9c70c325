/** The live table of `streamgate top`: reads now and then, draws, and does what keys say. */
import type { Clock, Timer } from '#std/clock.ts'
import { type Key, Screen, type ScreenInput, type ScreenOutput } from './screen.ts'
import { paint } from './terminal.ts'
import { type Reading, type View, viewOf } from './top-rates.ts'
import { headLines, type Layout, type Sorting, sortings, tableLines } from './top-table.ts'

export interface LiveOptions {
  /** Rejects with an `Error` whose message is shown. */
  read(): Promise<Reading>
  /** Was taken already, so that what cannot work at all ends before the screen is taken. */
  first: Reading
  intervalMs: number
  sorting: Sorting
  clock: Clock
  output: ScreenOutput & Pick<NodeJS.WriteStream, 'isTTY'>
  input: ScreenInput
}

const HELP = 'q quit   s sort   r reverse   space pause   ↑↓ scroll'

export class LiveTable {
  readonly #options: LiveOptions
  readonly #screen: Screen
  readonly #ended = Promise.withResolvers<void>()
  #last: Reading
  #view: View
  #sorting: Sorting
  #reversed = false
  #paused = false
  #scroll = 0
  /** Why the last reading failed. */
  #failure: string | undefined
  #timer: Timer | undefined
  #isStopped = false

  constructor(options: LiveOptions) {
    this.#options = options
    this.#last = options.first
    this.#view = viewOf(undefined, options.first)
    this.#sorting = options.sorting
    this.#screen = new Screen(
      options.output,
      options.input,
      (key) => this.#press(key),
      () => this.#draw(),
    )
  }

  /** Resolves when somebody quits, or `stop` is called; then the terminal is as it was. */
  async run(): Promise<void> {
    this.#screen.open()
    this.#draw()
    this.#wait()
    try {
      await this.#ended.promise
    } finally {
      this.stop()
    }
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
    this.#screen.close()
    this.#ended.resolve()
  }

  #wait(): void {
    if (this.#isStopped) return
    this.#timer = this.#options.clock.after(this.#options.intervalMs, () => void this.#refresh())
  }

  async #refresh(): Promise<void> {
    try {
      const reading = await this.#options.read()
      if (!this.#paused) this.#view = viewOf(this.#last, reading)
      this.#last = reading
      this.#failure = undefined
    } catch (error) {
      this.#failure = (error as Error).message
    }
    this.#draw()
    this.#wait()
  }

  #press(key: Key): void {
    if (key === 'quit') this.stop()
    if (key === 's') this.#sorting = sortings[(sortings.indexOf(this.#sorting) + 1) % sortings.length]!
    if (key === 'r') this.#reversed = !this.#reversed
    if (key === ' ') this.#paused = !this.#paused
    if (key === 'up') this.#scroll--
    if (key === 'down') this.#scroll++
    if (key === 'page_up') this.#scroll -= this.#screen.size.rows >> 1
    if (key === 'page_down') this.#scroll += this.#screen.size.rows >> 1
    this.#draw()
  }

  #draw(): void {
    const { columns, rows } = this.#screen.size
    const layout: Layout = {
      width: columns,
      sorting: this.#sorting,
      reversed: this.#reversed,
      now: this.#view.at,
      paint: (format, text) => paint(format, text, this.#options.output as NodeJS.WriteStream),
    }
    const head = [...headLines(this.#view, layout), this.#statusLine(layout), '']
    const body = tableLines(this.#view, layout)
    const room = Math.max(1, rows - head.length)
    this.#scroll = Math.max(0, Math.min(this.#scroll, body.length - room))
    this.#screen.draw([...head, ...body.slice(this.#scroll, this.#scroll + room)])
  }

  #statusLine({ paint }: Layout): string {
    const time = new Date(this.#view.at).toISOString().slice(11, 19)
    const order = `${this.#reversed ? 'reversed, ' : ''}as ${this.#sorting === 'configured' ? 'configured' : `sorted by ${this.#sorting}`}`
    if (this.#failure !== undefined) return paint('red', `${time}Z  ${this.#failure.split('\n', 1)[0]}`)
    const paused = this.#paused ? paint('yellow', '   paused') : ''
    return `${time}Z   ${order}${paused}   ${paint('dim', HELP)}`
  }
}
