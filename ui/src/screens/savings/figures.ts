/** How figures of the ledger are written: money per currency, prices, kinds. */
import type { Money, Price, SavedKind, Savings } from '#contract/savings.ts'
import { money } from '#ui/kit/format.ts'

export const kindWords: Record<SavedKind, string> = {
  dropped: 'Dropped',
  sampled: 'Sampled',
  deduplicated: 'Deduplicated',
  aggregated: 'Aggregated',
  edited: 'Made smaller',
  emitted: 'Made anew',
}

export type PriceUsed = Savings['by_output'][number]['prices'][number]

/** `€0.12 per GB + €1.40 per million events` */
export function rateText(price: Pick<Price, 'currency' | 'per_gb' | 'unit' | 'per_million_events'>): string {
  const parts: string[] = []
  if (price.per_gb !== null) parts.push(`${money(price.per_gb, price.currency)} per ${price.unit}`)
  if (price.per_million_events !== null)
    parts.push(`${money(price.per_million_events, price.currency)} per million events`)
  return parts.join(' + ')
}

/** How the table names it: of an output, of one configuration's output, or of a type. */
export function targetText(price: Pick<Price, 'output' | 'output_type' | 'configuration'>): string {
  if (price.output === null) return `All outputs of type ${price.output_type}`
  return price.configuration === null ? price.output : `${price.output} in ${price.configuration}`
}

export function amountIn(amounts: Money, currency: string): number {
  return amounts.find((one) => one.currency === currency)?.amount ?? 0
}

/** Went away too, but nobody wanted that, or it went out without the rules. Without what outputs lost. */
export function notCountedBytes({ not_counted: it }: Savings): number {
  return it.bypassed.bytes + it.quarantined.bytes + it.rejected.bytes + it.overwritten.bytes
}

export function lostBytes({ by_output }: Savings): number {
  return by_output.reduce((sum, { lost: it }) => {
    return sum + it.overwritten.bytes + it.expired.bytes + it.rejected.bytes + it.lost.bytes
  }, 0)
}

export function ruleName({ rule, what }: Pick<Savings['by_rule'][number], 'rule' | 'what'>): string {
  if (what === 'emitted') return 'Made anew by rules that merge'
  return what === 'other' ? 'Other rules' : (rule ?? '')
}

export function serviceName(service: string): string {
  return service === '' ? 'No service named' : service
}
