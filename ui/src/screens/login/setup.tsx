/** Behind a one-time link: the first owner, or somebody invited, sets a password. The token stands behind the `#`, so no log has it. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { PASSWORD_CHARACTERS_MIN } from '#contract/permissions.ts'
import { Button } from '#ui/kit/button.tsx'
import { TextField } from '#ui/kit/field.tsx'
import { ProblemNote } from '#ui/kit/states.tsx'
import { enter } from '#ui/screens/login/credentials.ts'
import { Frame } from '#ui/screens/login/frame.tsx'

export function Setup() {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [token] = useState(takeToken)
  const [credentials, setCredentials] = useState({ email: '', password: '', code: '' })
  const setup = useMutation({
    mutationFn: () => enter(client, credentials, token),
    onSuccess: () => navigate({ to: '/' }),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setup.mutate()
  }
  const field = (name: keyof typeof credentials) => ({
    value: credentials[name],
    onChange: (event: { target: { value: string } }) => setCredentials({ ...credentials, [name]: event.target.value }),
  })
  if (token === '')
    return (
      <Frame title="Set your password">
        <p role="alert">
          This page needs the whole link, with what stands behind #token=. Ask for a new one if yours was used.
        </p>
      </Frame>
    )
  return (
    <Frame title="Set your password">
      <form onSubmit={submit} className="flex flex-col gap-4">
        <TextField
          label="E-mail address"
          hint="If you were invited, the address that the link was made for."
          type="email"
          autoComplete="username"
          required
          autoFocus
          {...field('email')}
        />
        <TextField
          label="Password"
          hint={`${PASSWORD_CHARACTERS_MIN} characters or more; a few words are good.`}
          type="password"
          autoComplete="new-password"
          minLength={PASSWORD_CHARACTERS_MIN}
          required
          {...field('password')}
        />
        <TextField
          label="Code"
          hint="Only if your account has a second factor already."
          inputMode="numeric"
          autoComplete="one-time-code"
          {...field('code')}
        />
        <ProblemNote error={setup.error} />
        <Button type="submit" look="primary" busy={setup.isPending}>
          Set the password and log in
        </Button>
      </form>
    </Frame>
  )
}

let taken: string | undefined

/** Once: afterwards the address no longer has it. */
function takeToken(): string {
  taken ??= new URLSearchParams(location.hash.slice(1)).get('token') ?? ''
  history.replaceState(history.state, '', location.pathname)
  return taken
}
