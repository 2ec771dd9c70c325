/** CPU time of `redact` per record. `node src/processors/redact/redact.bench.ts [records]` */
import { type BenchOptions, type BenchResult, benchProcessor, printBench, recordsAsked } from '#test/support/bench.ts'
import { redact } from './redact.ts'

const CASES: Record<string, object> = {
  'SSN by pattern': { pattern: '\\d{3}-\\d{2}-\\d{4}', replacement: 'XXX-XX-XXXX' },
  groups: { pattern: 'email=(\\w)\\w*@', replacement: 'email=$1***@' },
  ssn: { builtin: 'ssn' },
  email: { builtin: 'email' },
  credit_card: { builtin: 'credit_card' },
  ipv4: { builtin: 'ipv4' },
  ipv6: { builtin: 'ipv6' },
  jwt: { builtin: 'jwt' },
  aws_key: { builtin: 'aws_key' },
  iban: { builtin: 'iban' },
}

export function bench(options: BenchOptions): Record<string, BenchResult> {
  return Object.fromEntries(
    Object.entries(CASES).map(([name, params]) => [name, benchProcessor(redact, params, options)]),
  )
}

if (import.meta.main)
  for (const [name, result] of Object.entries(bench({ records: recordsAsked() }))) printBench(name, result)
