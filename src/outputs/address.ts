/** Addresses of outputs with a socket of their own: `HOST:PORT`, a host in brackets where it holds colons. */
import { z } from 'zod'

const PORT_MAX = 65_535

export function addressOption(meaning: string) {
  return z
    .string()
    .regex(/^(\[[^\]]+\]|[^:[\]]+):\d{1,5}$/, 'must be HOST:PORT, such as collector.internal:5170 or [::1]:5170')
    .refine((address) => splitAddress(address).port <= PORT_MAX, `must have a port of at most ${PORT_MAX}`)
    .describe(meaning)
}

/** Of an address that `addressOption` has taken. */
export function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':')
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) }
}
