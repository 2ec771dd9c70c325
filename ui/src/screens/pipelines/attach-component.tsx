/** Which source or output to attach: one that is there, or a new one. What no pipeline uses can be deleted here too. */
import { useQueryClient } from '@tanstack/react-query'
import { Link2, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { DraftEditing } from '#ui/api/draft.ts'
import { canPutBack, removePart } from '#ui/forms/remove-part.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { Button, IconButton } from '#ui/kit/button.tsx'
import { Confirm, Dialog } from '#ui/kit/dialog.tsx'
import { attachedTo, type Component } from './document.ts'
import { usersOf } from './edits.ts'
import type { PipelineWork } from './use-pipeline.ts'

export interface AttachComponentProps {
  kind: 'source' | 'output'
  work: PipelineWork
  onClose: () => void
  onCreate: () => void
  onAttach: (id: string) => void
}

export function AttachComponent({ kind, work, onClose, onCreate, onAttach }: AttachComponentProps) {
  const { document, effective, pipeline, configuration } = work
  const client = useQueryClient()
  const [deleting, setDeleting] = useState<Component>()
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
              {!fromFile && usersOf(document, list, id).length === 0 && (
                <IconButton
                  icon={Trash2}
                  label={`Delete ${id} from the draft`}
                  onClick={() => setDeleting(document[list].find((component) => component.id === id))}
                />
              )}
              <Button icon={Link2} aria-label={`Attach ${id}`} onClick={() => onAttach(id)}>
                Attach
              </Button>
            </li>
          ))}
        </ul>
      )}
      <Confirm
        open={deleting !== undefined}
        onClose={() => setDeleting(undefined)}
        title={`Delete ${deleting?.id ?? ''} from the draft?`}
        action={`Delete the ${kind}`}
        run={async () => {
          const place = document[list].findIndex(({ id }) => id === deleting?.id)
          if (deleting !== undefined) await removePart(new DraftEditing(client, configuration, list), deleting, place)
        }}
      >
        <p>
          No pipeline uses it.
          {deleting !== undefined && !canPutBack(deleting) && ' It holds a secret, so that it cannot be put back.'}
        </p>
      </Confirm>
    </Dialog>
  )
}
