/** Silences a rule for a while: it goes on, and nobody is told. */
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { AlertRule } from '#contract/alert.ts'
import { send } from '#ui/api/client.ts'
import { Confirm } from '#ui/kit/dialog.tsx'
import { SelectField, TextField } from '#ui/kit/field.tsx'
import { toast } from '#ui/kit/toast.tsx'
import { alertsChanged, rulePath } from '#ui/screens/alerts/queries.ts'

const HOUR_MS = 3_600_000
const lengths = [
  { value: '0.5', label: '30 minutes' },
  { value: '1', label: '1 hour' },
  { value: '4', label: '4 hours' },
  { value: '24', label: '1 day' },
  { value: '168', label: '7 days' },
  // A minute less than is allowed at most, since clocks differ.
  { value: String(720 - 1 / 60), label: '30 days' },
]

export function SilenceDialog({ rule, onClose }: { rule: AlertRule | undefined; onClose: () => void }) {
  const client = useQueryClient()
  const [hours, setHours] = useState('1')
  const [reason, setReason] = useState('')
  const run = async () => {
    if (rule === undefined) return
    const until = Math.round(Date.now() + Number(hours) * HOUR_MS)
    await send('POST', `${rulePath(rule.id)}/silence`, { until, reason })
    setReason('')
    await alertsChanged(client)
    toast(`“${rule.name}” is silenced`)
  }
  return (
    <Confirm
      open={rule !== undefined}
      onClose={onClose}
      title={`Silence “${rule?.name ?? ''}”?`}
      action="Silence"
      look="primary"
      run={run}
    >
      <p className="pb-3">
        Events are made as ever, and nobody is told. If it still fires when the silence ends, that is told then.
      </p>
      <div className="flex flex-col gap-3">
        <SelectField label="For" value={hours} onChange={(it) => setHours(it.target.value)} options={lengths} />
        <TextField
          label="Reason"
          hint="Such as the maintenance that goes on. Everybody sees it."
          maxLength={500}
          required
          value={reason}
          onChange={(it) => setReason(it.target.value)}
        />
      </div>
    </Confirm>
  )
}
