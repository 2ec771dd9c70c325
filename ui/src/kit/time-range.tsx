/** The stretch of time that a screen looks at; it stands in the URL as `range=6h` or `from=…&to=…`. */
import { useMemo } from 'react'
import { SelectField } from '#ui/kit/field.tsx'
import { asSearch, numberIn, oneOf, type RawSearch } from '#ui/kit/search.ts'
import { useNow } from '#ui/kit/time.tsx'
import { type RangeName, rangeNames, rangeWords, spanOf } from '#ui/kit/time-span.ts'

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
  const isStretch = from !== undefined && to !== undefined && from < to
  return asSearch(isStretch ? { range: undefined, from, to } : { range, from: undefined, to: undefined })
}

/** What the URL says, as moments. */
export function useRange(search: RangeSearch, otherwise: RangeName = '1h'): Range {
  const now = Math.floor(useNow() / STEP_MS) * STEP_MS
  const { from, to, range = otherwise } = search
  return useMemo(
    () =>
      from !== undefined && to !== undefined
        ? { from, to, live: false }
        : { from: now - spanOf(range), to: now, live: true },
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
        ...rangeNames.map((value) => ({ value, label: rangeWords[value] })),
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
