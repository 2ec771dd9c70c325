/** Signatures by Standard Webhooks 1.0, "Signature scheme": symmetric, identifier `v1`. */
import { createHmac, randomBytes } from 'node:crypto'
import { Secret } from '#std/secret.ts'

const PREFIX = 'whsec_'
const SECRET_BYTES = 32

export function newSigningSecret(): Secret {
  return new Secret(PREFIX + randomBytes(SECRET_BYTES).toString('base64'))
}

/**
 * The header `webhook-signature`: one signature for each secret, by spaces, so that a receiver may know either while a secret is
 * changed. `seconds`: Unix time of the attempt. `id` has no dots.
 */
export function signatureOf(secrets: readonly Secret[], id: string, seconds: number, body: string): string {
  const signed = `${id}.${seconds}.${body}`
  return secrets
    .map((secret) => {
      const key = Buffer.from(secret.reveal().slice(PREFIX.length), 'base64')
      return `v1,${createHmac('sha256', key).update(signed, 'utf8').digest('base64')}`
    })
    .join(' ')
}
