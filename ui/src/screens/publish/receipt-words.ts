/** An impact receipt as people read it: sentences for what matters, rows for the rest. */
import type { Compared, Estimate, GroupEffect, Receipt, Redaction } from '#contract/receipt.ts'
import { bytes, count, duration, exact, money, percent } from '#ui/kit/format.ts'

export interface Sentence {
  tone: 'ok' | 'bad' | 'warn' | 'info'
  text: string
}

/** One line of the table of totals. */
export interface TotalRow {
  label: string
  in: string
  live: string
  candidate: string
  difference: string
  share: string
}

/** What to know before one presses: the worst first. */
export function sentencesOf(receipt: Receipt): Sentence[] {
  return [...lostErrorSentences(receipt), ...redactionSentences(receipt), ...flowSentences(receipt)]
}

/** Whether somebody has to say that they have seen it. */
export function losesErrors({ lost_errors: { sampled } }: Receipt): boolean {
  return sampled > 0
}

export function uncovered({ redactions }: Receipt): Redaction[] {
  return redactions.filter(({ covered }) => !covered)
}

/** `512 of 12,003 records that 1 of 1 gateways saw in 2 min 56 s` */
export function sampleWords({ sample: { records: sampled, seen, minutes, gateways } }: Receipt): string {
  const { answered, asked } = gateways
  if (asked === 0) return 'nothing: no gateway is connected'
  if (sampled === 0) return `nothing: ${answered} of ${asked} gateways answered, and none has seen records`
  const who = asked === 1 && answered === 1 ? 'one gateway' : `${answered} of ${asked} gateways`
  return `${records(sampled)} of the ${records(seen.records)} records that ${who} saw in ${duration(minutes * 60_000)}`
}

export function totalRows({ in: seen, out, month, money: { totals } }: Receipt): TotalRow[] {
  return [
    rowOf('Records', seen.records, sideOf(out, 'records'), records),
    rowOf('Bytes', seen.bytes, sideOf(out, 'bytes'), bytes),
    rowOf('Records a month', month.in.records, sideOf(month.out, 'records'), records),
    rowOf('Bytes a month', month.in.bytes, sideOf(month.out, 'bytes'), bytes),
    ...totals.map(({ currency, ...sides }) =>
      rowOf(`Cost a month, ${currency}`, undefined, sides, (value) => money(value, currency)),
    ),
  ]
}

/** Groups that lose something, the most first. */
export function losing(groups: readonly GroupEffect[]): GroupEffect[] {
  return groups
    .filter(({ out }) => out.difference.records.value < 0)
    .sort((a, b) => a.out.difference.records.value - b.out.difference.records.value)
}

/** All digits as long as they can be read at a glance. */
export function records(value: number): string {
  return Math.abs(value) < 1_000_000 ? exact(Math.round(value)) : count(value)
}

/** `2,930 (2,516 to 3,389)`; without bounds where they read the same. */
export function between({ value, low, high }: Estimate, format: (value: number) => string): string {
  const [text, from, to] = [value, low, high].map(format)
  return from === to ? text! : `${text} (${from} to ${to})`
}

/** `−24.4 %` of what goes on today. */
export function shareOf(live: Estimate, difference: Estimate): string {
  if (live.value === 0) return '–'
  const share = difference.value / live.value
  return share > 0 ? `+${percent(share)}` : percent(share).replace('-', '−')
}

export function nsText(ns: number | null): string {
  return ns === null ? 'not measured' : `${records(Math.round(ns))} ns`
}

function lostErrorSentences(receipt: Receipt): Sentence[] {
  const { lost, regained, sampled, by_rule: byRule } = receipt.lost_errors
  const again: Sentence[] =
    regained.value > 0
      ? [{ tone: 'info', text: `About ${between(regained, records)} error records would go on again.` }]
      : []
  if (sampled === 0) {
    if (receipt.sample.records === 0) return again
    return [{ tone: 'ok', text: `No record of severity error or above is lost in the sample.` }, ...again]
  }
  const rules = byRule.map(({ rule }) => rule).join(', ')
  const text =
    `About ${between(lost, records)} records of severity error or above would be lost, by ${rules}: ` +
    `${records(sampled)} of them stand in the sample.`
  return [{ tone: 'bad', text }, ...again]
}

function redactionSentences(receipt: Receipt): Sentence[] {
  return uncovered(receipt).map(({ rule, kinds, change, unprovable }) => ({
    tone: 'bad',
    text:
      `${kinds.join(', ') || 'What'} ${kinds.length === 0 ? `rule ${rule} takes out` : `(rule ${rule}, ${change})`} ` +
      `is no longer surely redacted: about ${between(unprovable, records)} records were redacted by it and would go on.`,
  }))
}

function flowSentences({ sample, in: seen, out, month, money: { totals } }: Receipt): Sentence[] {
  if (sample.records === 0)
    return [{ tone: 'warn', text: 'No gateway has seen records in the last minutes, so nothing can be estimated.' }]
  const { live, candidate, difference } = out
  if (difference.records.value === 0 && difference.bytes.value === 0)
    return [
      {
        tone: 'info',
        text: `As many records go on as today: ${records(live.records.value)}, ${bytes(live.bytes.value)}.`,
      },
    ]
  const sentences: Sentence[] = [
    {
      tone: 'info',
      text:
        `Of ${records(seen.records.value)} records, ${between(candidate.records, records)} would go on ` +
        `instead of ${records(live.records.value)}: ${shareOf(live.bytes, difference.bytes)} in bytes.`,
    },
    {
      tone: 'info',
      text: `A month of such traffic would be ${moreOrLess(month.out.difference.bytes, bytes)}.`,
    },
  ]
  for (const { currency, difference: saved } of totals)
    sentences.push({
      tone: 'info',
      text: `A month would cost ${moreOrLess(saved, (value) => money(value, currency))}.`,
    })
  return sentences
}

function moreOrLess({ value, low, high }: Estimate, format: (value: number) => string): string {
  const word = value > 0 ? 'more' : 'less'
  const [least, most] = [Math.abs(low), Math.abs(high)].sort((a, b) => a - b)
  const isSure = low >= 0 === high >= 0
  const bounds = { value: Math.abs(value), low: least!, high: most! }
  return isSure
    ? `${between(bounds, format)} ${word}`
    : `about ${format(Math.abs(value))} ${word}, but that is not sure`
}

function rowOf(
  label: string,
  seen: Estimate | undefined,
  { live, candidate, difference }: Sides,
  format: (value: number) => string,
): TotalRow {
  return {
    label,
    in: seen === undefined ? '' : format(seen.value),
    live: format(live.value),
    candidate: between(candidate, format),
    difference: between(difference, (value) => (value > 0 ? `+${format(value)}` : format(value).replace('-', '−'))),
    share: shareOf(live, difference),
  }
}

interface Sides {
  live: Estimate
  candidate: Estimate
  difference: Estimate
}

function sideOf({ live, candidate, difference }: Compared, what: 'records' | 'bytes'): Sides {
  return { live: live[what], candidate: candidate[what], difference: difference[what] }
}
