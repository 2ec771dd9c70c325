/**
 * The books: where every record went, in records and in bytes. All on the wire thread; plain numbers.
 * Nothing else in the product counts records.
 */
import type { Amount, OutputBooks, PipelineBooks, SourceBooks } from '#contract/stats.ts'

export class Tally {
  records = 0
  bytes = 0
  add(records: number, bytes: number): void {
    this.records += records
    this.bytes += bytes
  }
  amount(): Amount {
    return { records: this.records, bytes: this.bytes }
  }
}

/** Rules of a pipeline whose numbers are kept, those that are gone included; the oldest are forgotten first. */
const RULES_REMEMBERED = 4096

/** What one rule did. */
export interface RuleLedger {
  readonly id: string
  readonly type: string
  readonly ended: Tally
  readonly quarantined: Tally
  readonly edited: Tally
  errors: number
}

/** Outcomes of a pipeline, as fields of its ledger. `in_flight` is not kept: it is what the sum leaves open. */
export const pipelineOutcomes = [
  'dropped',
  'sampled',
  'deduplicated',
  'aggregated',
  'quarantined',
  'rejected',
  'overwritten',
  'forwarded',
] as const
export type PipelineOutcome = (typeof pipelineOutcomes)[number]

export class PipelineLedger {
  readonly in = new Tally()
  /** Made by rules of what they merged: they come in beside `in`. */
  readonly emitted = new Tally()
  readonly edited = new Tally()
  readonly bypassed = new Tally()
  readonly duplicated = new Tally()
  readonly outcomes: Record<PipelineOutcome, Tally> = {
    dropped: new Tally(),
    sampled: new Tally(),
    deduplicated: new Tally(),
    aggregated: new Tally(),
    quarantined: new Tally(),
    rejected: new Tally(),
    overwritten: new Tally(),
    forwarded: new Tally(),
  }
  /** By rule id, `RULES_REMEMBERED` of them: a rule that was removed keeps its numbers for as long as there is room. */
  readonly rules = new Map<string, RuleLedger>()

  rule(id: string, type: string): RuleLedger {
    const known = this.rules.get(id)
    if (known !== undefined && known.type === type) return known
    if (this.rules.size >= RULES_REMEMBERED) this.rules.delete(this.rules.keys().next().value ?? id)
    const fresh = { id, type, ended: new Tally(), quarantined: new Tally(), edited: new Tally(), errors: 0 }
    this.rules.set(id, fresh)
    return fresh
  }

  /** `inFlight`: what has come in and is with the engines now; it is counted as in, and as nothing else yet. */
  snapshot(id: string, state: PipelineBooks['state'], since: number, inFlight: Amount): PipelineBooks {
    const { outcomes } = this
    return {
      id,
      state,
      since,
      in: { records: this.in.records + inFlight.records, bytes: this.in.bytes + inFlight.bytes },
      dropped: outcomes.dropped.amount(),
      sampled: outcomes.sampled.amount(),
      deduplicated: outcomes.deduplicated.amount(),
      aggregated: outcomes.aggregated.amount(),
      quarantined: outcomes.quarantined.amount(),
      rejected: outcomes.rejected.amount(),
      overwritten: outcomes.overwritten.amount(),
      forwarded: outcomes.forwarded.amount(),
      in_flight: inFlight,
      emitted: this.emitted.amount(),
      edited: this.edited.amount(),
      bypassed: this.bypassed.amount(),
      duplicated: this.duplicated.amount(),
      rules: [...this.rules.values()].map((rule) => ({
        id: rule.id,
        type: rule.type,
        ended: rule.ended.amount(),
        quarantined: rule.quarantined.amount(),
        edited: rule.edited.amount(),
        errors: rule.errors,
      })),
    }
  }
}

export class OutputLedger {
  readonly forwarded = new Tally()
  readonly replayed = new Tally()
  readonly delivered = new Tally()
  readonly rejected = new Tally()
  readonly expired = new Tally()
  readonly overwritten = new Tally()
  readonly lost = new Tally()
  readonly kept = new Tally()
  retries = 0
  splits = 0
  lastError: OutputBooks['last_error'] = null

  /** What was taken over and has not ended in any way. */
  inFlight(): Amount {
    const left = (of: 'records' | 'bytes') =>
      this.forwarded[of] +
      this.replayed[of] -
      this.delivered[of] -
      this.rejected[of] -
      this.expired[of] -
      this.overwritten[of] -
      this.lost[of] -
      this.kept[of]
    return { records: left('records'), bytes: left('bytes') }
  }

  snapshot(id: string, type: string, queue: OutputBooks['queue'], spool: OutputBooks['spool']): OutputBooks {
    return {
      id,
      type,
      forwarded: this.forwarded.amount(),
      replayed: this.replayed.amount(),
      delivered: this.delivered.amount(),
      rejected: this.rejected.amount(),
      expired: this.expired.amount(),
      overwritten: this.overwritten.amount(),
      lost: this.lost.amount(),
      kept: this.kept.amount(),
      in_flight: this.inFlight(),
      retries: this.retries,
      splits: this.splits,
      last_error: this.lastError,
      queue,
      spool,
      dead_letters: null,
    }
  }
}

export class SourceLedger {
  entries = 0
  bytes = 0
  connections = 0
  truncated = 0
  /** Of sources that add up; see `SourceBooks`. */
  lines: number | undefined
  series = 0
  readonly rejected = new Map<string, Tally>()

  reject(reason: string, records: number, bytes: number): void {
    let tally = this.rejected.get(reason)
    if (tally === undefined) {
      tally = new Tally()
      this.rejected.set(reason, tally)
    }
    tally.add(records, bytes)
  }

  snapshot(id: string, type: string, address: string, lostBefore: number): SourceBooks {
    return {
      id,
      type,
      address,
      entries: this.entries,
      bytes: this.bytes,
      connections: this.connections,
      truncated: this.truncated,
      rejected: Object.fromEntries([...this.rejected].map(([reason, tally]) => [reason, tally.amount()])),
      lost_before: lostBefore,
      ...(this.lines === undefined ? {} : { summed: { lines: this.lines, series: this.series } }),
    }
  }
}
