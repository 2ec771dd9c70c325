/** Savings as the API answers them: of one configuration or all, by day or month, and this month at a glance. */
import type { Money, Savings, SavingsAnswer, SavingsSummary } from '#contract/savings.ts'
import type { Db } from '../store/database.ts'
import type { FlowDay } from './flow.ts'
import { DAY_MS, FORMULA, ledger } from './ledger.ts'
import { SavingsSum } from './savings-sum.ts'

/** `configuration` undefined: all. `from`, `to`: any time of the first and the last day. */
export async function readSavings(
  db: Db,
  org: string,
  configuration: string | undefined,
  from: number,
  to: number,
  by: 'day' | 'month',
): Promise<SavingsAnswer> {
  const [first, end] = wholeDays(from, to)
  const days = await ledgers(db, org, configuration, first, end)
  const buckets: Savings[] = []
  for (let at = first; at < end; ) {
    const next = Math.min(end, by === 'day' ? at + DAY_MS : nextMonth(at))
    const start = at
    buckets.push(
      sumOf(
        days.filter((day) => day.at >= start && day.at < next),
        start,
        next,
      ),
    )
    at = next
  }
  return { formula: FORMULA, total: sumOf(days, first, end), buckets }
}

const WEEK_DAYS = 7

export async function readSummary(
  db: Db,
  org: string,
  configuration: string | undefined,
  now: number,
): Promise<SavingsSummary> {
  const today = Math.floor(now / DAY_MS) * DAY_MS
  const monthFrom = Date.UTC(new Date(now).getUTCFullYear(), new Date(now).getUTCMonth(), 1)
  const monthTo = nextMonth(monthFrom)
  const days = await ledgers(db, org, configuration, Math.min(monthFrom, today - WEEK_DAYS * DAY_MS), today + DAY_MS)
  const month = sumOf(
    days.filter(({ at }) => at >= monthFrom),
    monthFrom,
    monthTo,
  )
  const week = days.filter(({ at }) => at < today && at >= today - WEEK_DAYS * DAY_MS)
  const basis = week.length > 0 ? week : days.filter(({ at }) => at === today)
  const count = new Set(basis.map(({ at }) => at)).size
  const perDay = scaled(sumOf(basis, 0, 0).money, count === 0 ? 0 : 1 / count)
  const unpriced = month.by_output.filter(({ prices, saved }) => prices.length === 0 && saved.bytes !== 0)
  return {
    formula: FORMULA,
    month_from: monthFrom,
    month_to: monthTo,
    in: month.in,
    forwarded: month.forwarded,
    saved: month.saved,
    bypassed: month.not_counted.bypassed,
    money: month.money,
    per_day: perDay,
    days: count,
    forecast: added(month.money, scaled(perDay, (monthTo - now) / DAY_MS)),
    unpriced: unpriced.map(({ configuration, output, type }) => ({ configuration, output, type })),
  }
}

/** Whole days (UTC) around both times. */
export function wholeDays(from: number, to: number): [from: number, to: number] {
  return [Math.floor(from / DAY_MS) * DAY_MS, Math.ceil(to / DAY_MS) * DAY_MS]
}

async function ledgers(
  db: Db,
  org: string,
  configuration: string | undefined,
  from: number,
  to: number,
): Promise<FlowDay[]> {
  if (configuration !== undefined) return ledger(db, org, configuration, from, to)
  const rows = await db.selectFrom('configurations').select('name').where('org_id', '=', org).orderBy('name').execute()
  const days: FlowDay[] = []
  for (const { name } of rows) days.push(...(await ledger(db, org, name, from, to)))
  return days
}

function sumOf(days: readonly FlowDay[], from: number, to: number): Savings {
  const sum = new SavingsSum()
  for (const day of days) sum.add(day)
  return sum.answer(from, to)
}

function nextMonth(at: number): number {
  const date = new Date(at)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
}

const scaled = (money: Money, by: number): Money =>
  money.map(({ currency, amount }) => ({ currency, amount: amount * by }))

function added(a: Money, b: Money): Money {
  const sums = new Map<string, number>()
  for (const { currency, amount } of [...a, ...b]) sums.set(currency, (sums.get(currency) ?? 0) + amount)
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([currency, amount]) => ({ currency, amount }))
}
