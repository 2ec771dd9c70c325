/** Add somebody. The answer has a link with which they set their password, so nobody else ever knows it. */
import { useQueryClient } from '@tanstack/react-query'
import type { UserAdded, UserAddedAnswer } from '#contract/access.ts'
import { EMAIL_CHARACTERS_MAX, type Role } from '#contract/permissions.ts'
import { send } from '#ui/api/client.ts'
import { usersQuery } from '#ui/api/queries.ts'
import { TextField } from '#ui/kit/field.tsx'
import { FormDialog } from '#ui/kit/form-view.tsx'
import { useNewForm } from '#ui/kit/use-kept-form.ts'
import type { Grant } from '#ui/screens/access/rights.ts'
import { RightsField } from '#ui/screens/access/role-matrix.tsx'
import type { Invited } from '#ui/screens/access/users.tsx'

interface NewUser {
  email: string
  role: Role
  grants: Grant[]
}

const nobody: NewUser = { email: '', role: 'viewer', grants: [] }

export function AddUser({
  onClose,
  onAdded,
}: {
  onClose: () => void
  onAdded: (invited: Invited | undefined) => void
}) {
  const client = useQueryClient()
  const kept = useNewForm({
    key: 'access.new-user',
    initial: nobody,
    save: (form) => send<UserAddedAnswer>('POST', '/users', { ...form, email: form.email.trim() } satisfies UserAdded),
    onSaved: async ({ user, invitation }) => {
      await client.invalidateQueries({ queryKey: usersQuery.queryKey })
      onAdded(invitation === null ? undefined : { email: user.email, invitation })
    },
  })
  const { form, change, errorAt } = kept
  return (
    <FormDialog
      kept={kept}
      onClose={onClose}
      title="Add a user"
      description="You get a link to send them, with which they set a password."
      action="Add the user"
    >
      <TextField
        label="E-mail address"
        type="email"
        required
        autoFocus
        maxLength={EMAIL_CHARACTERS_MAX}
        error={errorAt('/email')}
        value={form.email}
        onChange={(event) => change({ email: event.target.value })}
      />
      <RightsField role={form.role} grants={form.grants} onChange={change} />
    </FormDialog>
  )
}
