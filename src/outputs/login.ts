/** How outputs log in over HTTP: a bearer token, or a user with a password (RFC 6750, RFC 7617). */
import type { Secret } from '#component/secret.ts'

export interface Login {
  token?: Secret | undefined
  user?: string | undefined
  password?: Secret | undefined
}

/** The header, or none. A user with a password comes before a token. */
export function loginHeaders({ token, user, password }: Login): Record<string, string> {
  if (user !== undefined && password !== undefined) return basicLogin(user, password)
  return token === undefined ? {} : { authorization: `Bearer ${token.reveal()}` }
}

export function basicLogin(user: string, password: Secret): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${user}:${password.reveal()}`).toString('base64')}` }
}
