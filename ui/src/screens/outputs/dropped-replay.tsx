/** How far back records of a rule are sent after all. */
import { useState } from 'react'
import type { DroppedSummary } from '#contract/kept.ts'
import { Button } from '#ui/kit/button.tsx'
import { Dialog } from '#ui/kit/dialog.tsx'
import { SelectField } from '#ui/kit/field.tsx'
import type { Act } from '#ui/screens/outputs/kept-confirm.tsx'

export type DroppedGroup = DroppedSummary[number] & { gateway: { id: string; name: string } }

const MINUTE_MS = 60_000
const backs = [
  { value: '', label: 'All that is kept' },
  { value: String(15 * MINUTE_MS), label: 'Of the last 15 minutes' },
  { value: String(60 * MINUTE_MS), label: 'Of the last hour' },
  { value: String(24 * 60 * MINUTE_MS), label: 'Of the last day' },
]

export function DroppedReplay({
  group,
  onClose,
  onChosen,
}: {
  group: DroppedGroup
  onClose: () => void
  onChosen: (act: Act) => void
}) {
  const { gateway, pipeline, rule } = group
  const [back, setBack] = useState('')
  const choose = () => {
    const since = back === '' ? {} : { since: Date.now() - Number(back) }
    const words = backs.find(({ value }) => value === back)?.label.toLowerCase()
    onClose()
    onChosen({
      verb: 'replay',
      what: `what ${rule} dropped in ${pipeline}, ${words}, past the rules`,
      targets: [{ ...gateway, dropped: { pipeline, rule, ...since } }],
    })
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Send what ${rule} dropped`}
      description={`To the outputs of ${pipeline} on ${gateway.name}`}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" onClick={choose}>
            Go on
          </Button>
        </>
      }
    >
      <SelectField label="Which" value={back} options={backs} onChange={({ target }) => setBack(target.value)} />
    </Dialog>
  )
}
