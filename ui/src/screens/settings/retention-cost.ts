/** What it costs to keep series: rows of the store, and how far back one sees. */
import type { Retention } from '#contract/series.ts'

export interface RetentionCost {
  minuteRows: number
  hourRows: number
  rows: number
}

/** Of one series that something flows through all the time; a minute or hour in which nothing did has no row. */
export function costOf({ minute_hours: minuteHours, hour_days: hourDays }: Retention): RetentionCost {
  const minuteRows = minuteHours * 60
  const hourRows = hourDays * 24
  return { minuteRows, hourRows, rows: minuteRows + hourRows }
}

/** What is deleted when this takes the place of what is kept now; undefined: nothing. */
export function lossOf(before: Retention, after: Retention): string | undefined {
  const parts = [
    after.minute_hours < before.minute_hours && `minutes older than ${after.minute_hours} h`,
    after.hour_days < before.hour_days && `hours older than ${after.hour_days} days`,
  ].filter((part) => part !== false)
  return parts.length === 0 ? undefined : parts.join(' and ')
}
