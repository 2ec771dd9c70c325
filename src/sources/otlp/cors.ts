/** What browsers ask before they send from a page of another origin (fetch.spec.whatwg.org, CORS protocol). */
import type { Exchange, Headers } from '#component/exchange.ts'

/** How long a browser may remember the answer. */
const MAX_AGE_SECONDS = '7200'

export interface CorsOptions {
  /** Origins such as `https://shop.example.com`; `*` is all. */
  origins: readonly string[]
}

/** Headers of every answer. */
export function answersTo({ headers }: Exchange, { origins }: CorsOptions): Headers {
  if (origins.length === 0) return {}
  const { origin } = headers
  const allowed = origins.includes('*') ? '*' : origins.includes(origin ?? '') ? origin : undefined
  return allowed === undefined ? { vary: 'origin' } : { 'access-control-allow-origin': allowed, vary: 'origin' }
}

export function preflight(exchange: Exchange, options: CorsOptions): void {
  const headers = answersTo(exchange, options)
  if (headers['access-control-allow-origin'] === undefined) {
    exchange.refuse(403, 'This origin is not among cors_origins.', headers)
    return
  }
  const asked = exchange.headers['access-control-request-headers']
  exchange.answer(204, {
    ...headers,
    'access-control-allow-methods': 'POST',
    ...(asked === undefined ? {} : { 'access-control-allow-headers': asked }),
    'access-control-max-age': MAX_AGE_SECONDS,
  })
}
