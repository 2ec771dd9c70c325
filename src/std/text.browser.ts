/** Bytes as text and back, in a browser: what Node's Buffer does, over plain `Uint8Array`. */

/** One character per byte (code points 0 to 255). The decoder of that name is another in browsers: it takes windows-1252. */
export function latin1(bytes: Uint8Array, from: number, to: number): string {
  let text = ''
  for (let at = from; at < to; at += CHARACTERS_AT_ONCE) {
    text += String.fromCharCode(...plain(bytes, at, Math.min(to, at + CHARACTERS_AT_ONCE)))
  }
  return text
}

export function utf8(bytes: Uint8Array, from: number, to: number): string {
  return decoder.decode(plain(bytes, from, to))
}

export function hex(bytes: Uint8Array, from: number, to: number): string {
  return Array.from(plain(bytes, from, to), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function base64(bytes: Uint8Array, from: number, to: number): string {
  return btoa(latin1(bytes, from, to))
}

/** As far as it is base64: up to the first `=`, of either alphabet, and what is of none is passed over. */
export function bytesOfBase64(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((text.length * 3) / 4))
  let length = 0
  let bits = 0
  let held = 0
  for (let i = 0; i < text.length && text[i] !== '='; i++) {
    const value = SEXTETS[text.charCodeAt(i)] ?? NO_SEXTET
    if (value === NO_SEXTET) continue
    held = ((held << 6) | value) & 0xffff
    bits += 6
    if (bits < 8) continue
    bits -= 8
    bytes[length++] = held >> bits
  }
  return bytes.subarray(0, length)
}

export function isValidUtf8(bytes: Uint8Array, from: number, to: number): boolean {
  try {
    strictDecoder.decode(plain(bytes, from, to))
    return true
  } catch {
    return false
  }
}

/** A plain view: cheaper than one of `Bytes`, and what the decoders take. */
export function plain({ buffer, byteOffset, length }: Uint8Array, from: number, to = length): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset + from, Math.max(0, Math.min(to, length) - from))
}

export function isAsciiText(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0x80) return false
  return true
}

export const encoder = new TextEncoder()
/** A byte order mark is text like any other. */
export const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const strictDecoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true })
/** So many arguments a call takes anywhere. */
const CHARACTERS_AT_ONCE = 4096

const NO_SEXTET = 0xff
const SEXTETS = sextets()

function sextets(): Uint8Array {
  const table = new Uint8Array(128).fill(NO_SEXTET)
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  for (let i = 0; i < alphabet.length; i++) table[alphabet.charCodeAt(i)] = i
  table['-'.charCodeAt(0)] = 62
  table['_'.charCodeAt(0)] = 63
  return table
}
