/**
 * The processors of one pipeline, compiled, and what surrounds each of them: `when`, `on_error`, the grades of
 * failing open, and the tallies that become the books. It runs in an engine thread and in `explain`.
 */

import { compileMatcher, type Matcher } from '#component/matcher.ts'
import type { ProcessorPlan } from '#component/plan.ts'
import { outcomes, type Processor, type ProcessorContext } from '#component/processor.ts'
import { type EngineRegistry, find } from '#component/registry.ts'
import { StreamgateError } from '#contract/error.ts'
import { BLOCK_RECORDS_MAX, type Block } from '#telemetry/block.ts'
import type { KeptDrops } from './kept-drops.ts'
import { Tally } from './outtake.ts'
import type { Trail } from './trail.ts'

/** Where the chain says what happened; the outtake writer is one. `kind` is an index into `outcomes`, or a `Tally`. */
export interface TallySink {
  tally(rule: number, kind: number, records: number, bytes: number): void
}

/** Gives the context for the processor at this place of the list. */
export type ContextFor = (plan: ProcessorPlan) => ProcessorContext

/** One processor with what the plan says about it. */
interface Link {
  readonly processor: Processor
  readonly matcher: Matcher | undefined
  readonly required: boolean
  readonly mutates: boolean
  readonly onError: ProcessorPlan['onError']
  readonly outcome: number
}

const DROPPED = outcomes.indexOf('dropped')
const QUARANTINED = outcomes.indexOf('quarantined')
/** What somebody may want back. A repeat is there already. */
const KEEPABLE = new Set([DROPPED, outcomes.indexOf('sampled')])

const ENDS_BY_ERROR = { pass: undefined, drop: 'dropped', quarantine: 'quarantined' } as const

export class Chain {
  readonly #links: Link[]
  readonly #hidden = new Uint8Array(BLOCK_RECORDS_MAX)
  readonly #before = new Uint8Array(BLOCK_RECORDS_MAX)
  /** Where failures are noted, while somebody looks. */
  #trail: Trail | undefined

  /** Throws `StreamgateError` with a `path` such as `processors/1/params/pattern`. */
  constructor(plans: readonly ProcessorPlan[], registry: Pick<EngineRegistry, 'processors'>, contextFor: ContextFor) {
    this.#links = plans.map((plan, i) => compile(plan, registry, contextFor(plan), `processors/${i}`))
  }

  get length(): number {
    return this.#links.length
  }

  /** Those that make records of their own, with their places in the list. */
  get emitters(): { rule: number; processor: Processor }[] {
    return this.#links.flatMap(({ processor }, rule) => (processor.emit === undefined ? [] : [{ rule, processor }]))
  }

  /** What the last run did is in the books. */
  committed(): void {
    for (let i = 0; i < this.#links.length; i++) this.#links[i]!.processor.committed?.()
  }

  /** Runs every processor from index `from` on that the mode allows over the selected records of `block`. */
  run(block: Block, requiredOnly: boolean, sink: TallySink, from = 0): void {
    for (let i = from; i < this.#links.length && block.selected > 0; i++) {
      if (requiredOnly && !this.#links[i]!.required) continue
      this.step(i, block, sink)
    }
  }

  /** The same, and shows `kept` what each one that drops has dropped. */
  runKeeping(block: Block, requiredOnly: boolean, sink: TallySink, kept: KeptDrops): void {
    kept.begin()
    for (let i = 0; i < this.#links.length && block.selected > 0; i++) {
      const { required, outcome } = this.#links[i]!
      if (requiredOnly && !required) continue
      const selected = block.selected
      const before = block.selection.slice(0, block.count)
      this.step(i, block, sink)
      if (block.selected < selected && KEEPABLE.has(outcome)) kept.take(i, block, before)
    }
  }

  /** The same again, and notes in `trail` what each one did to which record. */
  runTracked(block: Block, requiredOnly: boolean, sink: TallySink, trail: Trail, kept: KeptDrops | undefined): void {
    kept?.begin()
    trail.begin(block)
    this.#trail = trail
    for (let i = 0; i < this.#links.length && block.selected > 0; i++) {
      const { required, outcome } = this.#links[i]!
      if (requiredOnly && !required) continue
      const selected = block.selected
      trail.before(block)
      this.step(i, block, sink)
      trail.after(i, outcome, block)
      if (block.selected < selected && KEEPABLE.has(outcome)) kept?.take(i, block, trail.selection)
    }
    this.#trail = undefined
  }

  /** Runs the required processors from index `from` on that edit: what must not leave is taken out. */
  protect(block: Block, from: number, sink: TallySink): void {
    for (let i = from; i < this.#links.length && block.selected > 0; i++) {
      const { required, mutates } = this.#links[i]!
      if (required && mutates) this.step(i, block, sink)
    }
  }

  /** Runs one processor. Returns how many records it was shown. */
  step(rule: number, block: Block, sink: TallySink): number {
    const link = this.#links[rule]!
    if (link.matcher === undefined) {
      const shown = block.selected
      this.#apply(link, rule, block, sink)
      return shown
    }
    const hidden = this.#hidden
    if (!this.#hideOthers(link.matcher, block, hidden)) {
      fail(link, rule, block, 0, block.count, sink, this.#trail)
      return 0
    }
    const shown = block.selected
    if (shown > 0) this.#apply(link, rule, block, sink)
    for (let i = 0; i < block.count; i++) if (hidden[i] === 1) block.restore(i)
    return shown
  }

  /** Hides the selected records for which the condition does not hold, and notes them. False: it cannot be decided. */
  #hideOthers(matcher: Matcher, block: Block, hidden: Uint8Array): boolean {
    hidden.fill(0, 0, block.count)
    try {
      matcher.match(block, hidden)
    } catch {
      return false
    }
    for (let i = 0; i < block.count; i++) {
      hidden[i] = block.selection[i] === 1 && hidden[i] === 0 ? 1 : 0
      if (hidden[i] === 1) block.drop(i)
    }
    return true
  }

  #apply(link: Link, rule: number, block: Block, sink: TallySink): void {
    const { selected, selectedBytes, addedBytes, editedRecords } = block
    const before = this.#before
    before.set(block.count === BLOCK_RECORDS_MAX ? block.selection : block.selection.subarray(0, block.count))
    try {
      link.processor.process(block)
    } catch {
      undo(block, before, 0, block.count)
      this.#applyInParts(link, rule, block, sink)
      return
    }
    count(link, rule, block, sink, selected, selectedBytes, addedBytes, editedRecords)
  }

  /** Some record makes the processor throw: finds which by halving, and lets it work on the others. */
  #applyInParts(link: Link, rule: number, block: Block, sink: TallySink): void {
    const alive = block.selection.slice(0, block.count)
    for (let i = 0; i < block.count; i++) block.drop(i)
    this.#applyTo(link, rule, block, sink, alive, 0, block.count)
    for (let i = 0; i < block.count; i++) if (alive[i] === 1) block.restore(i)
  }

