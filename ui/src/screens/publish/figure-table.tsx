/** A short table of figures: all rows in the page, columns as wide as what stands in them. */
import type { ReactNode } from 'react'
import { cx } from '#ui/kit/cx.ts'

export interface FigureTableProps {
  label: string
  columns: readonly ReactNode[]
  rows: readonly { key: string; cells: readonly ReactNode[] }[]
  /** How many columns are words; figures stand to the right. */
  textColumns?: number
}

export function FigureTable({ label, columns, rows, textColumns = 1 }: FigureTableProps) {
  return (
    // What scrolls must be reachable without a pointer.
    <div
      className="relative overflow-x-auto rounded-md border border-line"
      tabIndex={0}
      role="group"
      aria-label={label}
    >
      <table aria-label={label} className="w-full text-sm">
        <thead>
          <tr className="border-b border-line text-xs text-muted">
            {columns.map((column, index) => (
              <th
                // biome-ignore lint/suspicious/noArrayIndexKey: columns never move
                key={index}
                scope="col"
                className={cx('px-3 py-1.5 font-medium', index < textColumns ? 'text-left' : 'text-right')}
              >
                {column === '' ? <span className="sr-only">{index === 0 ? 'What' : 'Note'}</span> : column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {rows.map(({ key, cells }) => (
            <tr key={key}>
              {cells.map((cell, index) => (
                <td
                  // biome-ignore lint/suspicious/noArrayIndexKey: columns never move
                  key={index}
                  className={cx(
                    'px-3 py-1.5',
                    index < textColumns ? 'text-left break-words' : 'text-right whitespace-nowrap',
                  )}
                >
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** `2,930 (2,516 to 3,389)`: the bounds stand back behind the value. */
export function Figure({ text }: { text: string }) {
  const at = text.indexOf(' (')
  if (at < 0) return text
  return (
    <>
      {text.slice(0, at)} <span className="text-xs text-muted">{text.slice(at + 1)}</span>
    </>
  )
}
