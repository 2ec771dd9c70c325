/** Where a source listens: reading the option, saying the address, and telling what to do when it cannot be had. */
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import { StreamgateError } from '#contract/error.ts'

export interface ListenAddress {
  host: string
  /** 0 asks the system for a free port. */
  port: number
}

/** The option `listen`: `host:port`, with IPv6 addresses in brackets. */
export function listenOption(standard: string) {
  return z
    .string()
    .refine((text) => parseListen(text) !== null, {
      error: 'must be host:port, such as 0.0.0.0:8081 or [::]:8081, with a port from 0 to 65535',
    })
    .default(standard)
    .describe('Address to listen on, as host:port or [ipv6]:port; port 0 takes a free one.')
}

/** Null when `text` is not an address to listen on. */
export function parseListen(text: string): ListenAddress | null {
  const match = /^(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([^\s:[\]/]+)):(\d{1,5})$/.exec(text)
  if (match === null) return null
  const port = Number(match[3])
  return port > 65_535 ? null : { host: match[1] ?? match[2]!, port }
}

/** Such as `tcp://127.0.0.1:8081` or `udp://[::]:8082`. */
export function addressText(scheme: string, address: { host: string; port: number }): string {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return `${scheme}://${host}:${address.port}`
}

/** What a listening socket says of itself, as a `ListenAddress`. */
export function boundAddress(info: AddressInfo | string | null, asked: ListenAddress): ListenAddress {
  return info === null || typeof info === 'string' ? asked : { host: info.address, port: info.port }
}

const remedies: Record<string, string> = {
  EADDRINUSE: 'another program listens there; stop it, or choose another port',
  EACCES: 'ports below 1024 need a privilege (CAP_NET_BIND_SERVICE); grant it, or choose another port',
  EADDRNOTAVAIL: 'this machine has no such address; use one of its own, or 0.0.0.0',
  ENOTFOUND: 'the host name is not known here; use an address',
}

export function listenError(id: string, address: string, cause: unknown): StreamgateError {
  const code = errorCodeOf(cause)
  const remedy = remedies[code] ?? 'choose another address'
  return new StreamgateError(
    'SG_LISTEN',
    `Source "${id}" cannot listen on ${address} (${code}): ${remedy} with its option "listen".`,
    {
      cause,
    },
  )
}

/** `cause`: what `ListenerTls.read` rejected with. */
export function tlsError(id: string, address: string, cause: unknown): StreamgateError {
  const reason = cause instanceof StreamgateError ? cause.message : 'its TLS files cannot be used'
  const message = `Source "${id}" cannot listen on ${address}: ${reason}; mend it, or name another in its option "tls".`
  return new StreamgateError('SG_LISTEN', message, { cause })
}

/** `code` of a system error, such as `ECONNRESET`. */
export function errorCodeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error'
}
