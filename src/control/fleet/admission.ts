/**
 * How many agents come in at once. After a restart of the controller the whole fleet returns in the same moment: whoever
 * is too much is told when to come again, each at another time, before anything is spent on it.
 */
import { getHeapStatistics } from 'node:v8'
import type { Clock } from '#std/clock.ts'

const HANDSHAKES_PER_SECOND = 500
const REQUESTS_MAX = 1000
/** Bodies of requests that are under way together. */
const BODY_BYTES_MAX = 256 * 1024 * 1024
const RETRY_AFTER_S = 30
const JITTER = 0.2
const MEMORY_LOOK_MS = 1000

export interface AdmissionOptions {
  handshakesPerSecond?: number
  requestsMax?: number
  /** Of the heap; beyond it nobody new comes in. */
  memoryBytesMax?: number
}

export class Admission {
  requests = 0
  bodyBytes = 0
  readonly #clock: Clock
  readonly #rate: number
  readonly #requestsMax: number
  readonly #memoryBytesMax: number
  readonly #isFull: () => boolean
  #tokens: number
  #filledAt: number
  #lookedAt = Number.NEGATIVE_INFINITY
  #isTight = false

  constructor(options: AdmissionOptions, clock: Clock, isFull: () => boolean) {
    this.#clock = clock
    this.#rate = options.handshakesPerSecond ?? HANDSHAKES_PER_SECOND
    this.#requestsMax = options.requestsMax ?? REQUESTS_MAX
    this.#memoryBytesMax = options.memoryBytesMax ?? getHeapStatistics().heap_size_limit * 0.9
    this.#isFull = isFull
    this.#tokens = this.#rate
    this.#filledAt = clock.now()
  }

  /** A new connection. The text says why not. */
  refuseHandshake(): string | undefined {
    if (this.#isFull()) return 'the controller has as many agents as it takes'
    if (this.#memoryIsTight()) return 'the controller is short of memory'
    const now = this.#clock.now()
    this.#tokens = Math.min(this.#rate, this.#tokens + ((now - this.#filledAt) / 1000) * this.#rate)
    this.#filledAt = now
    if (this.#tokens < 1) return 'too many agents connect at once'
    this.#tokens--
    return undefined
  }

  /** A request by plain HTTP. */
  refuseRequest(): string | undefined {
    if (this.requests >= this.#requestsMax) return 'too many requests at once'
    if (this.bodyBytes >= BODY_BYTES_MAX || this.#memoryIsTight()) return 'the controller is short of memory'
    return undefined
  }

  /** For the header `Retry-After`: seconds, spread so that not all come again at once. */
  static retryAfter(): string {
    return String(Math.round(RETRY_AFTER_S * (1 + JITTER * (2 * Math.random() - 1))))
  }

  #memoryIsTight(): boolean {
    const now = this.#clock.now()
    if (now - this.#lookedAt >= MEMORY_LOOK_MS) {
      this.#lookedAt = now
      const { heapUsed, external } = process.memoryUsage()
      this.#isTight = heapUsed + external > this.#memoryBytesMax
    }
    return this.#isTight
  }
}