  /** Applies to those of [from, to) that `alive` marks, while all others are hidden; keeps `alive` true. */
  #applyTo(link: Link, rule: number, block: Block, sink: TallySink, alive: Uint8Array, from: number, to: number): void {
    for (let i = from; i < to; i++) if (alive[i] === 1) block.restore(i)
    const { selected, selectedBytes, addedBytes, editedRecords } = block
    if (selected === 0) return
    try {
      link.processor.process(block)
      count(link, rule, block, sink, selected, selectedBytes, addedBytes, editedRecords)
    } catch {
      undo(block, alive, from, to)
      if (selected > 1) {
        for (let i = from; i < to; i++) block.drop(i)
        const middle = (from + to) >> 1
        this.#applyTo(link, rule, block, sink, alive, from, middle)
        this.#applyTo(link, rule, block, sink, alive, middle, to)
        return
      }
      fail(link, rule, block, from, to, sink, this.#trail)
    }
    for (let i = from; i < to; i++) {
      alive[i] = block.selection[i]!
      block.drop(i)
    }
  }
}

function compile(
  plan: ProcessorPlan,
  registry: Pick<EngineRegistry, 'processors'>,
  context: ProcessorContext,
  path: string,
): Link {
  const definition = find(registry.processors, plan.type)
  if (definition === undefined) {
    throw new StreamgateError('SG_CONFIG_UNKNOWN_TYPE', `there is no processor "${plan.type}"`, {
      path: `${path}/type`,
    })
  }
  return {
    processor: definition.create(plan.options, context),
    matcher: plan.when === undefined ? undefined : compileMatcher(plan.when, `${path}/when`),
    required: plan.required,
    mutates: definition.mutates,
    onError: plan.onError,
    outcome: outcomes.indexOf(definition.outcome),
  }
}

/** Tells the sink what changed since the four numbers were taken. */
function count(
  link: Link,
  rule: number,
  block: Block,
  sink: TallySink,
  selected: number,
  selectedBytes: number,
  addedBytes: number,
  editedRecords: number,
): void {
  const added = block.addedBytes - addedBytes
  const ended = selected - block.selected
  if (ended > 0) sink.tally(rule, link.outcome, ended, selectedBytes + added - block.selectedBytes)
  if (block.editedRecords > editedRecords) sink.tally(rule, Tally.EDITED, block.editedRecords - editedRecords, added)
}

/** The selected records of [from, to) made the processor throw: each follows `on_error`. */
function fail(
  link: Link,
  rule: number,
  block: Block,
  from: number,
  to: number,
  sink: TallySink,
  trail: Trail | undefined,
): void {
  let records = 0
  let bytes = 0
  const outcome = ENDS_BY_ERROR[link.onError]
  for (let i = from; i < to; i++) {
    if (block.selection[i] === 0) continue
    records++
    bytes += block.ends[i]! - block.starts[i]!
    if (outcome !== undefined) block.drop(i)
    trail?.fail(rule, i, outcome)
  }
  sink.tally(rule, Tally.ERROR, records, bytes)
  if (link.onError === 'drop') sink.tally(rule, DROPPED, records, bytes)
  if (link.onError === 'quarantine') sink.tally(rule, QUARANTINED, records, bytes)
}

/** Takes back what a processor did before it threw. Edits take effect only with `commitEdits`, so none has. */
function undo(block: Block, selection: Uint8Array, from: number, to: number): void {
  block.discardEdits()
  for (let i = from; i < to; i++) if (selection[i] === 1) block.restore(i)
}
