/** Before records are shown as they came: why, which stands in the audit log. */
import { useState } from 'react'
import { Button } from '#ui/kit/button.tsx'
import { Dialog } from '#ui/kit/dialog.tsx'
import { TextArea } from '#ui/kit/field.tsx'

const REASON_CHARACTERS_MAX = 1024

export function RawDialog({
  open,
  onClose,
  onStart,
}: {
  open: boolean
  onClose: () => void
  onStart: (reason: string) => void
}) {
  const [reason, setReason] = useState('')
  const given = reason.trim()
  const close = () => {
    setReason('')
    onClose()
  }
  const footer = (
    <>
      <Button onClick={close}>Cancel</Button>
      <Button
        look="danger"
        disabled={given === ''}
        onClick={() => {
          onStart(given)
          close()
        }}
      >
        Show unredacted records
      </Button>
    </>
  )
  return (
    <Dialog
      open={open}
      onClose={close}
      title="Look at unredacted records"
      description="Records show as they came in, with what rules would hide. That you look, at what, and why stands in the audit log."
      footer={footer}
    >
      <TextArea
        label="Reason"
        hint="Such as the number of the case. Everybody who reads the audit log sees it."
        required
        maxLength={REASON_CHARACTERS_MAX}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
    </Dialog>
  )
}
