/** Somebody else has changed or deleted a part of the draft that one wants to save, or delete: both as JSON. */
import type { Conflict } from '#ui/api/draft.ts'
import { ConflictDialog, type ConflictDialogProps } from '#ui/kit/conflict-dialog.tsx'
import { CopyButton } from '#ui/kit/copy.tsx'

export interface PartConflictProps
  extends Pick<ConflictDialogProps, 'busy' | 'mineAction' | 'onTakeTheirs' | 'onKeepMine' | 'onClose'> {
  conflict: Conflict | undefined
}

export function PartConflict({ conflict, ...props }: PartConflictProps) {
  if (conflict === undefined) return null
  const { mine, theirs } = conflict
  const gone = theirs === undefined && {
    theirsAction: 'Leave it deleted',
    mineAction: 'Add mine again',
    mineLook: 'primary' as const,
  }
  return (
    <ConflictDialog
      title={gone ? `Somebody has deleted ${mine.id}` : `Somebody else has changed ${mine.id}`}
      {...props}
      {...gone}
    >
      <div className="grid gap-4 md:grid-cols-2">
        <Side title="Theirs, as it is in the draft now" value={theirs?.body} other={mine} />
        <Side title="Mine" value={mine} other={theirs?.body} />
      </div>
    </ConflictDialog>
  )
}

/** Lines that the other side does not have are marked, also for who sees no colours. */
function Side({ title, value, other }: { title: string; value: unknown; other: unknown }) {
  const lines = linesOf(value)
  const others = new Set(linesOf(other).map(plain))
  return (
    <section className="min-w-0">
      <header className="flex items-center justify-between gap-2">
        <h3 className="text-sm font-semibold">{title}</h3>
        {value !== undefined && <CopyButton text={lines.join('\n')} label={`Copy ${title.toLowerCase()}`} />}
      </header>
      {value === undefined ? (
        <p className="text-sm text-muted">It is no longer there.</p>
      ) : (
        <pre
          tabIndex={0}
          role="region"
          aria-label={title}
          className="overflow-x-auto rounded-md border border-line bg-canvas p-2 font-mono text-xs"
        >
          {lines.map((line, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines of a text that does not change.
            <div key={index} className={others.has(plain(line)) ? undefined : 'bg-warn-soft text-warn'}>
              {`${others.has(plain(line)) ? '  ' : '• '}${line}`}
            </div>
          ))}
        </pre>
      )}
    </section>
  )
}

function linesOf(value: unknown): string[] {
  return value === undefined ? [] : JSON.stringify(value, null, 2).split('\n')
}

/** A comma at the end says only that something follows. */
function plain(line: string): string {
  return line.replace(/,$/, '')
}
