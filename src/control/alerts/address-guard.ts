/**
 * Where webhooks may not go: to this machine, its network, and what clouds answer on there. A name is resolved once for each
 * request, all of its addresses are looked at, and the connection is made to one of those: what the name leads to later does
 * not matter.
 */
import { lookup } from 'node:dns/promises'
import { BlockList, isIP, type LookupFunction } from 'node:net'

export interface Address {
  address: string
  family: number
}

export type Resolve = (host: string) => Promise<Address[]>
export type IsForbidden = (address: string) => boolean

/** Thrown into the connection, and shown as the error of the attempt. */
export class ForbiddenAddress extends Error {
  override name = 'ForbiddenAddress'
  constructor(host: string, address: string) {
    const what = host === address ? address : `${host} (${address})`
    super(`${what} is not a public address; webhooks may go there with webhooks.allow_private only`)
  }
}

// IANA, "IPv4 Special-Purpose Address Registry" and multicast. Metadata services answer within these, but for the last one.
const FORBIDDEN_IPV4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  // Azure's, a public address that never leaves the host.
  ['168.63.129.16', 32],
]

/** Global unicast; all else (loopback, link-local, unique local, IPv4-mapped, NAT64, multicast, …) is forbidden. */
const ALLOWED_IPV6 = ['2000::', 3] as const
// IANA, "IPv6 Special-Purpose Address Registry": those within global unicast. 2001::/23 has Teredo, 2002::/16 holds IPv4.
const FORBIDDEN_IPV6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]

const forbidden = new BlockList()
for (const [network, prefix] of FORBIDDEN_IPV4) forbidden.addSubnet(network, prefix, 'ipv4')
for (const [network, prefix] of FORBIDDEN_IPV6) forbidden.addSubnet(network, prefix, 'ipv6')
const globalUnicast = new BlockList()
globalUnicast.addSubnet(...ALLOWED_IPV6, 'ipv6')

/** What is no address counts as forbidden. */
export function isForbidden(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return forbidden.check(address, 'ipv4')
  if (family === 6) return !globalUnicast.check(address, 'ipv6') || forbidden.check(address, 'ipv6')
  return true
}

/** The host of a URL where it is an address; a connection to one asks nobody for it. */
export function literalAddress(url: URL): string | undefined {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  return isIP(host) === 0 ? undefined : host
}

export const resolveHost: Resolve = (host) => lookup(host, { all: true })

/** For `connect` of a socket. One forbidden address among several is enough to refuse. */
export function guardedLookup(resolve: Resolve, isRefused: IsForbidden): LookupFunction {
  return (host, options, callback) => {
    resolve(host).then(
      (addresses) => {
        const refused = addresses.find(({ address }) => isRefused(address))
        if (refused !== undefined) return callback(new ForbiddenAddress(host, refused.address), [])
        const [first] = addresses
        if (first === undefined) return callback(new Error(`${host} has no address`), [])
        if (options.all === true) return callback(null, addresses)
        return callback(null, first.address, first.family)
      },
      (error: NodeJS.ErrnoException) => callback(error, []),
    )
  }
}
