/** What stands in a gateway's own file, to be read. */
import { CodeEditor } from '#ui/editor/code-editor.tsx'
import { Dialog } from '#ui/kit/dialog.tsx'

export interface OwnComponentProps {
  title: string
  /** Undefined: nobody has it. */
  entry: Record<string, unknown> | undefined
  note: string
  onClose: () => void
}

export function OwnComponent({ title, entry, note, onClose }: OwnComponentProps) {
  return (
    <Dialog open place="side" onClose={onClose} title={title} description={note}>
      {entry !== undefined && (
        <CodeEditor label={title} language="json" value={JSON.stringify(entry, null, 2)} height="60vh" />
      )}
    </Dialog>
  )
}
