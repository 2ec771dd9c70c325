/** CPU time of `filter` per record. `node src/processors/filter/filter.bench.ts [records]` */
import { type BenchOptions, type BenchResult, benchProcessor, printBench, recordsAsked } from '#test/support/bench.ts'
import { filter } from './filter.ts'

const CASES: Record<string, object> = {
  value: { value: 'DEBUG' },
  'three values': { values: ['DEBUG', 'payment', 'nowhere'] },
  pattern: { pattern: 'level":"(INFO|WARN)' },
  'pattern that backtracks': { pattern: '(\\w+)=(\\d+)x' },
  'any case': { value: 'debug', ignore_case: true },
}

export function bench(options: BenchOptions): Record<string, BenchResult> {
  return Object.fromEntries(
    Object.entries(CASES).map(([name, params]) => [name, benchProcessor(filter, params, options)]),
  )
}

if (import.meta.main)
  for (const [name, result] of Object.entries(bench({ records: recordsAsked() }))) printBench(name, result)
