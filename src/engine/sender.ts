/**
 * The life of one batch at an output: sent, sent again, sent in parts, until each of its records is delivered, refused for
 * good, given up, or left for another time. Keeps the output's books of all that but the last.
 */
import type { Batch, Failed, Output, Partly } from '#component/output.ts'
import type { RetryPlan } from '#component/plan.ts'
import type { OutputLedger } from '#observe/books.ts'
import type { Logger } from '#observe/log.ts'
import { Backoff } from '#std/backoff.ts'
import { type Clock, pause } from '#std/clock.ts'
import { beginOf, cut, pick } from './batch.ts'
import type { DeadLetterBox } from './dead-letter-box.ts'

/**
 * Enough to find three bad records among a thousand, though nothing else goes through. Each costs two requests: where
 * everything is refused, 64 are wasted at most.
 */
const SEARCHES_MAX = 32
/** After a search that found nothing, until the next. */
const SEARCH_REST_MS = 10_000

export interface SenderParts {
  id: string
  /** Type of the output and name of its encoder. */
  kind: string
  output: Output
  ledger: OutputLedger
  deadLetters: DeadLetterBox
  retry: RetryPlan
  clock: Clock
  log: Logger
  /** A number in [0, 1). */
  random: () => number
}

export class Sender {
  readonly #parts: SenderParts
  readonly #abort = new AbortController()
  #failing = false
  /** What went wrong last, while something does. */
  #cause: string | undefined
  /** How often a refused batch may still be divided until something goes through. */
  #searches = SEARCHES_MAX
  /** When it may be searched again after that was of no use. */
  #searchAgainAt = 0

  constructor(parts: SenderParts) {
    this.#parts = parts
  }

  /** What was under way comes back as soon as the output lets go of it. */
  abort(): void {
    this.#abort.abort()
  }

  /** The last send failed. */
  get failing(): boolean {
    return this.#failing
  }

  get aborted(): boolean {
    return this.#abort.signal.aborted
  }

  /**
   * Sends until every record has ended, or until `abort`. Returns what has not ended then; in the order in which it came.
   * `openedAt`: when the batch was begun, for its age.
   */
  async send(batch: Batch, openedAt: number): Promise<Batch[]> {
    const { output, ledger, retry, clock, random } = this.#parts
    const backoff = new Backoff(retry.baseMs, retry.capMs, random)
    let rest = batch
    for (;;) {
      const result = await output.send(rest, this.#abort.signal)
      if (result.ok === true) {
        this.#deliver(rest.records, rest.bytes.length)
        this.#recovered()
        return []
      }
      if (result.ok === 'partly') {
        const again = this.#takeApart(rest, result)
        if (again === undefined) return []
        // What went through is progress: the rest begins to wait anew.
        if (again.records < rest.records) backoff.reset()
        rest = again
      } else {
        this.note(result.code, result.message)
        if (result.tooLarge === true && rest.ends.length > 1) return await this.#sendHalves(rest, openedAt)
        if (!result.retryable) {
          if (result.oneMaySpoil === true && rest.ends.length > 1 && this.#maySearch()) {
            return await this.#sendHalves(rest, openedAt)
          }
          this.#refuse(rest, result)
          return []
        }
      }
      if (this.aborted) return [rest]
      const wait = Math.max(backoff.next(), result.retryAfterMs ?? 0)
      if (backoff.attempt >= retry.maxAttempts || clock.now() + wait - openedAt > retry.maxAgeMs) {
        ledger.expired.add(rest.records, rest.bytes.length)
        return []
      }
      ledger.retries++
      await pause(clock, wait, this.#abort.signal)
      if (this.aborted) return [rest]
    }
  }

  /** Ends what was sent or refused. Returns what is to be sent again. */
  #takeApart(batch: Batch, { retry, refused, code, message }: Partly): Batch | undefined {
    const { ledger, deadLetters } = this.#parts
    const again = pick(batch, retry)
    let refusedBytes = 0
    for (const { record, code, message } of refused) {
      refusedBytes += batch.ends[record]! - beginOf(batch, record)
      deadLetters.add(batch, record, code, message)
      this.note(code, message)
    }
    ledger.rejected.add(refused.length, refusedBytes)
    const delivered = batch.records - refused.length - again.records
    if (delivered > 0) this.#deliver(delivered, batch.bytes.length - refusedBytes - again.bytes.length)
    if (again.records > 0) this.note(code, message)
    else if (refused.length === 0) this.#recovered()
    return again.records === 0 ? undefined : again
  }

  async #sendHalves(batch: Batch, openedAt: number): Promise<Batch[]> {
    this.#parts.ledger.splits++
    const middle = batch.records >> 1
    const first = await this.send(cut(batch, 0, middle), openedAt)
    const second = cut(batch, middle, batch.records)
    return this.aborted ? [...first, second] : [...first, ...(await this.send(second, openedAt))]
  }

  #deliver(records: number, bytes: number): void {
    this.#parts.ledger.delivered.add(records, bytes)
    this.#searches = SEARCHES_MAX
  }

  /** Whether a refused batch may be divided once more. A search that found nothing may be made again after a while. */
  #maySearch(): boolean {
    const now = this.#parts.clock.now()
    if (this.#searches === 0 && now < this.#searchAgainAt) return false
    if (this.#searches === 0) this.#searches = SEARCHES_MAX
    this.#searches--
    if (this.#searches === 0) this.#searchAgainAt = now + SEARCH_REST_MS
    return true
  }

  #refuse(batch: Batch, { code, message }: Failed): void {
    const { ledger, deadLetters } = this.#parts
    ledger.rejected.add(batch.records, batch.bytes.length)
    for (let i = 0; i < batch.ends.length; i++) deadLetters.add(batch, i, code, message)
  }

  /** The first failure of a row is worth a line in the log; the rest is in the books. */
  note(code: string, message: string): void {
    const { id, ledger, clock, log } = this.#parts
    // An open breaker tries nothing: what went wrong before it opened is the reason.
    if (code !== 'breaker_open') this.#cause = message
    const isConsequence = code === 'breaker_open' && this.#cause !== undefined
    const told = isConsequence ? `${message}; what failed before: ${this.#cause}` : message
    ledger.lastError = { code, message: told, at: clock.wall() }
    if (this.#failing) return
    this.#failing = true
    log.warn({ output: id, code }, `output ${id} fails: ${message}`)
  }

  #recovered(): void {
    if (!this.#failing) return
    const { id, ledger, log } = this.#parts
    this.#failing = false
    this.#cause = undefined
    ledger.lastError = null
    log.info({ output: id }, `output ${id} delivers again`)
  }
}
