/** Rows of text under each other. */
import { plain } from './api-error.ts'

/** The first row is the heading. Lines with their ends; the last column is not padded. */
export function columns(rows: readonly (readonly string[])[]): string {
  const clean = rows.map((row) => row.map(plain))
  const widths = clean[0]!.map((_, c) => Math.max(...clean.map((row) => row[c]!.length)))
  return clean
    .map(
      (row) =>
        `${row
          .map((cell, c) => cell.padEnd(widths[c]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

/** `2026-11-21 14:05:09`, in UTC as everything that people compare. */
export function timeText(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace('T', ' ')
}
