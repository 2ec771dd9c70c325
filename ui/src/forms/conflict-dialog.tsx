/** Two people have changed the same thing: both states side by side, and what to do. Nothing is written before one decides. */
import type { Conflict } from '#ui/api/draft.ts'
import { Button } from '#ui/kit/button.tsx'
import { CopyButton } from '#ui/kit/copy.tsx'
import { Dialog } from '#ui/kit/dialog.tsx'

export interface ConflictDialogProps {
  conflict: Conflict | undefined
  busy?: boolean
  /** A verb for what one was about to do: `Save mine`. */
  mineAction?: string
  onTakeTheirs: () => void
  onKeepMine: () => void
  /** Back, with everything as it was. */
  onClose: () => void
}

export function ConflictDialog(props: ConflictDialogProps) {
  const { conflict, busy = false, mineAction = 'Save mine over theirs', onTakeTheirs, onKeepMine, onClose } = props
  if (conflict === undefined) return null
  const { mine, theirs } = conflict
  const isGone = theirs === undefined
  const footer = (
    <>
      <Button onClick={onClose}>Go on editing mine</Button>
      <Button onClick={onTakeTheirs}>{isGone ? 'Leave it deleted' : 'Take theirs'}</Button>
      <Button look="primary" busy={busy} onClick={onKeepMine}>
        {isGone ? 'Add mine again' : mineAction}
      </Button>
    </>
  )
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={isGone ? `Somebody has deleted ${mine.id}` : `Somebody else has changed ${mine.id}`}
      description="Nothing has been written yet. Look at both, and decide."
      footer={footer}
    >
      <div className="grid gap-4 md:grid-cols-2">
        <Side title="Theirs, as it is in the draft now" value={theirs?.body} other={mine} />
        <Side title="Mine" value={mine} other={theirs?.body} />
      </div>
    </Dialog>
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
