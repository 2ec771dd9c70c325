/** Add somebody. The answer has a link with which they set their password, so nobody else ever knows it. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId } from 'react'
import type { UserAdded, UserAddedAnswer } from '#contract/access.ts'
import { EMAIL_CHARACTERS_MAX, type Role } from '#contract/permissions.ts'
import { ApiError, send } from '#ui/api/client.ts'
import { usersQuery } from '#ui/api/queries.ts'
import { Button } from '#ui/kit/button.tsx'
import { Dialog } from '#ui/kit/dialog.tsx'
import { TextField } from '#ui/kit/field.tsx'
import { ProblemNote } from '#ui/kit/states.tsx'
import { useUnsaved } from '#ui/kit/unsaved.ts'
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
  const formId = useId()
  const client = useQueryClient()
  const [kept, keep] = useUnsaved<NewUser>('access.new-user')
  const form = kept ?? nobody
  const add = useMutation({
    mutationFn: () =>
      send<UserAddedAnswer>('POST', '/users', { ...form, email: form.email.trim() } satisfies UserAdded),
    onSuccess: async ({ user, invitation }) => {
      keep(undefined)
      await client.invalidateQueries({ queryKey: usersQuery.queryKey })
      onAdded(invitation === null ? undefined : { email: user.email, invitation })
    },
  })
  const wrongEmail = add.error instanceof ApiError ? add.error.at('/email') : undefined
  const submit = (event: FormEvent) => {
    event.preventDefault()
    add.mutate()
  }
  const footer = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button type="submit" form={formId} look="primary" busy={add.isPending}>
        Add the user
      </Button>
    </>
  )
  return (
    <Dialog
      open
      onClose={onClose}
      title="Add a user"
      description="You get a link to send them, with which they set a password."
      footer={footer}
    >
      <form id={formId} onSubmit={submit} className="flex flex-col gap-4">
        <TextField
          label="E-mail address"
          type="email"
          required
          autoFocus
          maxLength={EMAIL_CHARACTERS_MAX}
          error={wrongEmail}
          value={form.email}
          onChange={(event) => keep({ ...form, email: event.target.value })}
        />
        <RightsField role={form.role} grants={form.grants} onChange={(rights) => keep({ ...form, ...rights })} />
        <ProblemNote error={add.error} />
      </form>
    </Dialog>
  )
}
