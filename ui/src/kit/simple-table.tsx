/** A short table: all rows are in the page, cells wrap, and it scrolls sideways where there is no room. */
import type { ReactNode } from 'react'
import { cx } from '#ui/kit/cx.ts'

export interface SimpleTableProps {
  label: string
  head: readonly ReactNode[]
  rows: readonly { key: string; cells: readonly ReactNode[] }[]
  /** Columns whose figures stand at the right. */
  right?: readonly number[]
  empty: ReactNode
}

export function SimpleTable({ label, head, rows, right = [], empty }: SimpleTableProps) {
  if (rows.length === 0) return <div className="px-4 pb-4 text-muted">{empty}</div>
  return (
    // What scrolls must be reachable without a pointer.
    <section className="relative overflow-x-auto" aria-label={label} tabIndex={0}>
      <table className="w-full text-sm" aria-label={label}>
        <thead>
          <tr className="border-b border-line text-xs text-muted">
            {head.map((name, index) => (
              <th
                // biome-ignore lint/suspicious/noArrayIndexKey: columns do not move
                key={index}
                scope="col"
                className={cx(
                  'px-3 py-2 font-medium whitespace-nowrap first:pl-4 last:pr-4',
                  right.includes(index) ? 'text-right' : 'text-left',
                )}
              >
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, cells }) => (
            <tr key={key} className="border-b border-line align-baseline last:border-0">
              {cells.map((cell, index) => (
                <td
                  // biome-ignore lint/suspicious/noArrayIndexKey: columns do not move
                  key={index}
                  className={cx(
                    'px-3 py-2 first:pl-4 last:pr-4',
                    right.includes(index) && 'text-right whitespace-nowrap',
                  )}
                >
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
