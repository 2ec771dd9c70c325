/** Log in with address, password and, where it is set up, a code. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { type FormEvent, useEffect, useState } from 'react'
import { loginStateQuery, meQuery } from '#ui/api/queries.ts'
import { Button } from '#ui/kit/button.tsx'
import { TextField } from '#ui/kit/field.tsx'
import { ProblemNote } from '#ui/kit/states.tsx'
import { enter, placeAfter } from '#ui/screens/login/credentials.ts'
import { Frame } from '#ui/screens/login/frame.tsx'
import { loginRoute } from '#ui/screens/login/route.ts'

export function Login() {
  const { next } = loginRoute.useSearch()
  const client = useQueryClient()
  const router = useRouter()
  const { data: state, error: unreadable } = useQuery(loginStateQuery)
  const [credentials, setCredentials] = useState({ email: '', password: '', code: '' })
  const login = useMutation({
    mutationFn: () => enter(client, credentials),
    onSuccess: () => router.history.push(`/ui${placeAfter(next)}`),
  })
  useEffect(() => {
    // An open controller knows whoever reaches it.
    if (state?.auth_mode === 'open')
      void client.fetchQuery(meQuery).then(() => router.history.push(`/ui${placeAfter(next)}`))
  }, [state, client, router, next])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    login.mutate()
  }
  const field = (name: keyof typeof credentials) => ({
    value: credentials[name],
    onChange: (event: { target: { value: string } }) => setCredentials({ ...credentials, [name]: event.target.value }),
  })
  return (
    <Frame title="Log in">
      {state?.has_users === false && state.auth_mode === 'required' && (
        <p className="rounded-md bg-info-soft px-3 py-2 text-info">
          Nobody has an account yet. The controller has printed a link for the first login where it was started.
        </p>
      )}
      <form onSubmit={submit} className="flex flex-col gap-4">
        <TextField label="E-mail address" type="email" autoComplete="username" required autoFocus {...field('email')} />
        <TextField label="Password" type="password" autoComplete="current-password" required {...field('password')} />
        <TextField
          label="Code"
          hint="Of your authenticator app, or a recovery code, if you have set up a second factor."
          inputMode="numeric"
          autoComplete="one-time-code"
          {...field('code')}
        />
        <ProblemNote error={login.error ?? unreadable} />
        <Button type="submit" look="primary" busy={login.isPending}>
          Log in
        </Button>
        <p className="text-sm text-muted">
          Password forgotten, or the phone lost? An owner of your organisation can make you a new link.
        </p>
      </form>
    </Frame>
  )
}
