/** Says that somebody looks after an event, perhaps with a note. */
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { AlertEvent } from '#contract/alert.ts'
import { send } from '#ui/api/client.ts'
import { Confirm } from '#ui/kit/dialog.tsx'
import { TextArea } from '#ui/kit/field.tsx'
import { toast } from '#ui/kit/toast.tsx'
import { alertsChanged } from '#ui/screens/alerts/queries.ts'

export function AcknowledgeDialog({ event, onClose }: { event: AlertEvent | undefined; onClose: () => void }) {
  const client = useQueryClient()
  const [note, setNote] = useState('')
  const run = async () => {
    if (event === undefined) return
    await send('POST', `/alerts/events/${encodeURIComponent(event.id)}/acknowledge`, { note })
    setNote('')
    await alertsChanged(client)
    toast(`“${event.rule_name}” is acknowledged`)
  }
  return (
    <Confirm
      open={event !== undefined}
      onClose={onClose}
      title={`Acknowledge “${event?.rule_name ?? ''}”?`}
      action="Acknowledge"
      look="primary"
      run={run}
    >
      <p className="pb-3">
        It says to everybody that you look after it. The alert goes on until its condition no longer holds.
      </p>
      <TextArea
        label="Note"
        hint="Optional."
        maxLength={500}
        value={note}
        onChange={(it) => setNote(it.target.value)}
      />
    </Confirm>
  )
}
