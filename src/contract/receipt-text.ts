/**
 * A receipt as a compact table for terminals and comments. Plain text, no colours, lines of at most `WIDTH`
 * characters.
 */
import type { Compared, Estimate, GroupEffect, Receipt } from './receipt.ts'

const WIDTH = 120
/** Rows of one table; the others are only counted. */
const ROWS_MAX = 12

export function receiptText(receipt: Receipt): string {
  const sections = [
    head(receipt),
    totals(receipt),
    lostErrors(receipt),
    redactions(receipt),
    table('Fields that vanish', ['field', 'records'], fieldRows(receipt)),
    table('Rules', ['rule', 'change', 'ends live', 'ends candidate', 'edits'], ruleRows(receipt)),
    table('Services', ['service', 'in', 'out live', 'out candidate', 'difference'], groupRows(receipt.services)),
    table('Severities', ['severity', 'in', 'out live', 'out candidate', 'difference'], groupRows(receipt.severities)),
    table('CPU of the rules', ['pipeline', 'live', 'candidate'], cpuRows(receipt)),
    gaps(receipt),
  ]
  return `${sections
    .filter((section) => section.length > 0)
    .map((section) => section.join('\n'))
    .join('\n\n')}\n`
}

function head({ sample, candidate, live }: Receipt): string[] {
  const { records, seen, minutes, gateways } = sample
  return [
    `Impact of ${short(candidate)} beside ${live === null ? 'nothing live' : short(live)}`,
    `From a sample of ${count(records)} of ${count(seen.records)} records of ${decimal(minutes)} minutes, ` +
      `${gateways.answered} of ${gateways.asked} gateways; in brackets: 95 % bounds`,
  ]
}

function totals({ out, month, money }: Receipt): string[] {
  const rows = [
    ['records out', ...sides(out, 'records', count), shareOf(out, 'records')],
    ['bytes out', ...sides(out, 'bytes', size), shareOf(out, 'bytes')],
    ['bytes out a month', ...sides(month.out, 'bytes', size), ''],
    ...money.totals.map(({ currency, live, candidate, difference }) => [
      `${currency} a month`,
      amount(live.value),
      amount(candidate.value),
      between(difference, amount),
      '',
    ]),
  ]
  const lines = table('', ['', 'live', 'candidate', 'difference', ''], rows)
  return money.unpriced.length === 0 ? lines : [...lines, clipped(`No price: ${money.unpriced.join(', ')}`)]
}

function lostErrors({ lost_errors: { lost, regained, sampled, by_rule: byRule } }: Receipt): string[] {
  const lines =
    sampled === 0
      ? [`No record of severity error or above is lost in the sample (at most ${count(lost.high)} of those seen).`]
      : [
          `LOST ERRORS: ${between(lost, count)} records of severity error or above (${sampled} in the sample), by`,
          ...byRule.map(({ pipeline, rule, records }) => `  ${pipeline}/${rule}  ${between(records, count)}`),
        ]
  return regained.value > 0 ? [...lines, `Errors that would go on again: ${between(regained, count)}`] : lines
}

function redactions({ redactions: rows }: Receipt): string[] {
  return table(
    'Redactions',
    ['rule', 'change', 'takes out', 'live', 'candidate', ''],
    rows.map(({ pipeline, rule, change, kinds, live, candidate, covered, unprovable }) => [
      `${pipeline}/${rule}`,
      change,
      kinds.join(', '),
      live === null ? '-' : count(live.value),
      candidate === null ? '?' : count(candidate.value),
      covered ? '' : `NOT SURELY REDACTED: ${between(unprovable, count)}`,
    ]),
  )
}

function fieldRows({ vanished_fields: fields }: Receipt): string[][] {
  return fields.map(({ pipeline, path, records }) => [`${pipeline}: ${path}`, between(records, count)])
}

function ruleRows({ rules }: Receipt): string[][] {
  return rules.map(({ pipeline, id, change, ended, edited }) => [
    `${pipeline}/${id}`,
    change,
    ended.live === null ? '-' : count(ended.live.records.value),
    ended.candidate === null ? '-' : between(ended.candidate.records, count),
    edited.candidate === null ? '-' : count(edited.candidate.value),
  ])
}

function groupRows(groups: readonly GroupEffect[]): string[][] {
  return groups.map((group) => [group.name, size(group.in.bytes.value), ...sides(group.out, 'bytes', size)])
}

function cpuRows({ cpu }: Receipt): string[][] {
  return cpu.map(({ pipeline, live_ns_per_record: live, candidate_ns_per_record: candidate }) => [
    pipeline,
    perRecord(live),
    perRecord(candidate),
  ])
}

function perRecord(ns: number | null): string {
  return ns === null ? 'not measured' : `${decimal(ns)} ns a record`
}

function gaps({ not_covered: gaps }: Receipt): string[] {
  return gaps.length === 0
    ? []
    : ['Not covered', ...gaps.map(({ subject, reason }) => clipped(`  ${subject}: ${reason}`))]
}

function sides(compared: Compared, what: 'records' | 'bytes', format: (value: number) => string): string[] {
  const { live, candidate, difference } = compared
  return [format(live[what].value), format(candidate[what].value), between(difference[what], format)]
}

function shareOf({ live, difference }: Compared, what: 'records' | 'bytes'): string {
  return live[what].value === 0 ? '' : `${signed((difference[what].value / live[what].value) * 100, decimal)} %`
}

/** Columns as wide as what stands in them. */
function table(title: string, columns: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return []
  const shown = [columns, ...rows.slice(0, ROWS_MAX)]
  const widths = columns.map((_, c) => Math.max(...shown.map((row) => row[c]!.length)))
  const lines = shown.map((row) => clipped(`  ${row.map((cell, c) => cell.padEnd(widths[c]!)).join('  ')}`))
  const more = rows.length > ROWS_MAX ? [`  and ${rows.length - ROWS_MAX} more`] : []
  return title === '' ? [...lines, ...more] : [title, ...lines, ...more]
}

/** Names come from traffic: what a terminal would obey is shown as a question mark. */
function clipped(line: string): string {
  const text = line.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '?').trimEnd()
  return text.length <= WIDTH ? text : `${text.slice(0, WIDTH - 1)}…`
}

function between({ value, low, high }: Estimate, format: (value: number) => string): string {
  return low === high ? format(value) : `${format(value)} (${format(low)} to ${format(high)})`
}

function signed(value: number, format: (value: number) => string): string {
  return value > 0 ? `+${format(value)}` : format(value)
}

function short(hash: string): string {
  return hash.slice(0, 12)
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

function decimal(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 1 })
}

function amount(value: number): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

function size(bytes: number): string {
  let value = bytes
  let unit = 0
  while (Math.abs(value) >= 999.95 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  return `${decimal(value)} ${UNITS[unit]}`
}
