/** Builds the condition of the tap by choosing, instead of typing it. */
import { useState } from 'react'
import { ConditionForm } from '#ui/forms/condition-form.tsx'
import { Button } from '#ui/kit/button.tsx'
import { Dialog } from '#ui/kit/dialog.tsx'

export function ConditionDialog({
  value,
  onTake,
  onClose,
}: {
  /** As JSON; empty: there is none. */
  value: string
  onTake: (value: string) => void
  onClose: () => void
}) {
  const [condition, setCondition] = useState<unknown>(value === '' ? undefined : JSON.parse(value))
  const footer = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button
        look="primary"
        onClick={() => {
          onTake(condition === undefined ? '' : JSON.stringify(condition))
          onClose()
        }}
      >
        Watch these records
      </Button>
    </>
  )
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title="Condition"
      description="Asked of each record as it came in, as the conditions of rules are."
      footer={footer}
    >
      <ConditionForm value={condition} onChange={setCondition} />
    </Dialog>
  )
}
