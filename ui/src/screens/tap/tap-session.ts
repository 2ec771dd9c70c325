/**
 * One tap of this page: it watches, reconnects when the connection breaks, ends by itself after a while, and keeps the last
 * records. While it is paused what is shown stands still; records go on to be kept.
 */
import { ApiError, type Query } from '#ui/api/client.ts'
import { type TapEntry, TapRing } from '#ui/screens/tap/tap-ring.ts'
import type { TapEvent } from '#ui/screens/tap/tap-stream.ts'

/** A tap costs gateways time; one that nobody looks at any more ends. */
export const AUTO_STOP_MS = 5 * 60_000
/** What is shown changes so often at most. */
const SHOW_MS = 200
/** The rate moves on when nothing comes, too. */
const RATE_MS = 1000
const RETRY_MS_MIN = 1000
const RETRY_MS_MAX = 15_000

/** `stopped`: by whom it was started, or because it could not go on; `over`: its time was over. */
export type Phase = 'idle' | 'connecting' | 'watching' | 'retrying' | 'stopped' | 'over'

export interface TapView {
  phase: Phase
  paused: boolean
  entries: readonly TapEntry[]
  shown: number
  skipped: number
  rates: readonly number[]
  /** Records that came since it was paused. */
  behind: number
  /** Gateways that have ended their part, and why; `gateway` null: all of it has ended. */
  ends: readonly { gateway: string | null; reason: string }[]
  /** Why it could not be opened, or broke. */
  error: unknown
}

export type OpenTap = (query: Query, signal: AbortSignal) => AsyncIterable<TapEvent>

export class TapSession {
  readonly #open: OpenTap
  readonly #ring = new TapRing()
  readonly #listeners = new Set<() => void>()
  #view: TapView = EMPTY
  #run: AbortController | undefined
  #stopTimer: ReturnType<typeof setTimeout> | undefined
  #showTimer: ReturnType<typeof setTimeout> | undefined
  #rateTimer: ReturnType<typeof setInterval> | undefined

  constructor(open: OpenTap) {
    this.#open = open
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly view = (): TapView => this.#view

  /** Ends what runs. What was shown stays when `keep`: the same is watched again. */
  start(query: Query, keep = false): void {
    this.#end()
    if (!keep) this.#ring.clear()
    const run = new AbortController()
    this.#run = run
    this.#stopTimer = setTimeout(() => this.#finish('over'), AUTO_STOP_MS)
    this.#rateTimer = setInterval(() => this.#change({ rates: this.#ring.rates(Date.now()) }), RATE_MS)
    this.#change({ phase: 'connecting', paused: false, ends: [], error: null })
    this.#show()
    void this.#watch(query, run.signal)
  }

  stop(): void {
    if (this.#run !== undefined) this.#finish('stopped')
  }

  setPaused(paused: boolean): void {
    if (paused === this.#view.paused) return
    this.#change({ paused })
    if (!paused) this.#show()
  }

  clear(): void {
    this.#ring.clear()
    this.#show()
  }

  async #watch(query: Query, signal: AbortSignal): Promise<void> {
    let wait = RETRY_MS_MIN
    while (!signal.aborted) {
      try {
        for await (const event of this.#open(query, signal)) {
          if (signal.aborted) return
          if (event.kind !== 'open') wait = RETRY_MS_MIN
          this.#take(event)
        }
        throw new Error('the connection has ended')
      } catch (error) {
        if (signal.aborted) return
        if (error instanceof ApiError && error.status >= 400 && error.status < 500) {
          return this.#finish('stopped', error)
        }
        this.#change({ phase: 'retrying', error })
        await pause(wait, signal)
        wait = Math.min(wait * 2, RETRY_MS_MAX)
      }
    }
  }

  #take(event: TapEvent): void {
    if (event.kind === 'end') {
      this.#change({ ends: [...this.#view.ends, { gateway: event.gateway, reason: event.reason }] })
      if (event.gateway === null) this.#finish('over')
      return
    }
    if (this.#view.phase !== 'watching') this.#change({ phase: 'watching', error: null })
    if (event.kind === 'open') return
    this.#ring.add(event.gateway, event.records, event.skipped, Date.now())
    this.#showTimer ??= setTimeout(() => this.#show(), SHOW_MS)
  }

  #show(): void {
    clearTimeout(this.#showTimer)
    this.#showTimer = undefined
    const { shown, skipped } = this.#ring
    const rates = this.#ring.rates(Date.now())
    if (this.#view.paused && shown > 0) this.#change({ rates, behind: shown - this.#view.shown })
    else this.#change({ entries: this.#ring.newestFirst(), shown, skipped, rates, behind: 0 })
  }

  #finish(phase: Phase, error: unknown = null): void {
    this.#end()
    this.#change({ phase, error })
    this.#show()
  }

  #end(): void {
    this.#run?.abort()
    this.#run = undefined
    clearTimeout(this.#stopTimer)
    clearInterval(this.#rateTimer)
    clearTimeout(this.#showTimer)
    this.#showTimer = undefined
  }

  #change(part: Partial<TapView>): void {
    this.#view = { ...this.#view, ...part }
    for (const listener of this.#listeners) listener()
  }
}

const EMPTY: TapView = {
  phase: 'idle',
  paused: false,
  entries: [],
  shown: 0,
  skipped: 0,
  rates: [],
  behind: 0,
  ends: [],
  error: null,
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
