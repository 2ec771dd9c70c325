/**
 * What Linux tells about a UDP socket of this process, in /proc: its descriptor, and how many datagrams it dropped.
 * Elsewhere, and where /proc is not readable, there is nothing to tell.
 *
 *   sl  local_address rem_address   st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode ref pointer drops
 *   12: 0100007F:1F92 00000000:0000 07 00000000:00000000 00:00000000 00000000   0       0 47116   2 000…    0
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export interface KernelSocket {
  fd: number
  inode: string
  /** The table that lists it. */
  table: string
}

/** Null when the socket bound to `port` is not to be found, or not to be told from another of this process. */
export function findKernelSocket(port: number, family: 'IPv4' | 'IPv6'): KernelSocket | null {
  const table = family === 'IPv6' ? '/proc/net/udp6' : '/proc/net/udp'
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const inodes = new Set(rows(table).flatMap((row) => (row[LOCAL_ADDRESS]?.endsWith(wanted) ? [row[INODE]] : [])))
  const found: KernelSocket[] = []
  if (inodes.size > 0) {
    for (const [fd, inode] of ownSockets()) if (inodes.has(inode)) found.push({ fd, inode, table })
  }
  return found.length === 1 ? found[0]! : null
}

/** Datagrams that found the socket's receive buffer full; null when the system does not say. */
export function droppedByKernel(socket: KernelSocket): number | null {
  const row = rows(socket.table).find((fields) => fields[INODE] === socket.inode)
  const drops = Number(row?.[DROPS])
  return Number.isSafeInteger(drops) ? drops : null
}

const LOCAL_ADDRESS = 1
const INODE = 9
const DROPS = 12

function rows(table: string): string[][] {
  try {
    const lines = readFileSync(table, 'latin1').split('\n').slice(1)
    return lines.map((line) => line.trim().split(/\s+/))
  } catch {
    return []
  }
}

function ownSockets(): [fd: number, inode: string][] {
  const sockets: [number, string][] = []
  let names: string[] = []
  try {
    names = readdirSync('/proc/self/fd')
  } catch {
    return sockets
  }
  for (const name of names) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${name}`))?.[1]
      if (inode !== undefined) sockets.push([Number(name), inode])
    } catch {
      // Closed since the folder was read.
    }
  }
  return sockets
}
