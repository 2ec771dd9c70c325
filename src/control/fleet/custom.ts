/** Custom messages between a controller and its nodes: JSON, as UTF-8, of a bounded size. */
import { NODE_CAPABILITY } from '#contract/fleet.ts'
import { uuidBytes } from '#std/uuid.ts'
import type { LiveGateway } from './live.ts'

/** Of one message. A window of a thousand records of some kilobytes fits. */
const DATA_BYTES_MAX = 16 * 1024 * 1024

export function speaksOurs({ gateway }: LiveGateway): boolean {
  return gateway.customCapabilities.includes(NODE_CAPABILITY)
}

export function sendCustom({ gateway, connection }: LiveGateway, type: string, value: object): void {
  const data = Buffer.from(JSON.stringify(value))
  const customMessage = { capability: NODE_CAPABILITY, type, data }
  connection?.send({ instanceUid: uuidBytes(gateway.uid)!, flags: 0n, capabilities: 0n, customMessage })
}

/** Undefined: it is no JSON, or too long. */
export function parsedCustom(data: Uint8Array): unknown {
  if (data.length > DATA_BYTES_MAX) return undefined
  try {
    return JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.length).toString('utf8'))
  } catch {
    return undefined
  }
}
