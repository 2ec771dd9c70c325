/**
 * The attempt ledger: what became of each configuration on each gateway. It tells apart what the protocol's one status cannot:
 * a configuration that failed and was rolled back from one that never arrived (open-telemetry/opamp-spec#397), and one that
 * was refused from one that should be sent again. What failed is not offered again until a person says so.
 */
import { SettingsStatus } from '#codecs/opamp/constants.ts'
import { ATTEMPTS_MAX, type Attempt, type Gateway, type NamedConfig } from './gateway.ts'

/** For what was offered and not acknowledged, and for what is being applied. */
export const ATTEMPT_MS_MAX = 10 * 60_000
/** An agent that starts anew so often while it has the same configuration to apply is not given it any more. */
export const INTERRUPTIONS_MAX = 5
const ERROR_CHARACTERS_MAX = 4096

/** Attempts of one gateway while one message is worked on: a copy of what is changed, the rest as it was. */
export class Ledger {
  readonly #attempts: Map<string, Attempt>
  readonly #changed = new Set<string>()
  readonly #removed: string[] = []

  constructor(attempts: ReadonlyMap<string, Attempt>) {
    this.#attempts = new Map(attempts)
  }

  get attempts(): ReadonlyMap<string, Attempt> {
    return this.#attempts
  }
  /** Since the ledger was opened. */
  get changed(): Attempt[] {
    return [...this.#changed].map((hash) => this.#attempts.get(hash)!)
  }
  get removed(): readonly string[] {
    return this.#removed
  }

  /** True: this configuration is not to be offered. */
  blocks(hash: string): boolean {
    const attempt = this.#attempts.get(hash)
    return attempt !== undefined && isBlocked(attempt)
  }

  isApplying(hash: string): boolean {
    const attempt = this.#attempts.get(hash)
    return attempt !== undefined && attempt.applyingAt !== null && attempt.result === null
  }

  /** A person wants another attempt, and it has not been offered since. */
  isRetry(hash: string): boolean {
    const attempt = this.#attempts.get(hash)
    return attempt !== undefined && attempt.retries > 0 && attempt.offeredAt === null
  }

  get anyApplying(): boolean {
    for (const { hash } of this.#attempts.values()) if (this.isApplying(hash)) return true
    return false
  }

  offered({ hash, configuration, version }: NamedConfig, at: number): void {
    const attempt = this.#edit(hash) ?? this.#add(hash, at)
    if (attempt.offeredAt === null || attempt.result !== null) attempt.deadline = at + ATTEMPT_MS_MAX
    Object.assign(attempt, { configuration, version, offeredAt: at, applyingAt: null, offers: attempt.offers + 1 })
    // What was given up for want of an answer is open again. What was applied once and is gone now, too.
    Object.assign(attempt, { result: null, finishedAt: null, error: '', rolledBackTo: null })
    this.#forgetOldest()
  }

  /**
   * What the agent says of the configuration that it has. `desired` tells whether the hash is of ours where no attempt stands,
   * such as after the store was restored from a backup. `restarted`: it was started anew, and reports what it found on disk.
   */
  reported(status: NonNullable<Gateway['reported']>, desired: NamedConfig | undefined, restarted: boolean): void {
    const { hash, at } = status
    if (!this.#attempts.has(hash) && desired?.hash === hash && status.status !== SettingsStatus.unset) {
      const { configuration, version } = desired
      Object.assign(this.#add(hash, at), { configuration, version, offeredAt: at })
    }
    const own = this.#attempts.get(hash)
    // Between a person's wish and the offer, what comes is the old result.
    if (own !== undefined && own.offeredAt !== null) this.#settle(own, status)
    for (const other of [...this.#attempts.values()]) {
      if (other.hash === hash) continue
      if (isOpen(other) && restarted) this.#interrupt(other.hash, at)
      else if (status.status === SettingsStatus.applied && wasTried(other)) this.#rollBack(other.hash, hash, at)
    }
  }

  /** The agent was started anew and has no configuration at all. */
  restarted(at: number): void {
    for (const attempt of [...this.#attempts.values()]) if (isOpen(attempt)) this.#interrupt(attempt.hash, at)
  }

  expire(at: number): void {
    for (const { hash, result, deadline, offeredAt } of [...this.#attempts.values()]) {
      if (result !== null || offeredAt === null || at <= deadline) continue
      Object.assign(this.#edit(hash)!, { result: 'timed_out', finishedAt: at })
    }
  }

  retry(hash: string): void {
    const attempt = this.#edit(hash)
    if (attempt === undefined) return
    Object.assign(attempt, { offeredAt: null, applyingAt: null, result: null, error: '', rolledBackTo: null })
    Object.assign(attempt, { finishedAt: null, interruptions: 0, retries: attempt.retries + 1 })
  }

  #settle(own: Attempt, { status, error, at }: NonNullable<Gateway['reported']>): void {
    const text = error.slice(0, ERROR_CHARACTERS_MAX)
    if (status === SettingsStatus.applying) {
      // It says so again and again, and may still say so when it was given up.
      if (own.result === null && own.applyingAt !== null) return
      if (own.result !== null && own.result !== 'applied') return
      Object.assign(this.#edit(own.hash)!, { applyingAt: at, deadline: at + ATTEMPT_MS_MAX, result: null })
      return
    }
    if (status === SettingsStatus.applied && own.result !== 'applied')
      Object.assign(this.#edit(own.hash)!, { result: 'applied', error: '', rolledBackTo: null, finishedAt: at })
    if (status === SettingsStatus.failed && own.result !== 'failed' && own.result !== 'rolled_back')
      Object.assign(this.#edit(own.hash)!, { result: 'failed', error: text, finishedAt: at })
  }

  #rollBack(hash: string, to: string, at: number): void {
    const attempt = this.#edit(hash)!
    Object.assign(attempt, { result: 'rolled_back', rolledBackTo: to, finishedAt: attempt.finishedAt ?? at })
  }

  #interrupt(hash: string, at: number): void {
    const attempt = this.#edit(hash)!
    Object.assign(attempt, { interruptions: attempt.interruptions + 1, applyingAt: null })
    if (attempt.interruptions < INTERRUPTIONS_MAX) return
    const error = `the agent started anew ${INTERRUPTIONS_MAX} times before it had applied this`
    Object.assign(attempt, { result: 'failed', error, finishedAt: at })
  }

  #add(hash: string, at: number): Attempt {
    const attempt: Attempt = {
      hash,
      configuration: '',
      version: 0,
      offeredAt: null,
      applyingAt: null,
      deadline: at + ATTEMPT_MS_MAX,
      result: null,
      error: '',
      rolledBackTo: null,
      finishedAt: null,
      offers: 0,
      interruptions: 0,
      retries: 0,
    }
    this.#attempts.set(hash, attempt)
    this.#changed.add(hash)
    return attempt
  }

  #edit(hash: string): Attempt | undefined {
    const attempt = this.#attempts.get(hash)
    if (attempt === undefined || this.#changed.has(hash)) return attempt
    const copy = { ...attempt }
    this.#attempts.set(hash, copy)
    this.#changed.add(hash)
    return copy
  }

  #forgetOldest(): void {
    while (this.#attempts.size > ATTEMPTS_MAX) {
      const [oldest] = [...this.#attempts.values()].sort(
        (a, b) => (a.offeredAt ?? a.deadline) - (b.offeredAt ?? b.deadline),
      )
      this.#attempts.delete(oldest!.hash)
      this.#changed.delete(oldest!.hash)
      this.#removed.push(oldest!.hash)
    }
  }
}

export function isBlocked({ result, applyingAt, retries }: Attempt): boolean {
  if (result === 'failed' || result === 'rolled_back') return true
  // An offer that nobody answered may have been lost; one that was begun, or that a person repeated, was not.
  return result === 'timed_out' && (applyingAt !== null || retries > 0)
}

/** It was offered, and there is no result. */
function isOpen({ offeredAt, result }: Attempt): boolean {
  return offeredAt !== null && result === null
}

/** The agent has begun or refused it: when it now runs another, it went back to that. */
function wasTried({ applyingAt, result }: Attempt): boolean {
  return (applyingAt !== null && (result === null || result === 'timed_out')) || result === 'failed'
}
