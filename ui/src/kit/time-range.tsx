/** The stretch of time that a screen looks at; it stands in the URL as `range=6h` or `from=…&to=…`. */
import { useMemo } from 'react'
import { SelectField } from '#ui/kit/field.tsx'
import { numberIn, oneOf, type RawSearch } from '#ui/kit/search.ts'
import { useNow } from '#ui/kit/time.tsx'

const HOUR_MS = 3_600_000
const spans = {
  '15m': HOUR_MS / 4,
  '1h': HOUR_MS,
  '6h': 6 * HOUR_MS,
  '24h': 24 * HOUR_MS,
  '7d': 168 * HOUR_MS,
  '30d': 720 * HOUR_MS,
} as const
export type RangeName = keyof typeof spans
export const rangeNames = Object.keys(spans) as RangeName[]
const words: Record<RangeName, string> = {
  '15m': 'Last 15 minutes',
  '1h': 'Last hour',
  '6h': 'Last 6 hours',
  '24h': 'Last 24 hours',
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
}
/** `to` moves on in steps, so that a query is not new with every second. */
const STEP_MS = 15_000

export interface RangeSearch {
  range?: RangeName
  /** Unix milliseconds; both, or none. They count before `range`. */
  from?: number
  to?: number
}

export interface Range {
  from: number
  to: number
  /** It ends now, and goes on. */
  live: boolean
}

export function rangeIn(search: RawSearch): RangeSearch {
  const range = oneOf(search, 'range', rangeNames)
  const [from, to] = [numberIn(search, 'from', 0, 8.64e15), numberIn(search, 'to', 0, 8.64e15)]
  if (from !== undefined && to !== undefined && from < to) return { from, to }
  return range === undefined ? {} : { range }
}

/** What the URL says, as moments. */
export function useRange(search: RangeSearch, otherwise: RangeName = '1h'): Range {
  const now = Math.floor(useNow() / STEP_MS) * STEP_MS
  const { from, to, range = otherwise } = search
  return useMemo(
    () =>
      from !== undefined && to !== undefined
        ? { from, to, live: false }
        : { from: now - spans[range], to: now, live: true },
    [from, to, range, now],
  )
}

export function RangePicker({
  search,
  onChange,
  otherwise = '1h',
}: {
  search: RangeSearch
  onChange: (next: RangeSearch) => void
  otherwise?: RangeName
}) {
  const isFixed = search.from !== undefined
  return (
    <SelectField
      label="Time range"
      hiddenLabel
      value={isFixed ? 'fixed' : (search.range ?? otherwise)}
      onChange={(event) => onChange({ range: event.target.value as RangeName })}
      options={[
        ...(isFixed ? [{ value: 'fixed', label: fixedWords(search) }] : []),
        ...rangeNames.map((value) => ({ value, label: words[value] })),
      ]}
      className="w-48"
    />
  )
}

function fixedWords({ from, to }: RangeSearch): string {
  const short = new Intl.DateTimeFormat(undefined, {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  })
  return `${short.format(from)} – ${short.format(to)}`
}
