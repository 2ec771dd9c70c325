/** Takes commits on the wire thread: hands the encoded records to the deliveries, then writes the books. */
import { outcomes } from '#component/processor.ts'
import type { PipelineLedger } from '#observe/books.ts'
import type { Delivery } from './delivery.ts'
import type { Generation, PipelineRuntime } from './generation.ts'
import { type Commit, type CommittedEncoding, type CommittedPipeline, NO_RULE, Tally } from './outtake.ts'

/** How far a commit has been handed over, for when an output had no room in the middle. */
export interface Cursor {
  pipeline: number
  encoding: number
  delivery: number
  record: number
}

export const beginning = (): Cursor => ({ pipeline: 0, encoding: 0, delivery: 0, record: 0 })

/**
 * Hands over from `cursor` on. Returns the delivery that has no room, with `cursor` at the place to go on; or null when
 * all is handed over.
 */
export function handOver(commit: Commit, words: Int32Array, generation: Generation, cursor: Cursor): Delivery | null {
  for (; cursor.pipeline < commit.pipelines.length; cursor.pipeline++, cursor.encoding = 0) {
    const committed = commit.pipelines[cursor.pipeline]!
    const runtime = generation.pipelines[committed.slot]!
    for (; cursor.encoding < committed.encodings.length; cursor.encoding++, cursor.delivery = 0) {
      const encoding = committed.encodings[cursor.encoding]!
      const encoded = { ...encoding, ends: words }
      const deliveries = runtime.routes[encoding.encoder]
      if (deliveries === undefined) {
        keep(runtime, encoding, words)
        continue
      }
      for (; cursor.delivery < deliveries.length; cursor.delivery++, cursor.record = 0) {
        const delivery = deliveries[cursor.delivery]!
        cursor.record = delivery.accept(encoded, cursor.record)
        if (cursor.record < encoding.records) return delivery
      }
    }
  }
  return null
}

/** What a rule dropped, to the reservoir of what was dropped. */
function keep({ plan, encoders, keepDropped }: PipelineRuntime, encoding: CommittedEncoding, words: Int32Array): void {
  const rule = plan.processors[encoding.encoder - encoders.length]
  if (keepDropped === undefined || plan.keepDropped === undefined || rule === undefined) return
  const { memory, from, to, firstEnd, records } = encoding
  const ends = words.subarray(firstEnd, firstEnd + records)
  keepDropped.add(plan.id, rule.id, plan.keepDropped, memory.subarray(from, to), ends)
}

/** Writes what the commit says into the books. Once for each commit. */
export function book(commit: Commit, generation: Generation): void {
  for (const committed of commit.pipelines) {
    const runtime = generation.pipelines[committed.slot]!
    const { ledger } = runtime
    ledger.in.add(commit.records, commit.bytes)
    ledger.outcomes.forwarded.add(committed.records, committed.bytes)
    ledger.in.add(commit.malformedRecords, commit.malformedBytes)
    ledger.outcomes.rejected.add(commit.malformedRecords, commit.malformedBytes)
    runtime.breaker.observeBlock(commit.records, bookRules(committed, runtime, ledger))
  }
}

/** Returns the number of processor errors. */
function bookRules(committed: CommittedPipeline, runtime: PipelineRuntime, ledger: PipelineLedger): number {
  let errors = 0
  for (const { rule, kind, records, bytes } of committed.tallies) {
    if (rule === NO_RULE) {
      ledger.outcomes.quarantined.add(records, bytes)
      continue
    }
    const account = runtime.rules[rule]!
    if (kind === Tally.EDITED) {
      account.edited.add(records, bytes)
      ledger.edited.add(records, bytes)
    } else if (kind === Tally.EMITTED) {
      ledger.emitted.add(records, bytes)
    } else if (kind === Tally.ERROR) {
      account.errors += records
      errors += records
    } else {
      const outcome = outcomes[kind]!
      ledger.outcomes[outcome].add(records, bytes)
      if (outcome === 'quarantined') account.quarantined.add(records, bytes)
      else account.ended.add(records, bytes)
    }
  }
  return errors
}
