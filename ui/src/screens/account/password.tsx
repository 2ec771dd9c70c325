/** Change one's password. */
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { PASSWORD_CHARACTERS_MIN } from '#contract/permissions.ts'
import { ApiError, send } from '#ui/api/client.ts'
import { Button } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { TextField } from '#ui/kit/field.tsx'
import { ProblemNote } from '#ui/kit/states.tsx'
import { toast } from '#ui/kit/toast.tsx'

const nothing = { password: '', new_password: '' }

export function Password() {
  const [body, setBody] = useState(nothing)
  const change = useMutation({
    mutationFn: () => send('POST', '/me/password', body),
    onSuccess: () => {
      setBody(nothing)
      toast('Your password is changed; all other sessions have ended')
    },
  })
  const wrong = change.error instanceof ApiError ? change.error.at('/new_password') : undefined
  const submit = (event: FormEvent) => {
    event.preventDefault()
    change.mutate()
  }
  return (
    <Card title="Password" hint="Changing it ends all your other sessions.">
      <form onSubmit={submit} className="flex max-w-sm flex-col gap-3">
        <TextField
          label="Your password now"
          type="password"
          autoComplete="current-password"
          required
          value={body.password}
          onChange={(event) => setBody({ ...body, password: event.target.value })}
        />
        <TextField
          label="New password"
          hint={`${PASSWORD_CHARACTERS_MIN} characters or more; a few words are good.`}
          error={wrong}
          type="password"
          autoComplete="new-password"
          required
          value={body.new_password}
          onChange={(event) => setBody({ ...body, new_password: event.target.value })}
        />
        <ProblemNote error={change.error} />
        <div>
          <Button type="submit" busy={change.isPending}>
            Change the password
          </Button>
        </div>
      </form>
    </Card>
  )
}
