/** How a gateway comes in: a token, the command that starts it, and a row that turns green when it is there. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { RegistrationTokenCreated } from '#contract/fleet.ts'
import { send } from '#ui/api/client.ts'
import { configurationsQuery } from '#ui/api/queries.ts'
import { Button } from '#ui/kit/button.tsx'
import { Dialog } from '#ui/kit/dialog.tsx'
import { SelectField, TextField } from '#ui/kit/field.tsx'
import { ProblemNote } from '#ui/kit/states.tsx'
import { JoinSteps } from '#ui/screens/fleet/join-steps.tsx'
import { parseLabels } from '#ui/screens/fleet/labels.ts'
import { Tokens } from '#ui/screens/fleet/tokens.tsx'

const DAY_MS = 86_400_000
const lives = [
  { value: '1', label: 'In a day' },
  { value: '7', label: 'In 7 days' },
  { value: '30', label: 'In 30 days' },
  { value: '', label: 'Never' },
]

export function AddGateway({ open, onClose }: { open: boolean; onClose: () => void }) {
  const [token, setToken] = useState<RegistrationTokenCreated>()
  return (
    <Dialog
      open={open}
      onClose={onClose}
      wide
      title="Add a gateway"
      description={
        token === undefined
          ? 'A gateway comes in with a registration token, and gets a credential of its own then.'
          : 'The token shows only here, until you make another.'
      }
      {...(token !== undefined && {
        footer: (
          <>
            <Button onClick={() => setToken(undefined)}>Make another token</Button>
            <Button look="primary" onClick={onClose}>
              Done
            </Button>
          </>
        ),
      })}
    >
      {token === undefined ? (
        <div className="flex flex-col gap-4">
          <TokenForm onMade={setToken} />
          <Tokens />
        </div>
      ) : (
        <JoinSteps token={token} onClose={onClose} />
      )}
    </Dialog>
  )
}

function TokenForm({ onMade }: { onMade: (token: RegistrationTokenCreated) => void }) {
  const client = useQueryClient()
  const { data: configurations } = useQuery(configurationsQuery)
  const [name, setName] = useState('')
  const [configuration, setConfiguration] = useState('')
  const [labels, setLabels] = useState('')
  const [days, setDays] = useState('7')
  const [uses, setUses] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const parsed = parseLabels(labels)

  const make = async () => {
    if (parsed.problem !== undefined) return
    setBusy(true)
    setError(null)
    try {
      const body = {
        name: name.trim() || 'Gateways',
        configuration: configuration === '' ? null : configuration,
        labels: parsed.labels,
        expires_at: days === '' ? null : Date.now() + Number(days) * DAY_MS,
        uses_max: uses === '' ? null : Number(uses),
      }
      onMade(await send<RegistrationTokenCreated>('POST', '/registration-tokens', body))
      await client.invalidateQueries({ queryKey: ['registration-tokens'] })
    } catch (reason) {
      setError(reason)
    } finally {
      setBusy(false)
    }
  }
  return (
    <form
      className="grid gap-4 sm:grid-cols-2"
      onSubmit={(event) => {
        event.preventDefault()
        void make()
      }}
    >
      <TextField
        autoFocus
        label="What the token is for"
        placeholder="Gateways in Frankfurt"
        value={name}
        maxLength={128}
        onChange={({ target }) => setName(target.value)}
      />
      <SelectField
        label="Configuration"
        hint="What gateways with this token follow."
        value={configuration}
        options={[
          { value: '', label: 'default' },
          ...(configurations?.items
            .filter(({ name: one }) => one !== 'default')
            .map(({ name: one, kind }) => ({
              value: one,
              label: kind === 'otel_collector' ? `${one} (collectors)` : one,
            })) ?? []),
        ]}
        onChange={({ target }) => setConfiguration(target.value)}
      />
      <TextField
        label="Labels"
        placeholder="site=fra, ring=canary"
        hint="Gateways get them when they come in."
        value={labels}
        error={parsed.problem}
        onChange={({ target }) => setLabels(target.value)}
      />
      <div className="grid grid-cols-2 gap-4">
        <SelectField label="Expires" value={days} options={lives} onChange={({ target }) => setDays(target.value)} />
        <TextField
          label="Uses at most"
          type="number"
          min={1}
          max={1_000_000}
          placeholder="Any number"
          value={uses}
          onChange={({ target }) => setUses(target.value)}
        />
      </div>
      <p className="text-sm text-muted sm:col-span-2">
        A token that has expired or is used up brings in nobody new; whoever came with it stays.
      </p>
      <ProblemNote error={error} className="sm:col-span-2" />
      <div className="flex justify-end sm:col-span-2">
        <Button type="submit" look="primary" busy={busy}>
          Make the token
        </Button>
      </div>
    </form>
  )
}
