/** Make an API key: with no more than one may oneself, and an end. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId } from 'react'
import type { ApiKeyAddedAnswer } from '#contract/access.ts'
import type { Role } from '#contract/permissions.ts'
import { ApiError, send } from '#ui/api/client.ts'
import { useMe } from '#ui/api/queries.ts'
import { Button } from '#ui/kit/button.tsx'
import { Dialog } from '#ui/kit/dialog.tsx'
import { CheckField, SelectField, TextField } from '#ui/kit/field.tsx'
import { ProblemNote } from '#ui/kit/states.tsx'
import { Moment, useNow } from '#ui/kit/time.tsx'
import { useUnsaved } from '#ui/kit/unsaved.ts'
import { expiryAfter, type KeyLifetime, keyLifetimes } from '#ui/screens/access/once.ts'
import { keysQuery } from '#ui/screens/access/queries.ts'
import { type Grant, rolesWithin } from '#ui/screens/access/rights.ts'
import { RightsField } from '#ui/screens/access/role-matrix.tsx'

interface NewKey {
  name: string
  role: Role
  grants: Grant[]
  lifetime: KeyLifetime
  personal: boolean
}

const fresh: NewKey = { name: '', role: 'viewer', grants: [], lifetime: '90', personal: false }

export function AddKey({ onClose, onMade }: { onClose: () => void; onMade: (answer: ApiKeyAddedAnswer) => void }) {
  const formId = useId()
  const me = useMe()
  const client = useQueryClient()
  const now = useNow()
  const [kept, keep] = useUnsaved<NewKey>('access.new-key')
  const form = kept ?? fresh
  const mayMakeShared = me.permissions.includes('admin')
  const isUser = me.kind === 'user'
  const end = expiryAfter(form.lifetime, now)
  const add = useMutation({
    mutationFn: () => {
      const { name, role, grants, lifetime, personal } = form
      return send<ApiKeyAddedAnswer>('POST', '/keys', {
        name: name.trim(),
        role,
        grants,
        expires_at: expiryAfter(lifetime, Date.now()),
        personal: isUser && (personal || !mayMakeShared),
      })
    },
    onSuccess: async (answer) => {
      keep(undefined)
      await client.invalidateQueries({ queryKey: keysQuery.queryKey })
      onMade(answer)
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    add.mutate()
  }
  const footer = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button type="submit" form={formId} look="primary" busy={add.isPending}>
        Make the key
      </Button>
    </>
  )
  return (
    <Dialog
      open
      onClose={onClose}
      title="Make an API key"
      description="Give it the smallest role that will do, and an end."
      footer={footer}
    >
      <form id={formId} onSubmit={submit} className="flex flex-col gap-4">
        <TextField
          label="Name"
          hint="What uses it, such as ci or backup-host; letters, digits and _ . : -"
          required
          autoFocus
          maxLength={64}
          error={add.error instanceof ApiError ? add.error.at('/name') : undefined}
          value={form.name}
          onChange={(event) => keep({ ...form, name: event.target.value })}
        />
        <RightsField
          role={form.role}
          grants={form.grants}
          offered={rolesWithin(me.permissions)}
          mayGrant={(grant) => me.permissions.includes(grant)}
          onChange={(rights) => keep({ ...form, ...rights })}
        />
        <SelectField
          label="Ends after"
          hint={end === null ? 'It works until somebody revokes it.' : <Until at={end} />}
          options={keyLifetimes}
          value={form.lifetime}
          onChange={(event) => keep({ ...form, lifetime: event.target.value as KeyLifetime })}
        />
        {isUser &&
          (mayMakeShared ? (
            <CheckField
              label="Personal"
              hint="Ends with your account, and never does more than you may. Otherwise it is the organisation’s."
              checked={form.personal}
              onChange={(event) => keep({ ...form, personal: event.target.checked })}
            />
          ) : (
            <p className="text-sm text-muted">
              It is a personal key: it ends with your account, and never does more than you may.
            </p>
          ))}
        <ProblemNote error={add.error} />
      </form>
    </Dialog>
  )
}

function Until({ at }: { at: number }) {
  return (
    <>
      On <Moment at={at} />.
    </>
  )
}
