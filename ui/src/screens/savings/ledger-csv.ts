/**
 * The ledger as CSV (RFC 4180), one line for each part and currency, so that a spreadsheet can filter and add them. A part without a
 * price has one line with no amount.
 */
import type { Money, Savings, SavingsAnswer } from '#contract/savings.ts'
import { dayOf } from '#ui/screens/savings/span.ts'

const columns = [
  'part',
  'from',
  'to',
  'configuration',
  'pipeline',
  'name',
  'type',
  'saved_records',
  'saved_bytes',
  'currency',
  'amount',
  'estimated_from_samples',
] as const

type Column = (typeof columns)[number]
type Line = Partial<Record<Column, string | number | null>>

/** `to` is the day after the last one. */
export function ledgerCsv({ total, buckets }: SavingsAnswer): string {
  const lines = [
    ...linesOf('total', total, total),
    ...buckets.flatMap((bucket) => linesOf('period', bucket, bucket)),
    ...total.by_kind.flatMap((one) => linesOf('kind', total, one, { name: one.kind })),
    ...total.by_rule.flatMap((one) => {
      const { configuration, pipeline, rule, type, what } = one
      return linesOf('rule', total, one, { configuration, pipeline, name: rule ?? what, type })
    }),
    ...total.by_output.flatMap((one) => {
      const { configuration, output, type } = one
      return linesOf('output', total, one, { configuration, name: output, type })
    }),
    ...total.by_service.flatMap((one) =>
      linesOf('service', total, one, { name: one.service, estimated_from_samples: one.samples }),
    ),
  ]
  return [columns.join(','), ...lines.map((line) => columns.map((name) => cell(line[name])).join(','))].join('\r\n')
}

function linesOf(
  part: string,
  { from, to }: Savings,
  { saved, money }: { saved: Savings['saved']; money: Money },
  labels: Line = {},
): Line[] {
  const line = {
    part,
    from: dayOf(from),
    to: dayOf(to),
    ...labels,
    saved_records: Math.round(saved.records),
    saved_bytes: Math.round(saved.bytes),
  }
  return money.length === 0 ? [line] : money.map(({ currency, amount }) => ({ ...line, currency, amount }))
}

/** Names come from records: one that a spreadsheet would take for a formula is made plain text. */
function cell(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number') return String(value)
  const plain = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}
