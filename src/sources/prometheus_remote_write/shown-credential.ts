/**
 * What a sender shows: a bearer token, an API key, or the password of basic authorization, which Prometheus'
 * configuration has first.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { shownKey } from '#listeners/api-keys.ts'

export function shownCredential(headers: IncomingHttpHeaders): string | undefined {
  const basic = /^basic +([A-Za-z0-9+/=]+) *$/i.exec(headers.authorization ?? '')?.[1]
  if (basic === undefined) return shownKey(headers)
  const pair = Buffer.from(basic, 'base64').toString('utf8')
  const colon = pair.indexOf(':')
  return colon === -1 ? undefined : pair.slice(colon + 1)
}
