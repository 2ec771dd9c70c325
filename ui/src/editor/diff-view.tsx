/**
 * Two texts, line by line: unchanged ones folded, one below the other or side by side. Each changed line says so in words
 * for those who do not see its ground. `n` and `p` go from change to change, `u` switches the view.
 */
import { ArrowDown, ArrowUp, Columns2, Rows2, UnfoldVertical } from 'lucide-react'
import { useMemo, useRef, useState } from 'react'
import { diffLines, type Hunk, hunksOf, type Line, pairsOf } from '#ui/editor/diff-view-lines.ts'
import { Button, IconButton } from '#ui/kit/button.tsx'
import { cx } from '#ui/kit/cx.ts'
import { useShortcuts } from '#ui/kit/shortcuts.ts'

export interface DiffViewProps {
  before: string
  after: string
  /** What the sides are: `live (version 3)`, `draft`. */
  beforeName: string
  afterName: string
}

type Layout = 'unified' | 'split'
const LAYOUT_KEY = 'streamgate.diff'

export function DiffView({ before, after, beforeName, afterName }: DiffViewProps) {
  const hunks = useMemo(() => hunksOf(diffLines(before, after)), [before, after])
  const [layout, setLayout] = useLayout()
  const [unfolded, setUnfolded] = useState<ReadonlySet<number>>(new Set())
  const [current, setCurrent] = useState<number>()
  const body = useRef<HTMLDivElement>(null)
  const changes = hunks.filter(({ kind }) => kind === 'change').length
  // Another text has other folds and changes.
  const [shown, setShown] = useState(hunks)
  if (shown !== hunks) {
    setShown(hunks)
    setUnfolded(new Set())
    setCurrent(undefined)
  }
  const goTo = (step: 1 | -1) => {
    if (changes === 0) return
    const next = current === undefined ? (step === 1 ? 0 : changes - 1) : (current + step + changes) % changes
    setCurrent(next)
    body.current?.querySelector<HTMLElement>(`[data-change="${next}"]`)?.focus()
  }
  const toggle = () => setLayout(layout === 'unified' ? 'split' : 'unified')
  useShortcuts({ n: () => goTo(1), p: () => goTo(-1), u: toggle })
  const unfold = (index: number) => setUnfolded(new Set([...unfolded, index]))
  return (
    <section aria-label={`Text of ${beforeName} and ${afterName}`} className="flex min-w-0 flex-col gap-2">
      <div className="flex flex-wrap items-center gap-2">
        <p className="text-sm text-muted">
          <span className="font-mono text-bad">−</span> {beforeName} <span className="ml-2 font-mono text-ok">+</span>{' '}
          {afterName}
        </p>
        <span className="flex-1" />
        <span aria-live="polite" className="text-xs text-muted">
          {current === undefined
            ? `${changes} ${changes === 1 ? 'change' : 'changes'}`
            : `Change ${current + 1} of ${changes}`}
        </span>
        <IconButton label="Previous change (p)" icon={ArrowUp} onClick={() => goTo(-1)} disabled={changes === 0} />
        <IconButton label="Next change (n)" icon={ArrowDown} onClick={() => goTo(1)} disabled={changes === 0} />
        <Button icon={layout === 'unified' ? Columns2 : Rows2} onClick={toggle}>
          {layout === 'unified' ? 'Side by side' : 'One below the other'}
        </Button>
      </div>
      {/* What scrolls must be reachable without a pointer. */}
      <div
        ref={body}
        tabIndex={0}
        role="group"
        aria-label="Differences line by line"
        className="relative max-h-[60vh] overflow-auto rounded-md border border-line bg-canvas font-mono text-xs leading-5 focus-visible:-outline-offset-2"
      >
        <div className={layout === 'split' ? 'min-w-[48rem]' : 'min-w-fit'}>
          {changes === 0 && <p className="px-3 py-2 font-sans text-muted">The texts are the same, line by line.</p>}
          {hunks.map((hunk, index) =>
            hunk.kind === 'fold' && !unfolded.has(index) ? (
              <Fold key={`fold${hunk.lines[0]!.before}`} count={hunk.lines.length} onOpen={() => unfold(index)} />
            ) : (
              <Lines key={keyOf(hunk)} hunk={hunk} layout={layout} isCurrent={isCurrent(hunk, current)} />
            ),
          )}
        </div>
      </div>
    </section>
  )
}

