/**
 * What a chain did to each record of one block, noted while it ran, and the records as they came in. It notes for the whole
 * block, so what is worth showing can be decided afterwards, unless it is told which records are wanted; nobody fills one unless
 * something of the block is to be shown.
 */
import { type Outcome, outcomes } from '#component/processor.ts'
import type { Bytes } from '#std/bytes.ts'
import { BLOCK_RECORDS_MAX, type Block, type BlockContext } from '#telemetry/block.ts'

/** Stands for "no rule": the record went on. */
export const NO_END = -1

/** Pairs of a rule and a record, in the order of the rules. Blocks have thousands of records, so each finds its own at once. */
export class RuleNotes {
  readonly rules: number[] = []
  readonly records: number[] = []
  /** By note: the one before it of the same record, or -1; and by record its last. */
  readonly #before: number[] = []
  readonly #last = new Int32Array(BLOCK_RECORDS_MAX)

  begin(count: number): void {
    this.rules.length = 0
    this.records.length = 0
    this.#before.length = 0
    this.#last.fill(-1, 0, count)
  }

  add(rule: number, record: number): void {
    const last = this.#last[record]!
    if (last !== -1 && this.rules[last] === rule) return
    this.#last[record] = this.rules.length
    this.rules.push(rule)
    this.records.push(record)
    this.#before.push(last)
  }

  /** The rules that have to do with a record, each once. */
  of(record: number): number[] {
    const rules: number[] = []
    for (let note = this.#last[record]!; note !== -1; note = this.#before[note]!) rules.push(this.rules[note]!)
    return rules.reverse()
  }
}

export class Trail {
  /** As it came in. Edits write elsewhere, so the bytes are there until the block is published. */
  bytes: Bytes | undefined
  context: BlockContext | undefined
  shared: Bytes[] = []
  count = 0
  readonly starts = new Int32Array(BLOCK_RECORDS_MAX)
  readonly ends = new Int32Array(BLOCK_RECORDS_MAX)
  readonly partOf = new Int32Array(BLOCK_RECORDS_MAX)
  /** By record: the rule that ended it, or `NO_END`, and the index of the outcome. */
  readonly endedBy = new Int32Array(BLOCK_RECORDS_MAX)
  readonly outcome = new Uint8Array(BLOCK_RECORDS_MAX)
  /** Which rules edited, and failed on, which records. */
  readonly edits = new RuleNotes()
  readonly errors = new RuleNotes()

  /** Before the step at hand. */
  readonly selection = new Uint8Array(BLOCK_RECORDS_MAX)
  readonly #partOf = new Int32Array(BLOCK_RECORDS_MAX)
  #shared: Bytes[] = []
  #changed = 0
  #wanted: readonly { index: number }[] | undefined

  /** How records of the next block end is to be noted for these only; undefined: for all. */
  want(records: readonly { index: number }[] | undefined): void {
    this.#wanted = records
  }

  begin(block: Block): void {
    const { count } = block
    this.bytes = block.bytes
    this.context = block.context
    this.shared = block.shared
    this.count = count
    this.starts.set(block.starts.subarray(0, count))
    this.ends.set(block.ends.subarray(0, count))
    if (block.shared.length > 0) this.partOf.set(block.partOf.subarray(0, count))
    this.endedBy.fill(NO_END, 0, count)
    this.edits.begin(count)
    this.errors.begin(count)
  }

  /** A rule is about to run. */
  before(block: Block): void {
    const { count } = block
    this.selection.set(block.selection.subarray(0, count))
    this.#changed = block.changed.length
    this.#shared = block.shared
    if (block.shared.length > 0) this.#partOf.set(block.partOf.subarray(0, count))
  }

  /** The rule fails on a record. `outcome`: how it ends for that; undefined: it goes on. */
  fail(rule: number, record: number, outcome: Outcome | undefined): void {
    this.errors.add(rule, record)
    if (outcome !== undefined) this.#end(rule, record, outcomes.indexOf(outcome))
  }

  /** The rule has run; what it has ended has this outcome. */
  after(rule: number, outcome: number, block: Block): void {
    if (this.#wanted === undefined) for (let i = 0; i < this.count; i++) this.#noteEnd(rule, outcome, i, block)
    else for (const { index } of this.#wanted) this.#noteEnd(rule, outcome, index, block)
    for (let c = this.#changed; c < block.changed.length; c++) this.edits.add(rule, block.changed[c]!)
    if (block.shared !== this.#shared) this.#noteShared(rule, block)
  }

  #noteEnd(rule: number, outcome: number, i: number, block: Block): void {
    if (this.selection[i] === 1 && block.selection[i] === 0 && this.endedBy[i] === NO_END) this.#end(rule, i, outcome)
  }

  #end(rule: number, record: number, outcome: number): void {
    this.endedBy[record] = rule
    this.outcome[record] = outcome
  }

  /** An edit of what records share is one of each of them. */
  #noteShared(rule: number, block: Block): void {
    const before = this.#shared
    const { shared, partOf, selection } = block
    for (let i = 0; i < this.count; i++) {
      if (selection[i] === 0) continue
      const was = 2 * this.#partOf[i]!
      const is = 2 * partOf[i]!
      if (before[was] !== shared[is] || before[was + 1] !== shared[is + 1]) this.edits.add(rule, i)
    }
  }
}
