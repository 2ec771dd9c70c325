/** How the results of `streamgate test` are told: to people, as JSON, and as the XML that CI servers read. */
import type { CaseResult, Difference } from './case-check.ts'
import { lineOf } from './node-admin.ts'
import { paint } from './terminal.ts'

/** More of one difference is for `--json`. */
const TEXT_WIDTH_MAX = 2000
/** Differences of one case that are told at length. */
const DIFFERENCES_MAX = 10

export interface Report {
  /** Names of the files, for messages. */
  config: string
  tests: string
  results: readonly CaseResult[]
}

export function textReport({ config, tests, results }: Report, stream: NodeJS.WriteStream = process.stdout): string {
  const lines = results.flatMap((result) => {
    const { name, place } = result.case
    if (result.differences.length === 0) return [`${paint('green', '✓', stream)} ${name}`]
    const where = place === undefined ? tests : `${tests}:${place.line}:${place.column}`
    return [`${paint('red', '✗', stream)} ${name}  ${paint('dim', where, stream)}`, ...differenceLines(result, stream)]
  })
  const failed = results.filter(({ differences }) => differences.length > 0).length
  const ms = results.reduce((sum, { durationMs }) => sum + durationMs, 0)
  const count = `${results.length} ${results.length === 1 ? 'case' : 'cases'}`
  const summary =
    failed === 0
      ? paint('green', `${count}, all as expected`, stream)
      : paint('red', `${count}, ${failed} not as expected`, stream)
  return `${lines.join('\n')}\n\n${config}: ${summary} (${ms.toFixed(0)} ms)\n`
}

function differenceLines({ differences, records, emitted }: CaseResult, stream: NodeJS.WriteStream): string[] {
  const shown = differences.slice(0, DIFFERENCES_MAX)
  const lines = shown.flatMap((difference) => {
    const { record, of, what, expected, got } = difference
    const ran = record === undefined ? undefined : (of === 'emitted' ? emitted : records)[record]
    const head =
      ran === undefined
        ? `    ${what}`
        : `    ${of === 'emitted' ? 'emitted ' : ''}record ${record! + 1}, ${what}: ${paint('dim', oneLine(ran.before), stream)}`
    const [left, right] =
      what === 'text' || what === 'json' ? marked(expected, got, stream) : [oneLine(expected), oneLine(got)]
    const label = LABELS[what] ?? 'expected'
    const failed = ran === undefined || ran.failed.length === 0 ? [] : [`      failed    ${ran.failed.join(', ')}`]
    return [head, `      ${label.padEnd(9)} ${left}`, `      got       ${right}`, ...failed]
  })
  const left = differences.length - shown.length
  return left === 0 ? lines : [...lines, `    and ${left} more`]
}

const LABELS: Readonly<Record<string, string>> = { contains: 'expected', not_contains: 'without' }

/** Both texts with what differs in colour: what stands between the common beginning and the common end. */
function marked(expected: string, got: string, stream: NodeJS.WriteStream): [string, string] {
  const [a, b] = [oneLine(expected), oneLine(got)]
  const shorter = Math.min(a.length, b.length)
  let head = 0
  while (head < shorter && a[head] === b[head]) head++
  let tail = 0
  while (tail < shorter - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++
  const mark = (text: string, colour: 'green' | 'red') => {
    const middle = text.slice(head, text.length - tail)
    const coloured = middle === '' ? '' : paint(colour, middle, stream)
    return `${text.slice(0, head)}${coloured}${text.slice(text.length - tail)}`
  }
  return [mark(a, 'green'), mark(b, 'red')]
}

/** Control characters as escapes, so that they neither move the cursor nor go unseen. */
function oneLine(text: string): string {
  const visible = text.replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1))
  return lineOf({ text: visible }, TEXT_WIDTH_MAX)
}

export function jsonReport({ config, tests, results }: Report): string {
  const cases = results.map(({ case: entry, differences, records, emitted, durationMs }) => ({
    name: entry.name,
    pipeline: entry.pipeline.id,
    line: entry.place?.line ?? null,
    passed: differences.length === 0,
    differences: differences.map(({ record, ...rest }) => ({ record: record ?? null, ...rest })),
    records: records.map(wireRecord),
    emitted: emitted.map(wireRecord),
    duration_ms: rounded(durationMs),
  }))
  const failed = cases.filter(({ passed }) => !passed).length
  return `${JSON.stringify({ config, tests, cases, passed: cases.length - failed, failed })}\n`
}

function wireRecord({ before, after, fate, rule, editedBy, failed }: CaseResult['records'][number]) {
  return { before, after, outcome: fate, rule, edited_by: editedBy, failed }
}

/** The JUnit format as Jenkins and GitLab read it: a suite for each pipeline. */
export function junitReport({ tests, results }: Report): string {
  const suites = Map.groupBy(results, (result) => result.case.pipeline.id)
  const xml = [...suites].map(([pipeline, cases]) => {
    const failures = cases.filter(({ differences }) => differences.length > 0).length
    const body = cases.map((result) => caseXml(result, tests)).join('')
    return `  <testsuite name="${escaped(pipeline)}" ${totals(cases, failures)}>\n${body}  </testsuite>\n`
  })
  const failures = results.filter(({ differences }) => differences.length > 0).length
  const head = `<testsuites name="streamgate" ${totals(results, failures)}>`
  return `<?xml version="1.0" encoding="UTF-8"?>\n${head}\n${xml.join('')}</testsuites>\n`
}

function totals(results: readonly CaseResult[], failures: number): string {
  return `tests="${results.length}" failures="${failures}" errors="0" time="${seconds(results)}"`
}

function caseXml(result: CaseResult, tests: string): string {
  const { name, pipeline, place } = result.case
  const line = place === undefined ? '' : ` line="${place.line}"`
  const at = `classname="${escaped(pipeline.id)}" file="${escaped(tests)}"${line} time="${seconds([result])}"`
  const open = `    <testcase name="${escaped(name)}" ${at}`
  const [first] = result.differences
  if (first === undefined) return `${open}/>\n`
  const message = `${placeOf(first)}${first.what}: expected ${first.expected}, got ${first.got}`
  const all = result.differences.map(
    (difference) =>
      `${placeOf(difference)}${difference.what}\n  expected  ${difference.expected}\n  got       ${difference.got}\n`,
  )
  return `${open}>\n      <failure message="${escaped(message)}">${escaped(all.join(''))}</failure>\n    </testcase>\n`
}

function placeOf({ record, of }: Difference): string {
  return record === undefined ? '' : `${of === 'emitted' ? 'emitted record' : 'record'} ${record + 1}, `
}

function seconds(results: readonly CaseResult[]): string {
  return (results.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000).toFixed(6)
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** XML 1.0 has no place at all for most control characters and for lone surrogates. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replace(/[&<>"]/g, (character) => ENTITIES[character]!)
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
}
