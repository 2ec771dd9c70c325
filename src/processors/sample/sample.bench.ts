/** CPU time of `sample` per record. `node src/processors/sample/sample.bench.ts [records]` */
import { type BenchOptions, type BenchResult, benchProcessor, printBench, recordsAsked } from '#test/support/bench.ts'
import { sample } from './sample.ts'

const CASES: Record<string, object> = {
  'by chance': { keep_ratio: 0.1 },
  'by key': { keep_ratio: 0.1, key: 'trace_id' },
}

export function bench(options: BenchOptions): Record<string, BenchResult> {
  return Object.fromEntries(
    Object.entries(CASES).map(([name, params]) => [name, benchProcessor(sample, params, options)]),
  )
}

if (import.meta.main)
  for (const [name, result] of Object.entries(bench({ records: recordsAsked() }))) printBench(name, result)
