/**
 * A table of any length: only the rows in sight are in the page. Rows have one height, so that the scrollbar tells the
 * truth; the header stays. `j` and `k` or the arrows move, Enter opens; where rows can be selected, `x` does that, and
 * Shift with `x` takes all from the one before.
 */
import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDown, ArrowUp } from 'lucide-react'
import {
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
  type Ref,
  useImperativeHandle,
  useMemo,
  useRef,
  useState,
} from 'react'
import { cx } from '#ui/kit/cx.ts'
import { singleKeysOn } from '#ui/kit/shortcuts.ts'
import { pickColumn, type Selection } from '#ui/kit/table-pick.tsx'

export interface Column<Row> {
  id: string
  header: ReactNode
  cell: (row: Row) => ReactNode
  /** A CSS grid track, such as `minmax(12rem, 2fr)`. */
  width?: string
  align?: 'right'
  /** What to sort by; without it the column cannot be sorted. */
  sort?: (row: Row) => string | number
}

export interface Sort {
  column: string
  descending: boolean
}

export interface TableProps<Row> {
  /** What the table lists; read out. */
  label: string
  rows: readonly Row[]
  columns: readonly Column<Row>[]
  rowKey: (row: Row) => string
  /** Opens a row: by a click, or Enter. */
  onOpen?: (row: Row) => void
  isSelected?: (row: Row) => boolean
  selection?: Selection<Row> | undefined
  /** Of the whole list, where more follows than is here; -1: nobody knows yet. */
  rowCount?: number
  sort?: Sort | undefined
  onSort?: (sort: Sort) => void
  rowHeight?: number
  /** Of the whole table, at most; in CSS. */
  maxHeight?: string
  /** Asked when the end comes near: for pages that follow. */
  onEnd?: () => void
  empty?: ReactNode
  /** To go to a row from outside. */
  handle?: Ref<TableHandle>
}

export interface TableHandle {
  focusRow: (index: number) => void
}

const ROW_HEIGHT = 40
const OVERSCAN = 12

