/** Says how a figure of the ledger came about: its formula, with the figures filled in. */
import type { Money, SavedKind, Savings, SavingsSummary } from '#contract/savings.ts'
import { bytes, count, exact, money } from '#ui/kit/format.ts'
import { amountIn, kindWords, rateText, ruleName, serviceName } from '#ui/screens/savings/figures.ts'

export interface Step {
  label: string
  formula?: string
  value: string
  /** The figure that is explained. */
  isResult?: true
}

export interface Explanation {
  title: string
  meaning: string
  steps: Step[]
  notes: string[]
}

type ByRule = Savings['by_rule'][number]
type ByOutput = Savings['by_output'][number]
type ByService = Savings['by_service'][number]

const DAY_MS = 86_400_000
const UNIT_BYTES = { GB: 1e9, GiB: 2 ** 30 } as const
const EVERY_OUTPUT =
  'What a rule has taken away would have gone to every output of its pipeline, so it counts for each of them.'

/** Bytes and records that rules have saved, by what they did. */
export function explainSaved(savings: Savings): Explanation {
  const steps: Step[] = savings.by_kind
    .filter(({ saved }) => saved.bytes !== 0 || saved.records !== 0)
    .map(({ kind, saved }) => ({ label: `${sign(kind)}${kindWords[kind]}`, value: amountText(saved) }))
  steps.push({
    label: 'Saved',
    formula: 'dropped + sampled + deduplicated + aggregated − made anew − added by edits',
    value: amountText(savings.saved),
    isResult: true,
  })
  return {
    title: 'Bytes and records saved',
    meaning: 'What came in and did not go on because a rule took it away, in bytes as the rules see them.',
    steps: [{ label: 'Came in', value: amountText(savings.in) }, ...steps],
    notes: ['Gateways count this exactly. It is not estimated.'],
  }
}

/** The money of all outputs. `title`: which stretch it is of. */
export function explainMoney(title: string, savings: Savings): Explanation {
  const priced = savings.by_output.filter((output) => output.money.length > 0)
  return {
    title,
    meaning: 'For each output: the bytes and records it would have sent, at the price of each day.',
    steps: [...priced.flatMap(moneySteps), ...totals(savings.money)],
    notes: [EVERY_OUTPUT, ...unpricedNote(savings), ...currencyNote(savings.money)],
  }
}

export function explainOutput(output: ByOutput): Explanation {
  const { ratio, saved } = output
  const grown = ratio === null ? '1, since nothing was sent' : `${quantity(ratio.bytes)} bytes sent for each byte`
  return {
    title: `Saved at the output ${output.output}`,
    meaning: `What rules took away, as ${output.output} would have sent it: its encoding changes the size of records.`,
    steps: [
      { label: 'Ratio of its encoding', formula: 'bytes sent / bytes forwarded to it', value: grown },
      { label: 'Saved, as it would have sent it', formula: 'saved × ratio of each day', value: amountText(saved) },
      ...moneySteps(output),
      ...totals(output.money),
    ],
    notes: output.prices.length === 0 ? ['It has no price, so no money is counted for it.'] : [],
  }
}

export function explainRule(rule: ByRule, savings: Savings): Explanation {
  const name = ruleName(rule)
  const parts = savings.by_output
    .filter(({ configuration, prices }) => configuration === rule.configuration && prices.length === 1)
    .map((output) => ({ output, price: output.prices[0]!, ratio: output.ratio ?? { bytes: 1, records: 1 } }))
    .map(({ output, price, ratio }) => {
      const sent = { bytes: rule.saved.bytes * ratio.bytes, records: rule.saved.records * ratio.records }
      return { output: output.output, price, ...priced(sent, price) }
    })
  // The ratio is that of each day, and the pipeline may lead to some outputs only: what does not add up is not shown.
  const isWhole = rule.money.every(({ currency, amount }) => {
    const sum = parts.reduce((all, part) => all + (part.price.currency === currency ? part.amount : 0), 0)
    return Math.abs(sum - amount) <= Math.abs(amount) / 1000
  })
  const lines = parts.map(({ output, formula, amount, price }) => ({
    label: `At ${output}`,
    formula,
    value: money(amount, price.currency),
  }))
  const steps: Step[] = [
    { label: rule.what === 'rule' ? 'What it took away' : name, value: amountText(rule.saved) },
    ...(rule.money.length > 0 && isWhole ? lines : []),
    ...totals(rule.money, 'bytes and records × ratio of the output × price, for each day and output'),
  ]
  return {
    title: rule.what === 'rule' ? `Saved by the rule ${name}` : name,
    meaning: ruleMeaning(rule),
    steps,
    notes: [EVERY_OUTPUT, ...(rule.money.length === 0 ? unpricedNote(savings) : currencyNote(rule.money))],
  }
}

export function explainService(service: ByService, savings: Savings): Explanation {
  const share = savings.saved.records === 0 ? 0 : service.saved.records / savings.saved.records
  return {
    title: `Saved of ${serviceName(service.service)}`,
    meaning: 'Estimated: nobody counts which service a record is from. Gateways send samples with their books.',
    steps: [
      { label: 'Samples it stands on', value: exact(service.samples) },
      { label: 'All that was saved', value: amountText(savings.saved) },
      {
        label: 'Its part',
        formula: `about ${quantity(share * 100)} % of the records, as the samples say`,
        value: amountText(service.saved),
      },
      ...totals(service.money, 'its part at the prices of the outputs'),
    ],
    notes: ['The parts are scaled to what was counted, so they add up exactly although each is an estimate.'],
  }
}

