/** What a receipt says of one pipeline: its rules, redactions and fields. Fills the totals on the way. */
import type { ObservedRecord } from '#contract/observation.ts'
import type { Redaction, RuleEffect, VanishedField } from '#contract/receipt.ts'
import { amountOf, rounded } from './comparison.ts'
import { Fields } from './fields.ts'
import type { ReceiptPipeline } from './input.ts'
import { isClipped, type Outcome, Outcomes } from './outcome.ts'
import { isCovered, kindsOf, REDACT } from './redactions.ts'
import type { ReplayedRecord, RuleTraits } from './replayed.ts'
import { pairRules, type RulePair } from './rules.ts'
import { Quantity } from './scale.ts'
import type { Stratum } from './stratum.ts'
import type { Totals } from './totals.ts'

interface Job {
  pipeline: ReceiptPipeline
  traits: Readonly<Record<string, RuleTraits>>
  /** Of all pipelines; this one's begin at `first`. */
  strata: readonly Stratum[]
  first: number
  totals: Totals
}

/** A rule on both sides, and what is counted of it. */
interface Row extends RulePair {
  ended: { live: Quantity; candidate: Quantity }
  edited: { live: Quantity; candidate: Quantity }
  unprovable: Quantity
  covered: boolean
  errors: number
}

interface Seen {
  stratum: number
  seen: ObservedRecord
  live: ReplayedRecord
  candidate: ReplayedRecord
  outcome: Outcome
}

export class PipelineAccount {
  notReproduced = 0
  clipped = 0
  /** Rules that the sample names and the live version does not have, such as those in gateways' own files. */
  readonly ownRules = new Set<string>()
  readonly #job: Job
  readonly #rows: Row[]
  readonly #fields = new Fields()
  readonly #known: ReadonlySet<string>
  /** What own rules have edited, by their ids; and of that, what the candidate lets go on. */
  readonly #ownEdits = new Map<string, { live: Quantity; unprovable: Quantity }>()

