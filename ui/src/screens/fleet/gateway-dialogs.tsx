/** Another name, or another configuration, for one gateway. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Gateway } from '#contract/fleet.ts'
import type { Tagged } from '#ui/api/client.ts'
import { configurationsQuery } from '#ui/api/queries.ts'
import { Confirm } from '#ui/kit/dialog.tsx'
import { SelectField, TextField } from '#ui/kit/field.tsx'
import { toast } from '#ui/kit/toast.tsx'
import { changeGateway, fleetChanged } from '#ui/screens/fleet/queries.ts'

interface Props {
  /** As it stood when the dialog was opened. */
  shown: Tagged<Gateway>
  onClose: () => void
}

export function RenameDialog({ shown, onClose }: Props) {
  const [{ body, etag }] = useState(shown)
  const [name, setName] = useState(body.name)
  const client = useQueryClient()
  const run = async () => {
    await changeGateway(body.id, { name: name.trim() === '' ? null : name.trim() }, etag)
    await fleetChanged(client)
    toast('Renamed')
  }
  return (
    <Confirm open onClose={onClose} title={`Rename ${body.name}`} action="Rename" look="primary" run={run}>
      <TextField
        label="Name"
        hint={`Without one it is called by its host: ${body.host || body.id}`}
        value={name}
        maxLength={128}
        onChange={({ target }) => setName(target.value)}
      />
    </Confirm>
  )
}

export function AssignDialog({ shown, onClose }: Props) {
  const [{ body, etag }] = useState(shown)
  const [configuration, setConfiguration] = useState(body.assigned_configuration ?? '')
  const { data } = useQuery(configurationsQuery)
  const client = useQueryClient()
  const chosen = data?.items.find(({ name }) => name === configuration)
  const run = async () => {
    await changeGateway(body.id, { configuration: configuration === '' ? null : configuration }, etag)
    await fleetChanged(client)
    toast(configuration === '' ? 'It follows that of its token again' : `It follows ${configuration} now`)
  }
  const kind = body.kind ?? 'streamgate'
  return (
    <Confirm open onClose={onClose} title={`Assign a configuration to ${body.name}`} action="Assign" run={run}>
      <div className="flex flex-col gap-3">
        <p>
          It follows <strong>{body.configuration}</strong> now. It is offered the live version of what you choose at
          once{body.online ? '' : ' when it is back'}, and changes what it runs.
        </p>
        <SelectField
          label="Configuration"
          value={configuration}
          options={[
            { value: '', label: 'That of its token, or default' },
            ...(data?.items
              .filter((one) => one.kind === kind)
              .map((one) => ({
                value: one.name,
                label: one.live_version === null ? `${one.name} (nothing published)` : one.name,
              })) ?? []),
          ]}
          onChange={({ target }) => setConfiguration(target.value)}
        />
        {chosen?.live_version === null && (
          <p className="text-sm text-warn">Nothing of it has been published: the gateway goes on with what it has.</p>
        )}
      </div>
    </Confirm>
  )
}
