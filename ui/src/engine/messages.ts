/** What the page and the engine's worker say to each other: plain data. */
import type { RecordText } from '#contract/observation.ts'
import type { ExplainedStep } from '#engine/explain.ts'
import type { ReplayedRecord, ReplayedRule, ReplayInput } from '#engine/replay.ts'
import type { Spans } from './spans.ts'

export type { ReplayedRule }

/** A rule as it stands in a draft; whether it is right, the engine says. */
export interface RuleEntry {
  id: string
  type: string
  params?: Record<string, unknown> | undefined
  when?: unknown
  required?: boolean | undefined
  on_error?: 'pass' | 'drop' | 'quarantine' | undefined
}

export interface RunRequest {
  processors: readonly RuleEntry[]
  records: readonly ReplayInput[]
  /** Of what rules leave to chance. The same seed, the same result. */
  seed?: number | undefined
}

export interface ExplainRequest {
  processors: readonly RuleEntry[]
  record: RecordText
}

/** A record, and what to point out in it: what the rule that ended it looks for, or where edits changed it. */
export type TriedRecord = ReplayedRecord & { spans: Spans }

/** What a rule did to one record, likewise. */
export type TriedStep = ExplainedStep & { spans: Spans }

export interface RunResult {
  records: TriedRecord[]
  rules: ReplayedRule[]
}

export interface RuleProblem {
  /** Place in the list of rules; null when it is about none of them. */
  processor: number | null
  /** JSON Pointer into the rule, such as `/params/pattern`. */
  pointer: string
  detail: string
}

/**
 * `invalid`: a rule is not right. `too_large`: more records or bytes than a page should try. `too_slow`: stopped at the time
 * limit. `superseded`: a newer request of the same kind came before its turn. `failed`: the worker itself is in trouble.
 */
export type FailureReason = 'invalid' | 'too_large' | 'too_slow' | 'superseded' | 'failed'

export interface Failure {
  ok: false
  reason: FailureReason
  problems: RuleProblem[]
}

export type Answer<Result> = { ok: true; result: Result } | Failure

export type Job = { kind: 'run'; request: RunRequest } | { kind: 'explain'; request: ExplainRequest }

/** `ready` comes once, when the engine is loaded; then one answer for each job. */
export type WorkerMessage = { kind: 'ready' } | { kind: 'answer'; answer: Answer<RunResult | TriedStep[]> }

export function failure(reason: FailureReason, detail: string): Failure {
  return { ok: false, reason, problems: [{ processor: null, pointer: '', detail }] }
}
