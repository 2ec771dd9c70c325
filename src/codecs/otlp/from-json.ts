/** Stand-in until the codec is there. */
import type { Bytes } from '#std/bytes.ts'
import { allocate } from '#std/bytes.ts'
import type { Signal } from '#telemetry/signal.ts'

export function fromJson(_signal: Signal, text: Bytes): { ok: true; bytes: Bytes } | { ok: false; message: string } {
  try {
    JSON.parse(text.toString())
    return { ok: true, bytes: allocate(0) }
  } catch {
    return { ok: false, message: 'The body is not JSON.' }
  }
}