export function Table<Row>(props: TableProps<Row>) {
  const { label, rowKey, onOpen, selection, onEnd, rowHeight = ROW_HEIGHT, maxHeight = '70vh', empty } = props
  const isSelected = (row: Row) => selection?.keys.has(rowKey(row)) === true || props.isSelected?.(row) === true
  const isFocusable = onOpen !== undefined || selection !== undefined
  const [ownSort, setOwnSort] = useState<Sort>()
  const sort = props.onSort === undefined ? ownSort : props.sort
  const rows = useMemo(() => sorted(props.rows, props.columns, sort), [props.rows, props.columns, sort])
  const lastPicked = useRef(0)
  const pick = (index: number, isRange: boolean) => {
    const row = rows[index]
    if (selection === undefined || row === undefined) return
    const keys = new Set(selection.keys)
    const from = isRange ? Math.min(lastPicked.current, rows.length - 1) : index
    const picks = rows.slice(Math.min(from, index), Math.max(from, index) + 1).map(rowKey)
    if (!isRange && keys.has(rowKey(row))) keys.delete(rowKey(row))
    else for (const key of picks) keys.add(key)
    lastPicked.current = index
    selection.onChange(keys)
  }
  const columns = selection === undefined ? props.columns : [pickColumn(selection, rows, rowKey), ...props.columns]
  const scroller = useRef<HTMLDivElement>(null)
  const [active, setActive] = useState(0)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: OVERSCAN,
    initialRect: { width: 800, height: 600 },
    onChange: (instance) => {
      const last = instance.getVirtualItems().at(-1)
      if (last !== undefined && last.index >= rows.length - OVERSCAN && rows.length > 0) onEnd?.()
    },
  })
  const tracks = { gridTemplateColumns: columns.map(({ width }) => width ?? 'minmax(6rem, 1fr)').join(' ') }
  const choose = (column: Column<Row>) => {
    const next = { column: column.id, descending: sort?.column === column.id ? !sort.descending : false }
    if (props.onSort === undefined) setOwnSort(next)
    else props.onSort(next)
  }
  const focusRow = (index: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, index))
    setActive(next)
    virtual.scrollToIndex(next)
    // The row may have to be rendered first.
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-index="${next}"]`)?.focus())
  }
  useImperativeHandle(props.handle, () => ({ focusRow }))
  const onKeyDown = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement
    if (target.dataset['index'] === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    // Rows may have come in above the one that has the focus.
    const at = Number(target.dataset['index'])
    const byLetter = singleKeysOn() ? event.key.toLowerCase() : undefined
    const moves: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }
    const next = moves[event.key] ?? (byLetter === 'j' ? at + 1 : byLetter === 'k' ? at - 1 : undefined)
    if (next !== undefined) focusRow(next)
    else if (event.key === 'Enter' && rows[at] !== undefined) onOpen?.(rows[at])
    else if (byLetter === 'x' && selection !== undefined) pick(at, event.shiftKey)
    else return
    event.preventDefault()
  }
  if (rows.length === 0 && empty !== undefined) return <>{empty}</>
  const items = virtual.getVirtualItems()
  return (
    <div
      ref={scroller}
      role="table"
      aria-label={label}
      aria-rowcount={props.rowCount === -1 ? -1 : (props.rowCount ?? rows.length) + 1}
      // What scrolls must be reachable without a pointer, also where no row can be opened.
      tabIndex={isFocusable ? -1 : 0}
      className="relative overflow-auto focus-visible:-outline-offset-2"
      style={{ maxHeight }}
      onKeyDown={onKeyDown}
    >
      <div role="rowgroup" className="sticky top-0 z-10 min-w-fit border-b border-line bg-panel">
        <div role="row" aria-rowindex={1} className="grid gap-x-3 px-4" style={tracks}>
          {columns.map((column) => (
            <ColumnHeader key={column.id} column={column} sort={sort} onSort={() => choose(column)} />
          ))}
        </div>
      </div>
      <div role="rowgroup" className="relative min-w-fit" style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const row = rows[item.index]!
          return (
            <div
              key={rowKey(row)}
              role="row"
              aria-rowindex={item.index + 2}
              {...(isSelected(row) && { 'aria-selected': true })}
              data-index={item.index}
              tabIndex={isFocusable ? (item.index === Math.min(active, rows.length - 1) ? 0 : -1) : undefined}
              onFocus={() => setActive(item.index)}
              {...(onOpen !== undefined && { onClick: (event) => isOnRow(event) && onOpen(row) })}
              className={cx(
                'absolute inset-x-0 grid items-center gap-x-3 border-b border-line px-4 text-sm focus-visible:-outline-offset-2',
                onOpen !== undefined && 'cursor-pointer hover:bg-raised',
                isSelected(row) && 'bg-accent-soft',
              )}
              style={{ ...tracks, height: item.size, transform: `translateY(${item.start}px)` }}
            >
              {columns.map(({ id, cell, align }) => (
                <div key={id} role="cell" className={cx('min-w-0 truncate', align === 'right' && 'text-right')}>
                  {cell(row)}
                </div>
              ))}
            </div>
          )
        })}
      </div>
    </div>
  )
}

function ColumnHeader<Row>({
  column,
  sort,
  onSort,
}: {
  column: Column<Row>
  sort: Sort | undefined
  onSort: () => void
}) {
  const { header, align } = column
  const isSorted = sort?.column === column.id
  const look = cx(
    'flex min-h-9 min-w-0 items-center gap-1 text-xs font-medium text-muted',
    align === 'right' && 'justify-end',
  )
  if (column.sort === undefined)
    return (
      <div role="columnheader" className={look}>
        {header}
      </div>
    )
  const Arrow = sort?.descending === true ? ArrowDown : ArrowUp
  return (
    <div
      role="columnheader"
      aria-sort={isSorted ? (sort.descending ? 'descending' : 'ascending') : 'none'}
      className={look}
    >
      <button type="button" onClick={onSort} className="inline-flex min-h-6 items-center gap-1 rounded hover:text-ink">
        {header}
        {isSorted && <Arrow aria-hidden className="size-3.5" />}
      </button>
    </div>
  )
}

/** Not on a control in the row, nor in a menu that one has opened: React lets clicks there come up to the row as well. */
function isOnRow({ currentTarget, target }: MouseEvent): boolean {
  const element = target as HTMLElement
  return currentTarget.contains(element) && element.closest('a, button, input, select, label') === null
}

/** Rows that are equal keep their order. */
function sorted<Row>(rows: readonly Row[], columns: readonly Column<Row>[], sort: Sort | undefined): readonly Row[] {
  const by = columns.find(({ id }) => id === sort?.column)?.sort
  if (by === undefined || sort === undefined) return rows
  const direction = sort.descending ? -1 : 1
  return [...rows].sort((a, b) => {
    const [left, right] = [by(a), by(b)]
    if (typeof left === 'number' && typeof right === 'number') return (left - right) * direction
    return String(left).localeCompare(String(right)) * direction
  })
}