function Fold({ count, onOpen }: { count: number; onOpen: () => void }) {
  return (
    <button
      type="button"
      onClick={onOpen}
      className="flex min-h-7 w-full items-center gap-2 border-y border-line bg-raised px-3 text-left font-sans text-muted hover:text-ink focus-visible:-outline-offset-2"
    >
      <UnfoldVertical aria-hidden className="size-3.5" />
      Show {count} unchanged lines
    </button>
  )
}

function Lines({ hunk, layout, isCurrent }: { hunk: Hunk; layout: Layout; isCurrent: boolean }) {
  const rows =
    layout === 'unified'
      ? hunk.lines.map((line) => <UnifiedRow key={numbersOf(line)} line={line} />)
      : pairsOf(hunk.lines).map(({ left, right }) => (
          <div key={`${left && numbersOf(left)}:${right && numbersOf(right)}`} className="grid grid-cols-2">
            <Side line={left} number={left?.before} />
            <Side line={right} number={right?.after} />
          </div>
        ))
  if (hunk.kind !== 'change') return <div>{rows}</div>
  return (
    <div
      data-change={hunk.change}
      tabIndex={-1}
      role="group"
      aria-label={`Change ${hunk.change + 1}`}
      className={cx('focus-visible:-outline-offset-2', isCurrent && 'border-l-4 border-accent')}
    >
      {rows}
    </div>
  )
}

const grounds = { same: 'text-muted', added: 'bg-ok-soft text-ok', removed: 'bg-bad-soft text-bad' } as const
const signs = { same: ' ', added: '+', removed: '−' } as const
const spoken = { same: '', added: 'Added: ', removed: 'Removed: ' } as const

function UnifiedRow({ line }: { line: Line }) {
  return (
    <div className={cx('flex', grounds[line.kind])}>
      <LineNumber value={line.before} />
      <LineNumber value={line.after} />
      <Text line={line} />
    </div>
  )
}

function Side({ line, number }: { line: Line | undefined; number: number | undefined }) {
  return (
    <div className={cx('flex min-w-0 border-l border-line first:border-l-0', line && grounds[line.kind])}>
      <LineNumber value={number} />
      {line !== undefined && <Text line={line} />}
    </div>
  )
}

function Text({ line: { kind, text } }: { line: Line }) {
  return (
    <>
      <span aria-hidden className="w-4 shrink-0 text-center select-none">
        {signs[kind]}
      </span>
      <span className="pr-3 break-all whitespace-pre-wrap">
        {kind !== 'same' && <span className="sr-only">{spoken[kind]}</span>}
        {text}
      </span>
    </>
  )
}

function LineNumber({ value }: { value: number | undefined }) {
  return (
    <span aria-hidden className="w-10 shrink-0 pr-2 text-right select-none">
      {value}
    </span>
  )
}

function numbersOf({ before, after }: Line): string {
  return `${before ?? '-'},${after ?? '-'}`
}

function keyOf({ lines }: Hunk): string {
  return numbersOf(lines[0]!)
}

function isCurrent(hunk: Hunk, current: number | undefined): boolean {
  return hunk.kind === 'change' && hunk.change === current
}

/** What one likes better stays so. */
function useLayout(): [Layout, (layout: Layout) => void] {
  const [layout, setLayout] = useState<Layout>(() => {
    try {
      return localStorage.getItem(LAYOUT_KEY) === 'split' ? 'split' : 'unified'
    } catch {
      return 'unified'
    }
  })
  const keep = (next: Layout) => {
    setLayout(next)
    try {
      localStorage.setItem(LAYOUT_KEY, next)
    } catch {
      // Storage is off: it holds for this page.
    }
  }
  return [layout, keep]
}
