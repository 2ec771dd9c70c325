/** Labels of a gateway, and the form by which they change. */
import { useQueryClient } from '@tanstack/react-query'
import { Pencil } from 'lucide-react'
import { useState } from 'react'
import type { Gateway } from '#contract/fleet.ts'
import type { Tagged } from '#ui/api/client.ts'
import { useCan } from '#ui/api/queries.ts'
import { Button } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { TextArea } from '#ui/kit/field.tsx'
import { ProblemNote } from '#ui/kit/states.tsx'
import { toast } from '#ui/kit/toast.tsx'
import { useLeaveGuard, useUnsaved } from '#ui/kit/unsaved.ts'
import { LabelList } from '#ui/screens/fleet/label-list.tsx'
import { labelsText, parseLabels } from '#ui/screens/fleet/labels.ts'
import { changeGateway, fleetChanged } from '#ui/screens/fleet/queries.ts'

export function LabelsCard({ tagged }: { tagged: Tagged<Gateway> }) {
  const { id, labels } = tagged.body
  const canOperate = useCan('operate')
  const client = useQueryClient()
  /** What is edited, and of which state; undefined while nobody edits. */
  const [edit, setEdit] = useUnsaved<{ text: string; etag: string }>(`labels.${id}`)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const parsed = parseLabels(edit?.text ?? '')
  useLeaveGuard(edit !== undefined && edit.text !== labelsText(labels))

  const save = async () => {
    if (edit === undefined || parsed.problem !== undefined) return
    setBusy(true)
    setError(null)
    try {
      const before = labels
      await changeGateway(id, { labels: parsed.labels }, edit.etag)
      setEdit(undefined)
      await fleetChanged(client)
      toast({
        text: 'Labels changed',
        action: {
          label: 'Undo',
          run: () => void changeGateway(id, () => ({ labels: before })).then(() => fleetChanged(client)),
        },
      })
    } catch (reason) {
      setError(reason)
    } finally {
      setBusy(false)
    }
  }
  const begin = () => setEdit({ text: labelsText(labels), etag: tagged.etag })
  return (
    <Card
      title="Labels"
      hint="To find gateways by"
      {...(edit === undefined && {
        actions: (
          <Button
            icon={Pencil}
            look="quiet"
            disabled={!canOperate}
            {...(!canOperate && { title: 'Needs the permission operate' })}
            onClick={begin}
          >
            Edit labels
          </Button>
        ),
      })}
    >
      {edit === undefined ? (
        <div className="[&>span]:flex-wrap">
          <LabelList labels={labels} />
        </div>
      ) : (
        <form
          className="flex flex-col gap-3"
          onSubmit={(event) => {
            event.preventDefault()
            void save()
          }}
        >
          <TextArea
            label="Labels"
            hiddenLabel
            rows={2}
            autoFocus
            placeholder="site=fra, ring=canary"
            hint="name=value, separated by commas."
            value={edit.text}
            error={parsed.problem}
            onChange={({ target }) => setEdit({ ...edit, text: target.value })}
          />
          <ProblemNote error={error} />
          <div className="flex justify-end gap-2">
            <Button onClick={() => setEdit(undefined)}>Cancel</Button>
            <Button type="submit" look="primary" busy={busy}>
              Save labels
            </Button>
          </div>
        </form>
      )}
    </Card>
  )
}
