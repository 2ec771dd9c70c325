/** What the chart of savings stacks: days or months, by kind, in bytes, records or a currency. */
import type { SavedKind, Savings } from '#contract/savings.ts'
import { amountIn, kindWords } from '#ui/screens/savings/figures.ts'
import { bucketName } from '#ui/screens/savings/span.ts'

export interface Bucket {
  from: number
  name: string
  /** For the axis. */
  short: string
  /** One for each kind, none below 0: what rules made anew is taken off what they merged. */
  values: number[]
  /** What was saved, with all that is taken off. */
  net: number
}

export interface Stack {
  buckets: Bucket[]
  kinds: { label: string; color: string }[]
  /** Of the axis: never 0. */
  top: number
}

const colors = {
  dropped: 'var(--dropped)',
  sampled: 'var(--sampled)',
  deduplicated: 'var(--deduplicated)',
  aggregated: 'var(--aggregated)',
  edited: 'var(--redacted)',
} as const
type Shown = keyof typeof colors
const order: readonly Shown[] = ['edited', 'aggregated', 'deduplicated', 'sampled', 'dropped']

/** `measure`: `bytes`, `records`, or a currency. Kinds of which there is nothing are left out. */
export function stackOf(savings: readonly Savings[], by: 'day' | 'month', measure: string): Stack {
  const all = savings.map((one) => ({ one, values: valuesOf(one, measure) }))
  const kinds = order.filter((kind) => all.some(({ values }) => values[kind] > 0))
  const buckets = all.map(({ one, values }) => ({
    from: one.from,
    name: bucketName(one.from, by),
    short: (by === 'day' ? dayShort : monthShort).format(one.from),
    values: kinds.map((kind) => Math.max(0, values[kind])),
    net: measured(one, measure),
  }))
  const highest = Math.max(0, ...buckets.map(({ values }) => values.reduce((sum, value) => sum + value, 0)))
  return {
    buckets,
    kinds: kinds.map((kind) => ({ label: kindWords[kind], color: colors[kind] })),
    top: highest === 0 ? 1 : highest,
  }
}

function valuesOf({ by_kind }: Savings, measure: string): Record<Shown, number> {
  const value = (kind: SavedKind) => {
    const found = by_kind.find((one) => one.kind === kind)
    return found === undefined ? 0 : measured(found, measure)
  }
  return {
    dropped: value('dropped'),
    sampled: value('sampled'),
    deduplicated: value('deduplicated'),
    aggregated: value('aggregated') + value('emitted'),
    edited: value('edited'),
  }
}

function measured({ saved, money }: Pick<Savings, 'saved' | 'money'>, measure: string): number {
  return measure === 'bytes' || measure === 'records' ? saved[measure] : amountIn(money, measure)
}

const dayShort = new Intl.DateTimeFormat(undefined, { timeZone: 'UTC', day: 'numeric', month: 'short' })
const monthShort = new Intl.DateTimeFormat(undefined, { timeZone: 'UTC', month: 'short', year: '2-digit' })