export function explainPerDay({ per_day, days }: SavingsSummary): Explanation {
  return {
    title: 'Saved per day',
    meaning:
      'The mean of the days of the last week on which there was anything. Today counts only where it is all there is.',
    steps: per_day.map(({ currency, amount }) => ({
      label: `In ${currency}`,
      formula: `${money(amount * days, currency)} on ${days} ${days === 1 ? 'day' : 'days'} / ${days}`,
      value: money(amount, currency),
      isResult: true as const,
    })),
    notes: currencyNote(per_day),
  }
}

/** `now`: Unix milliseconds; when the summary was read. */
export function explainForecast(summary: SavingsSummary, now: number): Explanation {
  const left = Math.max(0, summary.month_to - now) / DAY_MS
  return {
    title: 'Forecast for this month',
    meaning: 'What has been saved this month until now, and as much per day for the rest of it (UTC).',
    steps: summary.forecast.map(({ currency, amount }) => {
      const [soFar, daily] = [amountIn(summary.money, currency), amountIn(summary.per_day, currency)]
      return {
        label: `In ${currency}`,
        formula: `${money(soFar, currency)} + ${money(daily, currency)} × ${quantity(left)} days left`,
        value: money(amount, currency),
        isResult: true as const,
      }
    }),
    notes: ['A new rule shows in it from its first whole day on.'],
  }
}

export function explainNotCounted({ not_counted: it, by_output }: Savings): Explanation {
  const lost = by_output.map(({ output, lost }) => ({
    label: `Lost by ${output}`,
    formula: 'overwritten + expired + refused + unreadable',
    value: amountText(sumOf([lost.overwritten, lost.expired, lost.rejected, lost.lost])),
  }))
  return {
    title: 'Not counted as saved',
    meaning: 'It went past the rules, or went away although nobody wanted that. None of it is in the savings.',
    steps: [
      { label: 'Bypassed', formula: 'went out without the rules', value: amountText(it.bypassed) },
      { label: 'Quarantined', formula: 'a rule failed on it', value: amountText(it.quarantined) },
      { label: 'Rejected', formula: 'no valid record', value: amountText(it.rejected) },
      { label: 'Overwritten', formula: 'made way for newer records', value: amountText(it.overwritten) },
      ...lost,
    ],
    notes: [],
  }
}

/** One line for each currency of an output; with figures where one price held all the time. */
function moneySteps({ output, saved, money: amounts, prices }: ByOutput): Step[] {
  return amounts.map(({ currency, amount }) => {
    const used = prices.filter((price) => price.currency === currency)
    const only = prices.length === 1 ? used[0] : undefined
    const list = used.map((price) => `${rateText(price)} since ${price.since}`).join('; ')
    const formula = only === undefined ? `day by day at ${list}` : priced(saved, only).formula
    return { label: `At ${output}`, formula, value: money(amount, currency) }
  })
}

function priced(sent: Savings['saved'], price: ByOutput['prices'][number]): { formula: string; amount: number } {
  const units = sent.bytes / UNIT_BYTES[price.unit]
  const millions = sent.records / 1e6
  const parts: string[] = []
  if (price.per_gb !== null) parts.push(`${quantity(units)} ${price.unit} × ${money(price.per_gb, price.currency)}`)
  if (price.per_million_events !== null)
    parts.push(`${quantity(millions)} million events × ${money(price.per_million_events, price.currency)}`)
  const amount = units * (price.per_gb ?? 0) + millions * (price.per_million_events ?? 0)
  return { formula: parts.join(' + '), amount }
}

function totals(amounts: Money, formula?: string): Step[] {
  return amounts.map(({ currency, amount }) => ({
    label: `Together in ${currency}`,
    ...(formula !== undefined && { formula }),
    value: money(amount, currency),
    isResult: true as const,
  }))
}

function ruleMeaning({ what, pipeline, type }: ByRule): string {
  if (what === 'emitted') return `What rules of the pipeline ${pipeline} made of what they merged. It is taken off.`
  if (what === 'other') return `Rules of the pipeline ${pipeline} beyond the hundred largest, together.`
  return `What this rule (${type}, in the pipeline ${pipeline}) ended or made smaller.`
}

function unpricedNote({ by_output }: Savings): string[] {
  const names = by_output.filter(({ prices, saved }) => prices.length === 0 && saved.bytes !== 0)
  return names.length === 0
    ? []
    : [`Without a price, and not in the money: ${names.map(({ output }) => output).join(', ')}.`]
}

function currencyNote(amounts: Money): string[] {
  return amounts.length > 1 ? ['Amounts in different currencies stand beside each other and are never added.'] : []
}

function sign(kind: SavedKind): string {
  return kind === 'emitted' ? 'Less: ' : ''
}

function amountText(amount: { bytes: number; records: number }): string {
  return `${bytes(Math.round(amount.bytes))} · ${recordsText(amount.records)}`
}

function recordsText(records: number): string {
  const whole = Math.round(records)
  return `${count(whole)} ${whole === 1 ? 'record' : 'records'}`
}

function sumOf(amounts: readonly { bytes: number; records: number }[]): { bytes: number; records: number } {
  return amounts.reduce((sum, one) => ({ bytes: sum.bytes + one.bytes, records: sum.records + one.records }))
}

/** Four digits that count: `0.0004046`, `5.2`, `1,234`. */
const quantity = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 4 }).format
