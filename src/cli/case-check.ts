/** Compares what became of the records of a case with what should have. */
import { isDeepStrictEqual } from 'node:util'
import type { Registry } from '#component/registry.ts'
import { type RanRecord, runCase } from './case-runner.ts'
import type { Case, Expectation } from './cases.ts'

/** One thing that is not as it should be. */
export interface Difference {
  /** Place in the list of records; undefined where it is about the case. */
  record: number | undefined
  /** Which list `record` counts in. */
  of: 'records' | 'emitted'
  what: string
  expected: string
  got: string
}

export interface CaseResult {
  case: Case
  differences: Difference[]
  records: RanRecord[]
  emitted: RanRecord[]
  durationMs: number
}

/** Throws `StreamgateError` when the rules of the pipeline cannot be compiled. */
export function checkCase(entry: Case, registry: Registry): CaseResult {
  const started = performance.now()
  const result = runCase(entry, registry)
  const { records, emitted } = result.ok ? result.ran : { records: [], emitted: [] }
  const differences = result.ok
    ? [
        ...compareAll(entry.expect, records, 'records'),
        ...(entry.emitted === undefined ? [] : compareAll(entry.emitted, emitted, 'emitted')),
      ]
    : [ofCase('the input', `records in the format ${entry.format}`, `it ${result.reason}`, 'records')]
  return { case: entry, differences, records, emitted, durationMs: performance.now() - started }
}

function compareAll(
  expect: Expectation | readonly Expectation[],
  records: readonly RanRecord[],
  of: Difference['of'],
): Difference[] {
  if ('outcome' in expect) return records.flatMap((record, i) => compare(expect, record, i, of))
  if (expect.length !== records.length)
    return [
      ofCase(
        `how many records ${of === 'emitted' ? 'are emitted' : 'come in'}`,
        String(expect.length),
        String(records.length),
        of,
      ),
    ]
  return records.flatMap((record, i) => compare(expect[i]!, record, i, of))
}

function ofCase(what: string, expected: string, got: string, of: Difference['of']): Difference {
  return { record: undefined, of, what, expected, got }
}

function compare(expect: Expectation, ran: RanRecord, record: number, of: Difference['of']): Difference[] {
  const differences: Difference[] = []
  const differ = (what: string, expected: string, got: string) => differences.push({ record, of, what, expected, got })
  const isEndRight = expect.outcome === ran.fate || (expect.outcome === 'ended' && ran.fate !== 'forwarded')
  const isRuleRight = expect.rule === undefined || expect.rule === ran.rule
  if (!isEndRight || !isRuleRight) {
    differ('outcome', endText(expect.outcome, expect.rule, expect.text), endText(ran.fate, ran.rule, ran.after))
  }
  if (expect.editedBy !== undefined && !isDeepStrictEqual(expect.editedBy, ran.editedBy))
    differ('edited_by', listText(expect.editedBy), listText(ran.editedBy))
  const { after } = ran
  if (after === null || !isEndRight) return differences
  if (expect.text !== undefined && expect.text !== after) differ('text', expect.text, after)
  if (expect.json !== undefined && !isDeepStrictEqual(expect.json, parsed(after)))
    differ('json', JSON.stringify(expect.json), after)
  for (const part of expect.contains) if (!after.includes(part)) differ('contains', part, after)
  for (const part of expect.notContains) if (after.includes(part)) differ('not_contains', part, after)
  return differences
}

function endText(outcome: Expectation['outcome'], rule: string | null | undefined, text: string | null | undefined) {
  const named = outcome === 'ended' ? 'dropped' : outcome
  if (outcome === 'forwarded') return text === null || text === undefined ? named : `${named}: ${text}`
  return rule === null || rule === undefined ? named : `${named} by ${rule}`
}

function listText(ids: readonly string[]): string {
  return ids.length === 0 ? 'no rule' : ids.join(', ')
}

/** Undefined, which equals no value of a file, where it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
