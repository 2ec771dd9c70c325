/** Labels of a gateway, and the form by which they change. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Pencil } from 'lucide-react'
import { useState } from 'react'
import type { Gateway } from '#contract/fleet.ts'
import { Button } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { TextArea } from '#ui/kit/field.tsx'
import { FormView } from '#ui/kit/form-view.tsx'
import { useNeeds } from '#ui/kit/needs.tsx'
import { toast } from '#ui/kit/toast.tsx'
import { useKeptForm } from '#ui/kit/use-kept-form.ts'
import { LabelList } from '#ui/screens/fleet/label-list.tsx'
import { labelsText, parseLabels } from '#ui/screens/fleet/labels.ts'
import { changeGateway, fleetChanged, gatewayQuery } from '#ui/screens/fleet/queries.ts'

export function LabelsCard({ gateway: { id, labels } }: { gateway: Gateway }) {
  const needsOperate = useNeeds('operate')
  const client = useQueryClient()
  const [isOpen, setOpen] = useState(false)
  const kept = useKeptForm({
    key: `labels.${id}`,
    query: useQuery(gatewayQuery(id)),
    toForm: (gateway: Gateway) => ({ text: labelsText(gateway.labels) }),
    save: async ({ text }, etag) => {
      await changeGateway(id, { labels: parseLabels(text).labels }, etag)
      return labels
    },
    onSaved: async (before) => {
      setOpen(false)
      await fleetChanged(client)
      toast({
        text: 'Labels changed',
        action: {
          label: 'Undo',
          run: () => void changeGateway(id, () => ({ labels: before })).then(() => fleetChanged(client)),
        },
      })
    },
  })
  const isEditing = kept !== undefined && (isOpen || kept.isDirty)
  const { problem } = parseLabels(kept?.form.text ?? '')
  const cancel = () => {
    kept?.reset()
    setOpen(false)
  }
  return (
    <Card
      title="Labels"
      hint="To find gateways by"
      {...(!isEditing && {
        actions: (
          <Button icon={Pencil} look="quiet" {...needsOperate} onClick={() => setOpen(true)}>
            Edit labels
          </Button>
        ),
      })}
    >
      {isEditing ? (
        <FormView
          kept={{ ...kept, canSave: kept.canSave && problem === undefined }}
          label="Labels of the gateway"
          words={({ text }) => ({ Labels: text })}
          action="Save labels"
          onCancel={cancel}
        >
          <TextArea
            label="Labels"
            hiddenLabel
            rows={2}
            autoFocus
            placeholder="site=fra, ring=canary"
            hint="name=value, separated by commas."
            value={kept.form.text}
            error={problem}
            onChange={({ target }) => kept.change({ text: target.value })}
          />
        </FormView>
      ) : (
        <div className="[&>span]:flex-wrap">
          <LabelList labels={labels} />
        </div>
      )}
    </Card>
  )
}
