/** A price as a form has it: all text, until it is sent. */
import type { Price, PriceBody } from '#contract/savings.ts'
import { dayOf } from '#ui/screens/savings/span.ts'

export interface PriceForm {
  target: 'output' | 'output_type'
  output: string
  outputType: string
  /** Empty: in all configurations. */
  configuration: string
  currency: string
  perGb: string
  unit: 'GB' | 'GiB'
  perMillionEvents: string
  since: string
  note: string
}

export function newPrice(now: number, currency: string): PriceForm {
  return {
    target: 'output',
    output: '',
    outputType: '',
    configuration: '',
    currency,
    perGb: '',
    unit: 'GB',
    perMillionEvents: '',
    // What has been saved this month counts, too.
    since: `${dayOf(now).slice(0, 7)}-01`,
    note: '',
  }
}

export function formOf(price: Price): PriceForm {
  return {
    target: price.output === null ? 'output_type' : 'output',
    output: price.output ?? '',
    outputType: price.output_type ?? '',
    configuration: price.configuration ?? '',
    currency: price.currency,
    perGb: price.per_gb === null ? '' : String(price.per_gb),
    unit: price.unit,
    perMillionEvents: price.per_million_events === null ? '' : String(price.per_million_events),
    since: price.since,
    note: price.note,
  }
}

export function bodyOf(form: PriceForm): PriceBody {
  const isOutput = form.target === 'output'
  return {
    output: isOutput ? form.output.trim() : null,
    output_type: isOutput ? null : form.outputType.trim(),
    configuration: isOutput && form.configuration !== '' ? form.configuration : null,
    currency: form.currency,
    per_gb: rateOf(form.perGb),
    unit: form.unit,
    per_million_events: rateOf(form.perMillionEvents),
    since: form.since,
    note: form.note,
  }
}

/** What is missing, before it is sent; undefined when it can be. */
export function missingIn(form: PriceForm): string | undefined {
  if ((form.target === 'output' ? form.output : form.outputType).trim() === '')
    return form.target === 'output' ? 'Say which output it is the price of.' : 'Say which type of outputs it is for.'
  if (rateOf(form.perGb) === null && rateOf(form.perMillionEvents) === null)
    return 'Give a price for bytes, for events, or both.'
  if (form.since === '') return 'Say from which day on it holds.'
  return undefined
}

function rateOf(text: string): number | null {
  const trimmed = text.trim()
  const value = Number(trimmed)
  return trimmed === '' || Number.isNaN(value) ? null : value
}

/** Those that most need first, then all of them. */
export function currencies(): { value: string; label: string }[] {
  const first = ['EUR', 'USD', 'GBP', 'CHF', 'JPY']
  const names = new Intl.DisplayNames(undefined, { type: 'currency' })
  const all = Intl.supportedValuesOf('currency').filter((code) => !first.includes(code))
  return [...first, ...all].map((value) => ({ value, label: `${value} · ${names.of(value) ?? value}` }))
}
