/** The figures that matter, each with how it came about. */
import type { Money, Savings, SavingsSummary } from '#contract/savings.ts'
import { textLink } from '#ui/kit/button.tsx'
import { bytes, count, money, percent } from '#ui/kit/format.ts'
import { Stat, Stats } from '#ui/kit/stat.tsx'
import {
  type Explanation,
  explainForecast,
  explainMoney,
  explainNotCounted,
  explainPerDay,
  explainSaved,
} from '#ui/screens/savings/explain.ts'
import { lostBytes, notCountedBytes } from '#ui/screens/savings/figures.ts'

export function Tiles({
  summary,
  summaryAt,
  total,
  month,
  onExplain,
  onPrice,
}: {
  summary: SavingsSummary
  /** When it was read. */
  summaryAt: number
  total: Savings
  /** The ledger of this month, when it is there. */
  month: Savings | undefined
  onExplain: (explanation: Explanation) => void
  onPrice: (() => void) | undefined
}) {
  const lost = lostBytes(total)
  const away = notCountedBytes(total)
  const explained = (words: string, name: string, explain: () => Explanation) => (
    <Note words={words} action={{ label: 'Explain', about: name, run: () => onExplain(explain()) }} />
  )
  const noPrice = <Note words="No price yet" />
  const priceless =
    onPrice === undefined ? (
      noPrice
    ) : (
      <Note words="No price yet" action={{ label: 'Set a price', about: '', run: onPrice }} />
    )
  return (
    <Stats>
      <Stat
        label="Saved this month"
        value={<Amounts money={summary.money} />}
        note={
          summary.money.length === 0 || month === undefined
            ? priceless
            : explained('Since the first, UTC', 'saved this month', () => explainMoney('Saved this month', month))
        }
      />
      <Stat
        label="Saved per day"
        value={<Amounts money={summary.per_day} />}
        note={
          summary.per_day.length === 0
            ? noPrice
            : explained(summary.days === 1 ? 'Of one day' : `Mean of ${summary.days} days`, 'saved per day', () =>
                explainPerDay(summary),
              )
        }
      />
      <Stat
        label="Forecast for this month"
        value={<Amounts money={summary.forecast} />}
        note={
          summary.forecast.length === 0
            ? noPrice
            : explained('If it goes on like this', 'the forecast', () => explainForecast(summary, summaryAt))
        }
      />
      <Stat
        label="Bytes saved"
        value={bytes(total.saved.bytes)}
        note={explained(shareOf(total, 'bytes'), 'bytes saved', () => explainSaved(total))}
      />
      <Stat
        label="Records saved"
        value={count(total.saved.records)}
        note={explained(shareOf(total, 'records'), 'records saved', () => explainSaved(total))}
      />
      <Stat
        label="Not counted"
        value={bytes(away + lost)}
        {...(total.not_counted.bypassed.bytes > 0 && { tone: 'warn' as const })}
        note={explained('Bypassed, lost and the like', 'not counted', () => explainNotCounted(total))}
      />
    </Stats>
  )
}

function Amounts({ money: amounts }: { money: Money }) {
  if (amounts.length === 0) return <span aria-hidden>–</span>
  // Several currencies stand in little more than the room of one.
  const look = amounts.length > 1 ? 'block truncate text-base leading-5' : 'block truncate'
  return amounts.map(({ currency, amount }) => (
    <span key={currency} data-amount={currency} className={look} title={money(amount, currency)}>
      {money(amount, currency)}
    </span>
  ))
}

function Note({
  words,
  action,
}: {
  words: string
  /** `about`: what it acts on, for those who do not see where it stands. */
  action?: { label: string; about: string; run: () => void }
}) {
  return (
    <span className="flex flex-col items-start">
      <span>{words}</span>
      {action !== undefined && (
        <button type="button" onClick={action.run} className={`min-h-6 rounded ${textLink}`}>
          {action.label}
          {action.about !== '' && <span className="sr-only"> {action.about}</span>}
        </button>
      )}
    </span>
  )
}

function shareOf({ in: came, saved }: Savings, of: 'bytes' | 'records'): string {
  return came[of] === 0 ? 'Nothing came in' : `${percent(saved[of] / came[of])} of what came in`
}
