/** One entry with all that its hash covers. */
import type { AuditEntry } from '#contract/access.ts'
import { Command, CopyButton } from '#ui/kit/copy.tsx'
import { Dialog } from '#ui/kit/dialog.tsx'
import { localTime, utcTime } from '#ui/kit/format.ts'
import { Skeleton } from '#ui/kit/states.tsx'

export interface EntryDetailProps {
  seq: number | undefined
  entry: AuditEntry | undefined
  isLoading: boolean
  onClose: () => void
}

export function EntryDetail({ seq, entry, isLoading, onClose }: EntryDetailProps) {
  return (
    <Dialog open={seq !== undefined} onClose={onClose} title={`Entry ${seq ?? ''}`} place="side">
      {entry === undefined ? (
        isLoading ? (
          <Skeleton />
        ) : (
          <p>It is not among the entries that are loaded. Clear the filters, or scroll on.</p>
        )
      ) : (
        <Parts entry={entry} />
      )}
    </Dialog>
  )
}

function Parts({ entry }: { entry: AuditEntry }) {
  const parts: [string, string][] = [
    ['When', `${localTime(entry.at)} · ${utcTime(entry.at)}`],
    ['Who', entry.actor],
    ['By', entry.via],
    ['What', entry.action],
    ['On what', entry.object],
    ['Why', entry.reason ?? '–'],
  ]
  return (
    <div className="flex flex-col gap-4">
      <dl className="grid grid-cols-[max-content_1fr] gap-x-6 gap-y-1.5">
        {parts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-muted">{name}</dt>
            <dd className="break-words">{value}</dd>
          </div>
        ))}
        <dt className="text-muted">Hash</dt>
        <dd className="flex items-start gap-1">
          <code className="font-mono text-xs break-all">{entry.hash}</code>
          <CopyButton text={entry.hash} label="Copy the hash" />
        </dd>
        <dt className="text-muted">Hash before</dt>
        <dd>
          <code className="font-mono text-xs break-all">{entry.previous_hash}</code>
        </dd>
      </dl>
      <Command text={JSON.stringify(entry.detail, undefined, 2)} label="Details" />
    </div>
  )
}
