/** CPU time of `dedupe` per record. `node src/processors/dedupe/dedupe.bench.ts [records]` */
import { type BenchOptions, type BenchResult, benchProcessor, printBench, recordsAsked } from '#test/support/bench.ts'
import { dedupe } from './dedupe.ts'

const CASES: Record<string, object> = {
  'whole record': {},
  'two fields': { fields: ['service', 'message'] },
}

export function bench(options: BenchOptions): Record<string, BenchResult> {
  return Object.fromEntries(
    Object.entries(CASES).map(([name, params]) => [name, benchProcessor(dedupe, params, options)]),
  )
}

if (import.meta.main)
  for (const [name, result] of Object.entries(bench({ records: recordsAsked() }))) printBench(name, result)
