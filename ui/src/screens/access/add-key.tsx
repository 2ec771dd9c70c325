/** Make an API key: with no more than one may oneself, and an end. */
import { useQueryClient } from '@tanstack/react-query'
import type { ApiKeyAddedAnswer } from '#contract/access.ts'
import type { Role } from '#contract/permissions.ts'
import { send } from '#ui/api/client.ts'
import { useMe } from '#ui/api/queries.ts'
import { CheckField, SelectField, TextField } from '#ui/kit/field.tsx'
import { FormDialog } from '#ui/kit/form-view.tsx'
import { Moment, useNow } from '#ui/kit/time.tsx'
import { useNewForm } from '#ui/kit/use-kept-form.ts'
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
  const me = useMe()
  const client = useQueryClient()
  const now = useNow()
  const mayMakeShared = me.permissions.includes('admin')
  const isUser = me.kind === 'user'
  const kept = useNewForm({
    key: 'access.new-key',
    initial: fresh,
    save: ({ name, role, grants, lifetime, personal }) =>
      send<ApiKeyAddedAnswer>('POST', '/keys', {
        name: name.trim(),
        role,
        grants,
        expires_at: expiryAfter(lifetime, Date.now()),
        personal: isUser && (personal || !mayMakeShared),
      }),
    onSaved: async (answer) => {
      await client.invalidateQueries({ queryKey: keysQuery.queryKey })
      onMade(answer)
    },
  })
  const { form, change, errorAt } = kept
  const end = expiryAfter(form.lifetime, now)
  return (
    <FormDialog
      kept={kept}
      onClose={onClose}
      title="Make an API key"
      description="Give it the smallest role that will do, and an end."
      action="Make the key"
    >
      <TextField
        label="Name"
        hint="What uses it, such as ci or backup-host; letters, digits and _ . : -"
        required
        autoFocus
        maxLength={64}
        error={errorAt('/name')}
        value={form.name}
        onChange={(event) => change({ name: event.target.value })}
      />
      <RightsField
        role={form.role}
        grants={form.grants}
        offered={rolesWithin(me.permissions)}
        mayGrant={(grant) => me.permissions.includes(grant)}
        onChange={change}
      />
      <SelectField
        label="Ends after"
        hint={end === null ? 'It works until somebody revokes it.' : <Until at={end} />}
        options={keyLifetimes}
        value={form.lifetime}
        onChange={(event) => change({ lifetime: event.target.value as KeyLifetime })}
      />
      {isUser &&
        (mayMakeShared ? (
          <CheckField
            label="Personal"
            hint="Ends with your account, and never does more than you may. Otherwise it is the organisation’s."
            checked={form.personal}
            onChange={(event) => change({ personal: event.target.checked })}
          />
        ) : (
          <p className="text-sm text-muted">
            It is a personal key: it ends with your account, and never does more than you may.
          </p>
        ))}
    </FormDialog>
  )
}

function Until({ at }: { at: number }) {
  return (
    <>
      On <Moment at={at} />.
    </>
  )
}
