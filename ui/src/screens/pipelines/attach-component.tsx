/** Which source or output to attach: one that is there, or a new one. */
import { Link2, Plus } from 'lucide-react'
import { Badge } from '#ui/kit/badge.tsx'
import { Button } from '#ui/kit/button.tsx'
import { Dialog } from '#ui/kit/dialog.tsx'
import { attachedTo } from './document.ts'
import type { PipelineWork } from './use-pipeline.ts'

export interface AttachComponentProps {
  kind: 'source' | 'output'
  work: PipelineWork
  onClose: () => void
  onCreate: () => void
  onAttach: (id: string) => void
}

export function AttachComponent({ kind, work, onClose, onCreate, onAttach }: AttachComponentProps) {
  const { document, effective, pipeline } = work
  const list = kind === 'source' ? 'sources' : 'outputs'
  const attached = attachedTo(pipeline, effective)[list]
  const own = document[list].map(({ id, type }) => ({ id, type, fromFile: false }))
  const file = effective[list]
    .filter(({ id }) => !own.some((component) => component.id === id))
    .map(({ id, type }) => ({ id, type, fromFile: true }))
  const free = [...own, ...file].filter(({ id }) => !attached.includes(id))
  return (
    <Dialog
      open
      place="side"
      onClose={onClose}
      title={kind === 'source' ? 'Attach a source' : 'Attach an output'}
      description={
        kind === 'source'
          ? 'Several pipelines may take from one source.'
          : 'It gets all records that the rules leave, beside the other outputs.'
      }
      footer={
        <Button look="primary" icon={Plus} onClick={onCreate}>
          {kind === 'source' ? 'Create a source' : 'Create an output'}
        </Button>
      }
    >
      {free.length === 0 ? (
        <p className="text-muted">All that are known are attached already.</p>
      ) : (
        <ul className="flex flex-col gap-2">
          {free.map(({ id, type, fromFile }) => (
            <li key={id} className="flex items-center gap-3 rounded-md border border-line px-3 py-2">
              <span className="min-w-0 flex-1">
                <span className="block truncate font-medium">{id}</span>
                <span className="flex items-center gap-2 text-xs text-muted">
                  {type} {fromFile && <Badge icon={null}>from the gateway’s file</Badge>}
                </span>
              </span>
              <Button icon={Link2} aria-label={`Attach ${id}`} onClick={() => onAttach(id)}>
                Attach
              </Button>
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  )
}
