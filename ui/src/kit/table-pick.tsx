/** The boxes by which rows of a table are selected. */
import type { Column } from '#ui/kit/table.tsx'

/** Rows that were picked for something to be done to them, by their keys. */
export interface Selection<Row> {
  keys: ReadonlySet<string>
  onChange: (keys: ReadonlySet<string>) => void
  /** How readers hear a row named. */
  name: (row: Row) => string
}

/** A box for each row; the one in the header takes all rows that are here. */
export function pickColumn<Row>(
  { keys, onChange, name }: Selection<Row>,
  rows: readonly Row[],
  rowKey: (row: Row) => string,
): Column<Row> {
  const isAll = rows.length > 0 && rows.every((row) => keys.has(rowKey(row)))
  const change = (changed: readonly Row[], isPicked: boolean) => {
    const next = new Set(keys)
    for (const row of changed) isPicked ? next.add(rowKey(row)) : next.delete(rowKey(row))
    onChange(next)
  }
  return {
    id: 'pick',
    width: '1.75rem',
    header: <Box label="Select all rows that are loaded" checked={isAll} onChange={(picked) => change(rows, picked)} />,
    cell: (row) => (
      <Box label={`Select ${name(row)}`} checked={keys.has(rowKey(row))} onChange={(picked) => change([row], picked)} />
    ),
  }
}

function Box({ label, checked, onChange }: { label: string; checked: boolean; onChange: (checked: boolean) => void }) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the box has the keys; a click beside it must not open the row
    <label
      className="flex size-6 cursor-pointer items-center justify-center"
      onClick={(event) => event.stopPropagation()}
    >
      <span className="sr-only">{label}</span>
      <input
        type="checkbox"
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
        className="size-4 accent-accent"
      />
    </label>
  )
}
