/** Set up or switch off the second factor: a code of an authenticator app at every login. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { renderSVG } from 'uqr'
import type { z } from 'zod'
import type { recoveryCodes, totpEnrolment } from '#contract/access.ts'
import { send } from '#ui/api/client.ts'
import { meQuery, useMe } from '#ui/api/queries.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { Button } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { Command } from '#ui/kit/copy.tsx'
import { TextField } from '#ui/kit/field.tsx'
import { ProblemNote } from '#ui/kit/states.tsx'
import { toast } from '#ui/kit/toast.tsx'

type Enrolment = z.infer<typeof totpEnrolment>
type RecoveryCodes = z.infer<typeof recoveryCodes>

export function SecondFactor() {
  const { totp } = useMe()
  const [enrolment, setEnrolment] = useState<Enrolment>()
  const [codes, setCodes] = useState<string[]>()
  return (
    <Card
      title="Second factor"
      hint="A code of an authenticator app, asked for at every login."
      actions={<Badge tone={totp ? 'ok' : 'warn'}>{totp ? 'In force' : 'Not set up'}</Badge>}
    >
      {codes !== undefined ? (
        <Codes codes={codes} onDone={() => setCodes(undefined)} />
      ) : totp ? (
        <InForce onCodes={setCodes} />
      ) : enrolment === undefined ? (
        <Begin onEnrolment={setEnrolment} />
      ) : (
        <Enrol
          enrolment={enrolment}
          onCodes={(made) => {
            setEnrolment(undefined)
            setCodes(made)
          }}
        />
      )}
    </Card>
  )
}

function Begin({ onEnrolment }: { onEnrolment: (enrolment: Enrolment) => void }) {
  const [password, setPassword] = useState('')
  const begin = useMutation({
    mutationFn: () => send<Enrolment>('POST', '/me/totp', { password }),
    onSuccess: onEnrolment,
  })
  return (
    <Form error={begin.error} onSubmit={() => begin.mutate()}>
      <PasswordField value={password} onChange={setPassword} />
      <Button type="submit" busy={begin.isPending}>
        Set up a second factor
      </Button>
    </Form>
  )
}

function Enrol({ enrolment, onCodes }: { enrolment: Enrolment; onCodes: (codes: string[]) => void }) {
  const client = useQueryClient()
  const [code, setCode] = useState('')
  const confirm = useMutation({
    mutationFn: () => send<RecoveryCodes>('POST', '/me/totp/confirm', { code: code.trim() }),
    onSuccess: async ({ recovery_codes: made }) => {
      onCodes(made)
      await client.invalidateQueries({ queryKey: meQuery.queryKey })
    },
  })
  const picture = `data:image/svg+xml,${encodeURIComponent(renderSVG(enrolment.uri, { border: 2 }))}`
  return (
    <Form error={confirm.error} onSubmit={() => confirm.mutate()}>
      <p>Scan this with your authenticator app, or type the text below it in.</p>
      <img
        src={picture}
        alt="QR code for the authenticator app; the text below it says the same"
        className="size-44 rounded bg-white"
      />
      <Command text={enrolment.secret} label="Secret for the authenticator app" />
      <TextField
        label="Code that the app shows"
        inputMode="numeric"
        autoComplete="one-time-code"
        required
        value={code}
        onChange={(event) => setCode(event.target.value)}
      />
      <Button type="submit" look="primary" busy={confirm.isPending}>
        Put it into force
      </Button>
    </Form>
  )
}

function Codes({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  return (
    <div className="flex flex-col gap-3">
      <p>
        Your recovery codes. Each is good for one login without the app. They are not shown again: keep them in a safe
        place.
      </p>
      <Command text={codes.join('\n')} label="Recovery codes" />
      <div>
        <Button look="primary" onClick={onDone}>
          I have kept them
        </Button>
      </div>
    </div>
  )
}

function InForce({ onCodes }: { onCodes: (codes: string[]) => void }) {
  const client = useQueryClient()
  const [proof, setProof] = useState({ password: '', code: '' })
  const anew = useMutation({
    mutationFn: () => send<RecoveryCodes>('POST', '/me/totp/recovery-codes', proof),
    onSuccess: ({ recovery_codes: made }) => {
      setProof({ password: '', code: '' })
      onCodes(made)
    },
  })
  const disable = useMutation({
    mutationFn: () => send('POST', '/me/totp/disable', proof),
    onSuccess: async () => {
      toast('The second factor is switched off')
      await client.invalidateQueries({ queryKey: meQuery.queryKey })
    },
  })
  return (
    <Form error={anew.error ?? disable.error} onSubmit={() => anew.mutate()}>
      <PasswordField value={proof.password} onChange={(password) => setProof({ ...proof, password })} />
      <TextField
        label="Code"
        hint="Of the app, or a recovery code."
        inputMode="numeric"
        autoComplete="one-time-code"
        required
        value={proof.code}
        onChange={(event) => setProof({ ...proof, code: event.target.value })}
      />
      <div className="flex flex-wrap gap-2">
        <Button type="submit" busy={anew.isPending}>
          Make new recovery codes
        </Button>
        <Button look="danger" busy={disable.isPending} disabled={proof.code === ''} onClick={() => disable.mutate()}>
          Switch it off
        </Button>
      </div>
    </Form>
  )
}

function PasswordField({ value, onChange }: { value: string; onChange: (password: string) => void }) {
  return (
    <TextField
      label="Your password"
      type="password"
      autoComplete="current-password"
      required
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  )
}

function Form({ error, onSubmit, children }: { error: unknown; onSubmit: () => void; children: ReactNode }) {
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onSubmit()
  }
  return (
    <form onSubmit={submit} className="flex max-w-sm flex-col items-stretch gap-3">
      {children}
      <ProblemNote error={error} />
    </form>
  )
}
