/** One record of the tap: what it was, what it became, by which rules, and what to make of it. */
import { useNavigate } from '@tanstack/react-router'
import { FilterX, FlaskConical } from 'lucide-react'
import type { ObservedRecord } from '#contract/observation.ts'
import { Button } from '#ui/kit/button.tsx'
import { Dialog } from '#ui/kit/dialog.tsx'
import { bytes } from '#ui/kit/format.ts'
import { OutcomeBadge } from '#ui/kit/outcome.tsx'
import { outcomeOf } from '#ui/kit/outcomes.ts'
import { RecordCompare } from '#ui/kit/record-compare.tsx'
import { Moment } from '#ui/kit/time.tsx'
import { handOver } from '#ui/screens/studio/handoff.ts'
import type { TapEntry } from '#ui/screens/tap/tap-ring.ts'

export function RecordDetails({
  entry,
  isRaw,
  gatewayName,
  onClose,
}: {
  entry: TapEntry | undefined
  /** It shows unredacted. */
  isRaw: boolean
  gatewayName: (id: string) => string
  onClose: () => void
}) {
  if (entry === undefined) return null
  const { record, gateway } = entry
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title="Record"
      description={
        <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <Moment at={record.at} />
          <span>{gatewayName(gateway)}</span>
          <span>
            {record.source} → {record.pipeline}
          </span>
          <OutcomeBadge outcome={outcomeOf(record)} rule={record.rule} />
        </span>
      }
      footer={<Uses entry={entry} isRaw={isRaw} />}
    >
      <div className="flex flex-col gap-3">
        <RecordCompare before={record.before} after={record.after} ended={endedWords(entry)} />
        <p className="text-sm text-muted">
          {bytes(record.bytes_in)} came in, {bytes(record.bytes_out)} went on.
          {record.edited_by.length > 0 && ` Edited by ${record.edited_by.join(', ')}.`}
          {isHidden(record) && ' What is hidden after is hidden before, too: a tap shows no more than outputs get.'}
        </p>
      </div>
    </Dialog>
  )
}

function Uses({ entry: { record }, isRaw }: { entry: TapEntry; isRaw: boolean }) {
  const navigate = useNavigate()
  const { text } = record.before
  const use = (dropLike: boolean) => {
    if (text === undefined) return
    handOver({ records: [text], pipeline: record.pipeline, isRaw, ...(dropLike && { dropLike: text }) })
    void navigate({ to: '/studio' })
  }
  if (text === undefined) return <p className="text-sm text-muted">The studio takes text; this record is none.</p>
  return (
    <>
      <Button icon={FlaskConical} onClick={() => use(false)}>
        Use in the studio
      </Button>
      <Button icon={FilterX} onClick={() => use(true)}>
        Drop lines like this…
      </Button>
    </>
  )
}

/** Its rules did something that the tap, redacted, shows on neither side. */
function isHidden({ edited_by: editedBy, before, after }: ObservedRecord): boolean {
  return editedBy.length > 0 && before.text !== undefined && before.text === after?.text
}

function endedWords({ record: { fate, rule } }: TapEntry): string {
  const by = rule === null ? '' : ` by the rule ${rule}`
  if (fate === 'quarantined') return `It was quarantined: the required rule ${rule ?? ''} failed on it.`
  return `It was ${fate}${by}: nothing of it went on.`
}
