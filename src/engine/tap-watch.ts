/** A tap, on the engine's side: which records fit, and how many of them are shown. The rest is counted as skipped. */
import { compileMatcher, type Matcher } from '#component/matcher.ts'
import { outcomes } from '#component/processor.ts'
import type { ObservedRecord } from '#contract/observation.ts'
import { BLOCK_RECORDS_MAX, type Block } from '#telemetry/block.ts'
import type { TapReport, Watch } from './messages.ts'
import { lengthOf } from './portrait.ts'
import { NO_END, type Trail } from './trail.ts'

/** Characters of records that one tap of one engine shows in a second. */
export const TAP_LENGTH_PER_SECOND_MAX = 1024 * 1024

/** How much of an engine's time one tap may take to find out which records fit. Blocks beyond that it does not look at. */
const BUSY_MS_PER_SECOND_MAX = 100

export class TapWatch {
  readonly watch: Watch
  readonly #matcher: Matcher | undefined
  /** Whether a record fits is known only when the rules have run. */
  readonly #asksAfter: boolean
  readonly #mask = new Uint8Array(BLOCK_RECORDS_MAX)
  readonly #edited = new Uint8Array(BLOCK_RECORDS_MAX)
  /** How many records, and how many characters, may be shown now. */
  #records: number
  #length = TAP_LENGTH_PER_SECOND_MAX
  #busyMs = BUSY_MS_PER_SECOND_MAX
  #filledAt = performance.now()
  /** Of the block at hand: whether `mask` names some of its records, and which are to be shown. */
  #fits = false
  #picks: number[] = []
  #blockShown: ObservedRecord[] = []
  #blockSkipped = 0
  /** What the wire has not been told. */
  #shown: ObservedRecord[] = []
  #skipped = 0

  constructor(watch: Watch) {
    this.watch = watch
    this.#matcher = watch.when === undefined ? undefined : compileMatcher(watch.when, 'when')
    this.#asksAfter = watch.rule !== undefined || watch.fate !== undefined
    this.#records = watch.perSecondMax
  }

  concerns({ id, rules }: { id: string; rules: readonly string[] }): boolean {
    const { pipeline, rule } = this.watch
    return (pipeline === undefined || pipeline === id) && (rule === undefined || rules.includes(rule))
  }

  begin(): void {
    this.#blockShown.length = 0
    this.#blockSkipped = 0
  }

  /** The records of `block` came in. True: some of them are to be shown, or may be. */
  arrived(block: Block, mayShow: boolean): boolean {
    const mask = this.#mask
    this.#picks.length = 0
    this.#refill()
    this.#fits = this.#match(block, mask)
    if (!this.#fits) return false
    if (this.#asksAfter) return true
    for (let i = 0; i < block.count; i++) {
      if (mask[i] === 0) continue
      if (mayShow && this.#mayTake()) this.#picks.push(i)
      else this.#blockSkipped++
    }
    return this.#picks.length > 0
  }

  /** The chain has run over what `arrived` wanted. `rule`: the place of the rule that is asked for. */
  ran(trail: Trail, rule: number, show: (i: number) => ObservedRecord | null): void {
    if (this.#asksAfter && this.#fits) this.#pickBy(trail, rule)
    for (const i of this.#picks) {
      const record = this.#length > 0 ? show(i) : null
      if (record === null) {
        this.#blockSkipped++
        continue
      }
      this.#length -= lengthOf(record.before) + (record.after === null ? 0 : lengthOf(record.after))
      this.#blockShown.push(record)
    }
    this.#picks.length = 0
  }

  published(): void {
    for (const record of this.#blockShown) this.#shown.push(record)
    this.#skipped += this.#blockSkipped
    this.begin()
  }

  get hasNews(): boolean {
    return this.#shown.length > 0 || this.#skipped > 0
  }

  report(into: TapReport[]): void {
    if (!this.hasNews) return
    into.push({ tap: this.watch.id, records: this.#shown, skipped: this.#skipped })
    this.#shown = []
    this.#skipped = 0
  }

  #match(block: Block, mask: Uint8Array): boolean {
    if (this.#matcher === undefined) {
      mask.fill(1, 0, block.count)
      return block.count > 0
    }
    if (this.#busyMs <= 0) return false
    mask.fill(0, 0, block.count)
    const startedAt = performance.now()
    try {
      this.#matcher.match(block, mask)
    } catch {
      return false
    } finally {
      this.#busyMs -= performance.now() - startedAt
    }
    return mask.subarray(0, block.count).includes(1)
  }

  #pickBy(trail: Trail, rule: number): void {
    const { fate } = this.watch
    const edited = this.#edited
    edited.fill(0, 0, trail.count)
    const { rules, records } = trail.edits
    for (let note = 0; note < rules.length; note++) if (rules[note] === rule) edited[records[note]!] = 1
    for (let i = 0; i < trail.count; i++) {
      if (this.#mask[i] === 0) continue
      const endedBy = trail.endedBy[i]!
      if (this.watch.rule !== undefined && endedBy !== rule && edited[i] === 0) continue
      if (fate !== undefined && fate !== (endedBy === NO_END ? 'forwarded' : outcomes[trail.outcome[i]!])) continue
      if (this.#mayTake()) this.#picks.push(i)
      else this.#blockSkipped++
    }
  }

  #refill(): void {
    const now = performance.now()
    const seconds = (now - this.#filledAt) / 1000
    this.#filledAt = now
    const { perSecondMax } = this.watch
    this.#records = Math.min(perSecondMax, this.#records + seconds * perSecondMax)
    this.#busyMs = Math.min(BUSY_MS_PER_SECOND_MAX, this.#busyMs + seconds * BUSY_MS_PER_SECOND_MAX)
    this.#length = Math.min(TAP_LENGTH_PER_SECOND_MAX, this.#length + seconds * TAP_LENGTH_PER_SECOND_MAX)
  }

  #mayTake(): boolean {
    if (this.#records < 1 || this.#length <= 0) return false
    this.#records--
    return true
  }
}
