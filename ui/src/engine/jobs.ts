/** What the worker does: entries become plans as they do on a node, and a node's own `replay` and `explain` run them. */

import type { ProcessorPlan } from '#component/plan.ts'
import { pointer } from '#config/problems.ts'
import { processorPlan, processorProblems } from '#config/rules.ts'
import { processorSignalProblem } from '#config/signals.ts'
import { StreamgateError } from '#contract/error.ts'
import type { ManifestProcessor } from '#contract/manifest.ts'
import type { RecordText } from '#contract/observation.ts'
import { explainRecord } from '#engine/explain.ts'
import { replay } from '#engine/replay.ts'
import { type Bytes, fromBase64, fromText } from '#std/bytes.ts'
import { processorRegistry as registry } from '../../../src/processor-registry.ts'
import { markedRecords, markedSteps } from './marks.ts'
import {
  type Answer,
  type ExplainRequest,
  type Failure,
  failure,
  type Job,
  type RuleEntry,
  type RuleProblem,
  type RunRequest,
  type RunResult,
  type TriedStep,
} from './messages.ts'

export function answerTo(job: Job): Answer<RunResult | TriedStep[]> {
  return job.kind === 'run' ? run(job.request) : explain(job.request)
}

export function run({ processors, records, seed }: RunRequest): Answer<RunResult> {
  return withPlans(processors, (plans) => {
    const result = replay(plans, registry, records, seed === undefined ? {} : { seed })
    return { records: markedRecords(plans, records, result.records), rules: result.rules }
  })
}

export function explain({ processors, record }: ExplainRequest): Answer<TriedStep[]> {
  return withPlans(processors, (plans) => markedSteps(plans, explainRecord(plans, registry, bytesOf(record))))
}

function bytesOf({ text, base64 }: RecordText): Bytes {
  return text === undefined ? fromBase64(base64 ?? '') : fromText(text)
}

function withPlans<Result>(entries: readonly RuleEntry[], work: (plans: ProcessorPlan[]) => Result): Answer<Result> {
  const problems = entries.flatMap(problemsOf)
  if (problems.length > 0) return { ok: false, reason: 'invalid', problems }
  try {
    return { ok: true, result: work(entries.map((entry) => processorPlan(entry as ManifestProcessor, registry))) }
  } catch (error) {
    return refusalOf(error)
  }
}

/** Text records make a pipeline of logs, so rules must be for those. */
function problemsOf(entry: RuleEntry, processor: number): RuleProblem[] {
  const problems = processorProblems(entry as ManifestProcessor, registry)
  if (problems.length > 0) {
    return problems.map(({ path, message }) => ({ processor, pointer: pointer(path), detail: message }))
  }
  const detail = processorSignalProblem(processorPlan(entry as ManifestProcessor, registry), 'logs', registry)
  return detail === undefined ? [] : [{ processor, pointer: '/type', detail: `${detail}, not on logs` }]
}

/** `path` of the chain's errors: `processors/1/params/pattern`. */
function refusalOf(error: unknown): Failure {
  if (!(error instanceof StreamgateError))
    return failure('failed', error instanceof Error ? error.message : String(error))
  const [list, index, ...inner] = error.path?.split('/') ?? []
  if (list !== 'processors') return failure('too_large', error.message)
  return {
    ok: false,
    reason: 'invalid',
    problems: [{ processor: Number(index), pointer: pointer(inner), detail: error.message }],
  }
}
