/** Instance ids: UUIDs of version 7 (RFC 9562, 5.7), which sort by the millisecond they were made in. */
import { randomBytes } from 'node:crypto'
import { INSTANCE_UID_BYTES } from '#codecs/opamp/constants.ts'

const CANONICAL = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** In canonical text. */
export function newUid(wallMs: number): string {
  const bytes = randomBytes(INSTANCE_UID_BYTES)
  bytes.writeUIntBE(wallMs, 0, 6)
  bytes[6] = (bytes[6]! & 0x0f) | 0x70
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return uidText(bytes)
}

export function isUid(text: string): boolean {
  return CANONICAL.test(text)
}

export function uidText(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

export function uidBytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll('-', ''), 'hex'))
}