  constructor(job: Job) {
    this.#job = job
    const { pipeline, strata } = job
    const rules = pipeline.candidate!.rules
    this.#known = new Set(pipeline.live!.rules.map(({ id }) => id))
    this.#rows = pairRules(pipeline.live!.rules, rules).map((pair) => ({
      ...pair,
      ended: { live: new Quantity(strata), candidate: new Quantity(strata) },
      edited: { live: new Quantity(strata), candidate: new Quantity(strata) },
      unprovable: new Quantity(strata),
      covered: pair.live?.type !== REDACT || isCovered(pair.live, rules),
      errors: 0,
    }))
    this.#read()
  }

  get id(): string {
    return this.#job.pipeline.id
  }

  rules(): RuleEffect[] {
    return this.#rows.map(({ live, candidate, change, ended, edited, errors }) => ({
      pipeline: this.#job.pipeline.id,
      id: (candidate ?? live)!.id,
      type: (candidate ?? live)!.type,
      change,
      ended: {
        live: live === undefined ? null : amountOf(ended.live),
        candidate: candidate === undefined ? null : amountOf(ended.candidate),
      },
      edited: {
        live: live === undefined ? null : rounded(edited.live.records()),
        candidate: candidate === undefined ? null : rounded(edited.candidate.records()),
      },
      errors,
    }))
  }

  redactions(): Redaction[] {
    return [...this.#knownRedactions(), ...this.#ownRedactions()]
  }

  #knownRedactions(): Redaction[] {
    return this.#rows
      .filter(({ live, candidate }) => live?.type === REDACT || candidate?.type === REDACT)
      .map(({ live, candidate, change, edited, unprovable, covered }) => ({
        pipeline: this.#job.pipeline.id,
        rule: (candidate ?? live)!.id,
        kinds: [...new Set([live, candidate].flatMap((rule) => (rule?.type === REDACT ? kindsOf(rule) : [])))],
        change,
        live: live === undefined ? null : rounded(edited.live.records()),
        candidate: change === 'unchanged' || change === 'new' ? rounded(edited.candidate.records()) : null,
        unprovable: rounded(unprovable.records()),
        sampled: unprovable.hits,
        covered,
      }))
  }

  /** The candidate takes the place of gateways' own rules; a rule of the same id that redacts has been taken over. */
  #ownRedactions(): Redaction[] {
    const { id: pipeline, candidate } = this.#job.pipeline
    const isTakenOver = (rule: string) => candidate!.rules.some(({ id, type }) => id === rule && type === REDACT)
    const gone = [...this.#ownEdits].filter(([rule]) => !isTakenOver(rule))
    return gone.map(([rule, { live, unprovable }]) => ({
      pipeline,
      rule,
      kinds: [],
      change: 'removed' as const,
      live: rounded(live.records()),
      candidate: null,
      unprovable: rounded(unprovable.records()),
      sampled: unprovable.hits,
      covered: false,
    }))
  }

  vanished(): VanishedField[] {
    const { pipeline, strata } = this.#job
    return this.#fields.vanished().map(({ path, holders }) => {
      const quantity = new Quantity(strata)
      for (const { stratum, bytesIn } of holders) quantity.add(stratum, 1, 0, bytesIn)
      return { pipeline: pipeline.id, path, records: rounded(quantity.records()), sampled: holders.length }
    })
  }

  #read(): void {
    const { pipeline, traits, strata, first, totals } = this.#job
    const replayed = pipeline.replayed!
    const outcomes = new Outcomes(this.#rows, traits)
    const outputs = { live: new Set(pipeline.live!.outputs), candidate: new Set(pipeline.candidate!.outputs) }
    let stratum = first
    let at = 0
    for (const window of pipeline.samples.flatMap(({ windows }) => windows)) {
      for (const seen of window.records) {
        const live = replayed.live.records[at]
        const candidate = replayed.candidate.records[at++]
        if (live === undefined || candidate === undefined)
          throw new RangeError('a replay has fewer records than its sample')
        const outcome = outcomes.of(seen, live, candidate)
        const bytesIn = seen.bytes_in
        strata[stratum]!.add(bytesIn)
        const goes = outcome.fate === 'forwarded'
        const went = seen.fate === 'forwarded'
        totals.add({
          ...{ stratum, bytesIn, pipeline: pipeline.id, endedBy: outcome.rule, facts: totals.factsOf(seen.before) },
          live: { records: went ? 1 : 0, bytes: went ? seen.bytes_out : 0, outputs: outputs.live },
          candidate: { records: goes ? 1 : 0, bytes: goes ? outcome.bytesOut : 0, outputs: outputs.candidate },
        })
        if (!outcome.reproduced) this.notReproduced++
        if (isClipped(seen)) this.clipped++
        const record = { stratum, seen, live, candidate, outcome }
        this.#countOwn(record)
        this.#countFields(record)
        for (const row of this.#rows) count(row, record, outcomes)
      }
      stratum++
    }
  }

  #countOwn({ stratum, seen, outcome }: Seen): void {
    const { rule, edited_by: edited, bytes_in: bytesIn } = seen
    for (const id of edited) {
      if (this.#known.has(id)) continue
      this.ownRules.add(id)
      let counted = this.#ownEdits.get(id)
      if (counted === undefined) {
        const { strata } = this.#job
        counted = { live: new Quantity(strata), unprovable: new Quantity(strata) }
        this.#ownEdits.set(id, counted)
      }
      counted.live.add(stratum, 1, bytesIn, bytesIn)
      if (outcome.fate === 'forwarded') counted.unprovable.add(stratum, 1, bytesIn, bytesIn)
    }
    if (rule !== null && !this.#known.has(rule)) this.ownRules.add(rule)
  }

  /** Both sides as replays have them: what only the node writes, such as the number of repeats, is in neither. */
  #countFields({ stratum, seen, live, candidate, outcome }: Seen): void {
    if (seen.fate === 'forwarded') this.#fields.live(live.after, { stratum, bytesIn: seen.bytes_in })
    if (outcome.fate === 'forwarded') this.#fields.candidate(candidate.after ?? live.after)
  }
}

function count(row: Row, { stratum, seen, candidate: replayed, outcome }: Seen, outcomes: Outcomes): void {
  const { live, candidate, change, ended, edited } = row
  const bytesIn = seen.bytes_in
  const editedLive = live !== undefined && seen.edited_by.includes(live.id)
  if (editedLive) edited.live.add(stratum, 1, bytesIn, bytesIn)
  if (live !== undefined && seen.rule === live.id) ended.live.add(stratum, 1, bytesIn, bytesIn)
  if (editedLive && !row.covered && outcome.fate === 'forwarded') row.unprovable.add(stratum, 1, bytesIn, bytesIn)
  if (candidate === undefined) return
  if (outcome.rule === candidate.id) ended.candidate.add(stratum, 1, bytesIn, bytesIn)
  if (replayed.errors.includes(candidate.id)) row.errors++
  const edits = (change === 'unchanged' && editedLive) || replayed.edited_by.includes(candidate.id)
  if (edits && outcomes.reaches(outcome, candidate.id)) edited.candidate.add(stratum, 1, bytesIn, bytesIn)
}
