/** A record as it was kept: text, or bytes where it is none. */
import type { ListedDeadLetter } from '#contract/kept.ts'
import { Command } from '#ui/kit/copy.tsx'
import { contentOf } from '#ui/screens/outputs/kept.ts'

export function RecordContent({ record }: { record: Pick<ListedDeadLetter, 'text' | 'base64' | 'omitted'> }) {
  const content = contentOf(record)
  if (content.kind === 'omitted') return <p className="text-muted">It is larger than 1 MiB, and not shown here.</p>
  if (content.kind === 'none') return <p className="text-muted">It is empty.</p>
  return (
    <>
      {content.kind === 'bytes' && (
        <p className="pb-1 text-xs text-muted">No text in UTF-8: {content.bytes} bytes, in hexadecimal</p>
      )}
      <Command text={content.text} label="Record" />
    </>
  )
}
