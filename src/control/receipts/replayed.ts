/**
 * What a receipt needs to know of rules and of a replay. The rules run elsewhere, in a worker with the node's own
 * engine; a receipt only reads what came of it.
 */
import type { Fate, RecordText } from '#contract/observation.ts'

/** A processor as it stands in a configuration. */
export interface Rule {
  id: string
  type: string
  params: Record<string, unknown>
  when?: unknown
  required?: boolean | undefined
  on_error?: 'pass' | 'drop' | 'quarantine' | undefined
}

/** What is known of every rule of a type, from its definition. */
export interface RuleTraits {
  /** It remembers records, so that what it does to one cannot be told from a sample. */
  stateful: boolean
  mutates: boolean
  /** What becomes of records that it ends. */
  outcome: Fate
}

/** One record after a replay, in the order of the sample. */
export interface ReplayedRecord {
  fate: Fate
  /** Id of the rule that ended it; null when it went on. */
  rule: string | null
  edited_by: readonly string[]
  /** Null when it ended. */
  after: RecordText | null
  bytes_in: number
  /** 0 when it ended. */
  bytes_out: number
  /** Ids of the rules that failed on it. */
  errors: readonly string[]
}

/** One chain's run over the records of all windows of a pipeline, one window after the other. */
export interface Replayed {
  records: readonly ReplayedRecord[]
  /** CPU time of the whole chain over the sample, divided by its records; null where it was not measured. */
  cpu_ns_per_record: number | null
}
