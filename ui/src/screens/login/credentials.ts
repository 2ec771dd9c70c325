/** The way in: what is sent, and what follows from it. */
import type { QueryClient } from '@tanstack/react-query'
import type { Me } from '#contract/access.ts'
import { send } from '#ui/api/client.ts'
import { meQuery } from '#ui/api/queries.ts'

export interface Credentials {
  email: string
  password: string
  code: string
}

/** A token makes it the first login, which sets the password. Nothing that somebody else has read stays in the page. */
export async function enter(
  client: QueryClient,
  { email, password, code }: Credentials,
  token?: string,
): Promise<void> {
  const body = { email: email.trim(), password, ...(code.trim() !== '' && { code: code.trim() }) }
  if (token === undefined) await send<Me>('POST', '/login', body)
  else await send<Me>('POST', '/setup', { ...body, token })
  client.clear()
  await client.fetchQuery(meQuery)
}

/** Where to go on: only places of this dashboard, whatever the link says. */
export function placeAfter(next: string | undefined): string {
  return next !== undefined && /^\/(?![/\\])/.test(next) ? next : '/'
}
