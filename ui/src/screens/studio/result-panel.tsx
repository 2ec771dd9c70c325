/** What became of the samples: before and after side by side, by outcome, with sizes. */
import { Play } from 'lucide-react'
import { type ReactNode, type RefObject, useImperativeHandle, useMemo, useRef } from 'react'
import type { TriedRecord } from '#ui/engine/messages.ts'
import { Button } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { cx } from '#ui/kit/cx.ts'
import { bytes, exact, percent } from '#ui/kit/format.ts'
import { OutcomeBadge } from '#ui/kit/outcome.tsx'
import { Skeleton } from '#ui/kit/states.tsx'
import { Table, type TableHandle } from '#ui/kit/table.tsx'
import { columns, type ResultRow } from '#ui/screens/studio/result-columns.tsx'
import { type Group, groupKey, nextChanged, totalsOf } from '#ui/screens/studio/results.ts'
import type { RunState } from '#ui/screens/studio/use-engine.ts'
import { useSelected } from '#ui/screens/studio/use-selected.ts'

/** `n` and `p`: from outside of the list. */
export interface ResultMoves {
  go: (by: 1 | -1) => void
}

export interface ResultPanelProps {
  run: RunState
  /** In place of a result, while there is nothing to try. */
  empty: ReactNode
  group: string | undefined
  onGroup: (key: string | undefined) => void
  onOpen: (row: ResultRow) => void
  onSelect: (text: string, at: { x: number; y: number }) => void
  moves: RefObject<ResultMoves | null>
}

export function ResultPanel({ run, empty, group, onGroup, onOpen, onSelect, moves }: ResultPanelProps) {
  const { good } = run
  const all = useMemo(() => (good === undefined ? [] : rowsOf(good.records, good.answer.result.records)), [good])
  const totals = useMemo(() => totalsOf(all.map(({ record }) => record)), [all])
  const chosen = totals.groups.some(({ key }) => key === group) ? group : undefined
  const rows = useMemo(() => (chosen === undefined ? all : all.filter((row) => row.group === chosen)), [all, chosen])
  const region = useRef<HTMLDivElement>(null)
  const table = useMoves(moves, region, rows)
  const selected = useSelected(region, onSelect)
  return (
    <Card
      title="Result"
      flush
      className="lg:sticky lg:top-16"
      actions={
        empty === undefined && (
          <Button look="quiet" icon={Play} busy={run.isRunning} onClick={run.runNow} aria-keyshortcuts="Control+Enter">
            Run
          </Button>
        )
      }
    >
      <div className="flex flex-col gap-2 px-4 pb-2">
        <RunStatus run={run} />
        {all.length > 0 && (
          <>
            <Sizes bytesIn={totals.bytesIn} bytesOut={totals.bytesOut} records={all.length} rows={all} />
            <Groups groups={totals.groups} total={all.length} chosen={chosen} onChoose={onGroup} />
          </>
        )}
      </div>
      <div ref={region}>
        {empty !== undefined ? (
          empty
        ) : good === undefined ? (
          run.last === undefined && <Skeleton className="px-4" lines={8} />
        ) : (
          <Table
            handle={table}
            label="Samples, before and after"
            rows={rows}
            columns={columns}
            rowKey={({ index }) => String(index)}
            rowHeight={46}
            maxHeight="calc(100vh - 17rem)"
            onOpen={(row) => {
              // The click that ends a selection opens nothing.
              if (!selected()) onOpen(row)
            }}
          />
        )}
      </div>
    </Card>
  )
}

function rowsOf(records: readonly string[], tried: readonly TriedRecord[]): ResultRow[] {
  return tried.map((record, index) => ({ index, before: records[index] ?? '', record, group: groupKey(record) }))
}

function useMoves(moves: RefObject<ResultMoves | null>, region: RefObject<HTMLElement | null>, rows: ResultRow[]) {
  const table = useRef<TableHandle>(null)
  const at = useRef(-1)
  useImperativeHandle(moves, () => ({
    go: (by) => {
      const focused = document.activeElement?.closest<HTMLElement>('[data-index]')
      if (focused != null && region.current?.contains(focused) === true) at.current = Number(focused.dataset['index'])
      const keys = rows.map((row) => row.group)
      const next = nextChanged(keys, Math.min(at.current, rows.length - 1), by)
      if (next < 0) return
      at.current = next
      table.current?.focusRow(next)
    },
  }))
  return table
}

/** Read out when it changes; the records are not. */
function RunStatus({ run: { last, good } }: { run: RunState }) {
  if (last === undefined) return null
  const { answer, ms, records } = last
  if (answer.ok) {
    return (
      <p role="status" className="text-xs text-muted">
        {records.length > 0 && `${exact(records.length)} samples tried in ${Math.round(ms)} ms.`}
      </p>
    )
  }
  const general = answer.problems.filter(({ processor }) => processor === null)
  return (
    <div role="alert" className="rounded-md bg-bad-soft px-3 py-2 text-sm text-bad">
      {answer.reason === 'invalid' ? (
        <p>A rule is not right: it says at the rule what is wrong.</p>
      ) : (
        general.map(({ detail }) => <p key={detail}>{sentence(detail)}</p>)
      )}
      {good !== undefined && <p>What shows is the last result.</p>}
    </div>
  )
}

function Sizes({
  bytesIn,
  bytesOut,
  records,
  rows,
}: {
  bytesIn: number
  bytesOut: number
  records: number
  rows: readonly ResultRow[]
}) {
  const left = rows.filter(({ record }) => record.after !== null).length
  const saved = bytesIn === 0 ? 0 : 1 - bytesOut / bytesIn
  return (
    <div className="flex flex-wrap items-baseline gap-x-4 gap-y-1 text-sm">
      <p>
        <span className="text-muted">Before</span> {bytes(bytesIn)}
        <span className="mx-1.5 text-muted">→ after</span>
        {bytes(bytesOut)} <strong>({changeWords(saved)})</strong>
      </p>
      <p className="text-muted">
        {exact(left)} of {exact(records)} records go on
      </p>
    </div>
  )
}

function changeWords(saved: number): string {
  if (saved === 0) return 'no change'
  return saved > 0 ? `−${percent(saved)}` : `+${percent(-saved)}`
}

function Groups({
  groups,
  total,
  chosen,
  onChoose,
}: {
  groups: readonly Group[]
  total: number
  chosen: string | undefined
  onChoose: (key: string | undefined) => void
}) {
  return (
    <div role="group" aria-label="Show only" className="flex flex-wrap gap-1.5">
      <Chip isOn={chosen === undefined} onClick={() => onChoose(undefined)}>
        All {exact(total)}
      </Chip>
      {groups.map(({ key, outcome, rule, count }) => (
        <Chip key={key} isOn={chosen === key} onClick={() => onChoose(chosen === key ? undefined : key)}>
          <OutcomeBadge outcome={outcome} rule={rule} /> {exact(count)}
        </Chip>
      ))}
    </div>
  )
}

function Chip({ isOn, onClick, children }: { isOn: boolean; onClick: () => void; children: ReactNode }) {
  return (
    <button
      type="button"
      aria-pressed={isOn}
      onClick={onClick}
      className={cx(
        'inline-flex min-h-7 items-center gap-1.5 rounded-full border px-2 text-xs',
        isOn ? 'border-accent bg-accent-soft font-medium' : 'border-edge hover:bg-raised',
      )}
    >
      {children}
    </button>
  )
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`
}
