/** Who may connect or send at all: a list of addresses and ranges. */
import { BlockList, isIP } from 'node:net'
import { z } from 'zod'

const RANGES_MAX = 1000

/** To be spread into a source's schema. */
export const allowOption = {
  allow: z
    .array(
      z.string().refine((text) => parseRange(text) !== null, {
        error: 'must be an address or a range, such as 192.0.2.7, 10.0.0.0/8, ::1 or 2001:db8::/32',
      }),
    )
    .max(RANGES_MAX)
    .default([])
    .describe('Addresses and ranges that may send, such as 10.0.0.0/8 or ::1; without any, all may.'),
}

export class AllowList {
  /** True: everybody may. */
  readonly isOpen: boolean
  readonly #ranges = new BlockList()

  /** As `allowOption` lets them through. */
  constructor(ranges: readonly string[] = []) {
    this.isOpen = ranges.length === 0
    for (const text of ranges) {
      const { address, prefix, family } = parseRange(text)!
      this.#ranges.addSubnet(address, prefix, family)
    }
  }

  /** `address` as sockets tell it; undefined, of a socket that has closed already, is nobody's. */
  allows(address: string | undefined): boolean {
    if (this.isOpen) return true
    if (address === undefined) return false
    const plain = unmapped(address.split('%', 1)[0]!)
    const family = familyOf(plain)
    return family !== undefined && this.#ranges.check(plain, family)
  }
}

interface Range {
  address: string
  prefix: number
  family: 'ipv4' | 'ipv6'
}

function parseRange(text: string): Range | null {
  const match = /^([0-9a-fA-F:.]+)(?:\/(\d{1,3}))?$/.exec(text)
  if (match === null) return null
  const given = match[1]!
  const address = unmapped(given)
  const family = familyOf(address)
  if (family === undefined) return null
  const bits = family === 'ipv4' ? 32 : 128
  // A range of IPv4 that is written as one of IPv6 counts its prefix from there.
  const prefix = match[2] === undefined ? bits : Number(match[2]) - (address === given ? 0 : 96)
  return prefix < 0 || prefix > bits ? null : { address, prefix, family }
}

/** A listener for both families sees IPv4 addresses as `::ffff:192.0.2.1` (RFC 4291, section 2.5.5.2). */
function unmapped(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address)
  return version === 0 ? undefined : version === 4 ? 'ipv4' : 'ipv6'
}
