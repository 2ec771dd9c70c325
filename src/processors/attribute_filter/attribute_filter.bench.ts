/** CPU time of `attribute_filter` per record. `node src/processors/attribute_filter/attribute_filter.bench.ts [records]` */
import { type BenchOptions, type BenchResult, benchProcessor, printBench, recordsAsked } from '#test/support/bench.ts'
import { attributeFilter } from './attribute_filter.ts'

const CASES: Record<string, object> = {
  equals: { attribute: 'service', equals: 'checkout' },
  contains: { attribute: 'message', contains: 'cache' },
  regex: { attribute: 'level', regex: '^(INFO|WARN)$' },
}

export function bench(options: BenchOptions): Record<string, BenchResult> {
  return Object.fromEntries(
    Object.entries(CASES).map(([name, params]) => [name, benchProcessor(attributeFilter, params, options)]),
  )
}

if (import.meta.main)
  for (const [name, result] of Object.entries(bench({ records: recordsAsked() }))) printBench(name, result)
