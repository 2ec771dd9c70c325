/** What an agent does now and then: a sign of life when nothing else was said, and a look at the node's health. */
import type { Clock, Timer } from '#std/clock.ts'
import { HEALTH_MS, HEARTBEAT_MS } from './agent-options.ts'

export interface PulseOptions {
  clock: Clock
  /** Until the server says otherwise. */
  heartbeatMs: number | undefined
  /** Without heartbeats polling goes on all the same: a poll is all that a server can answer to. */
  isPolling: () => boolean
  beat(): void
  look(): void
}

export class Pulse {
  readonly #options: PulseOptions
  #heartbeatMs: number
  #beat: Timer | undefined
  #look: Timer | undefined
  #isOver = false

  constructor(options: PulseOptions) {
    this.#options = options
    this.#heartbeatMs = options.heartbeatMs ?? HEARTBEAT_MS
  }

  get hasHeartbeat(): boolean {
    return this.#intervalMs() > 0
  }

  start(): void {
    this.#look = this.#options.clock.after(HEALTH_MS, () => {
      this.start()
      this.#options.look()
    })
  }

  /** 0: no heartbeat; undefined: as the options have it. */
  setSeconds(seconds: number | undefined): void {
    this.#heartbeatMs = seconds === undefined ? (this.#options.heartbeatMs ?? HEARTBEAT_MS) : seconds * 1000
    this.again()
  }

  /** Something was said: the next heartbeat is an interval away. */
  again(): void {
    this.#beat?.cancel()
    const ms = this.#intervalMs()
    if (ms === 0 || this.#isOver) return
    this.#beat = this.#options.clock.after(ms, () => {
      this.again()
      this.#options.beat()
    })
  }

  stop(): void {
    this.#isOver = true
    this.#beat?.cancel()
    this.#look?.cancel()
  }

  #intervalMs(): number {
    return this.#heartbeatMs === 0 && this.#options.isPolling() ? HEARTBEAT_MS : this.#heartbeatMs
  }
}
