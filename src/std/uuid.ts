/** UUIDs of version 7 (RFC 9562, section 5.7): they sort by the millisecond in which they were made. */
import { randomBytes } from 'node:crypto'

/** Such as `019a2f6e-8c4b-7d15-9a0c-2b8f4e6d1a37`. `wallMs` is Unix time in milliseconds. */
export function uuidv7(wallMs: number): string {
  return uuidText(uuidv7Bytes(wallMs))
}

/** Its 16 bytes: 48 bits of time, version, 12 random bits, variant, 62 random bits. */
export function uuidv7Bytes(wallMs: number): Uint8Array {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(wallMs, 0, 6)
  bytes[6] = 0x70 | (bytes[6]! & 0x0f)
  bytes[8] = 0x80 | (bytes[8]! & 0x3f)
  return bytes
}

/** `bytes`: 16 of them, of any version. */
export function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** Undefined: the text is no UUID. */
export function uuidBytes(text: string): Uint8Array | undefined {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return undefined
  return new Uint8Array(Buffer.from(text.replaceAll('-', ''), 'hex'))
}
