/** An impact receipt in one sentence, for those who read only one: bytes, money, errors. */
import type { Estimate, Receipt } from '#contract/receipt.ts'
import { money, percent } from '#ui/kit/format.ts'
import { losesErrors, records, uncovered } from './receipt-words.ts'

export interface Headline {
  isBad: boolean
  text: string
}

/** Undefined: nothing can be estimated. */
export function headlineOf(receipt: Receipt): Headline | undefined {
  if (receipt.sample.records === 0) return undefined
  const open = uncovered(receipt)
  const { lost_errors: errors } = receipt
  const parts = [
    bytesPart(receipt),
    ...moneyParts(receipt),
    losesErrors(receipt)
      ? `loses about ${records(errors.lost.value)} ${Math.round(errors.lost.value) === 1 ? 'error' : 'errors'}`
      : 'loses no errors in the sample',
    ...(open.length > 0 ? [`no longer surely redacts what ${open.map(({ rule }) => rule).join(', ')} did`] : []),
  ]
  const text = parts.length === 2 ? parts.join(' and ') : `${parts.slice(0, -1).join(', ')}, and ${parts.at(-1)}`
  return { isBad: losesErrors(receipt) || open.length > 0, text: `${text}.` }
}

function bytesPart({ out: { live, difference } }: Receipt): string {
  if (live.bytes.value === 0) return difference.bytes.value > 0 ? 'Sends bytes where none go on today' : 'Sends nothing'
  const share = difference.bytes.value / live.bytes.value
  if (Math.abs(share) < 0.0005) return 'Sends as many bytes as today'
  return `Sends ${percent(Math.abs(share))} ${share < 0 ? 'fewer' : 'more'} bytes`
}

/** Only what is sure to be more, or to be less, than today. */
function moneyParts({ money: { totals } }: Receipt): string[] {
  const sure = totals.filter(({ difference: { value, low, high } }) => value !== 0 && low >= 0 === high >= 0)
  const amounts = (some: typeof totals) =>
    some.map(({ difference, currency }) => rounded(difference, currency)).join(' and ')
  const less = sure.filter(({ difference }) => difference.value < 0)
  const more = sure.filter(({ difference }) => difference.value > 0)
  return [
    ...(less.length > 0 ? [`saves about ${amounts(less)} a month`] : []),
    ...(more.length > 0 ? [`costs about ${amounts(more)} a month more`] : []),
  ]
}

/** Cents of an estimate say nothing beside tens. */
function rounded({ value }: Estimate, currency: string): string {
  const amount = Math.abs(value)
  return amount < 10 ? money(amount, currency) : money(Math.round(amount), currency).replace(/[.,]00(?=\D|$)/, '')
}
