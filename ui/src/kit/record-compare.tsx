/** A record before and after, side by side; what differs has a sign at its line, and a mark in it. */
import type { RecordText } from '#contract/observation.ts'
import { CopyButton } from '#ui/kit/copy.tsx'
import { cx } from '#ui/kit/cx.ts'
import { MarkedText } from '#ui/kit/marked-text.tsx'
import { compared, plain, readable, type SideLine } from '#ui/kit/record-sides.ts'

/** `after` null: the record ended; `ended` says how. */
export function RecordCompare({
  before,
  after,
  ended,
}: {
  before: RecordText
  after: RecordText | null
  ended: string
}) {
  const [old, fresh] = [readable(before), after === null ? undefined : readable(after)]
  const sides = fresh === undefined ? { before: plain(old), after: [] } : compared(old, fresh)
  return (
    <div className="grid gap-3 md:grid-cols-2">
      <Side title="Before" copy={before.text ?? before.base64 ?? ''} lines={sides.before} as="removed" />
      {after === null ? (
        <section className="min-w-0">
          <SideTitle title="After" />
          <p className="rounded-md border border-dashed border-edge p-3 text-sm text-muted">{ended}</p>
        </section>
      ) : (
        <Side
          title={old === fresh ? 'After: the same' : 'After'}
          copy={after.text ?? after.base64 ?? ''}
          lines={sides.after}
          as="added"
        />
      )}
    </div>
  )
}

function Side({
  title,
  copy,
  lines,
  as,
}: {
  title: string
  copy: string
  lines: readonly SideLine[]
  as: 'removed' | 'added'
}) {
  return (
    <section className="min-w-0">
      <SideTitle title={title} copy={copy} />
      {/* What scrolls must be reachable without a pointer. */}
      <div
        className="max-h-[50vh] overflow-auto rounded-md border border-line bg-canvas py-2 font-mono text-xs"
        tabIndex={0}
        role="region"
        aria-label={title}
      >
        {lines.map(({ number, text, spans, differs }) => (
          <div
            key={number}
            className={cx('flex px-1', differs && (as === 'added' ? 'bg-ok-soft/50' : 'bg-bad-soft/50'))}
          >
            <span className="w-4 shrink-0 text-center text-muted select-none">
              {differs ? (as === 'added' ? '+' : '−') : ''}
            </span>
            <span className="min-w-0 break-words whitespace-pre-wrap">
              <MarkedText text={text === '' ? ' ' : text} spans={spans} as={as} />
            </span>
          </div>
        ))}
      </div>
    </section>
  )
}

function SideTitle({ title, copy }: { title: string; copy?: string }) {
  return (
    <header className="flex min-h-9 items-center justify-between gap-2">
      <h3 className="text-sm font-medium">{title}</h3>
      {copy !== undefined && <CopyButton text={copy} label={`Copy the record ${title.split(':')[0]!.toLowerCase()}`} />}
    </header>
  )
}
