/** Stand-in until the codec is there. */
import { fieldsOf } from '#codecs/protobuf/wire.ts'
import type { Bytes } from '#std/bytes.ts'
import type { Signal } from '#telemetry/signal.ts'

export type Checked = { ok: true; records: number } | { ok: false; message: string }

export function checkRequest(_signal: Signal, bytes: Bytes, from: number, to: number): Checked {
  let records = 0
  let end = from
  for (const { field, from: a, to: b } of fieldsOf(bytes, from, to)) {
    end = b
    if (field !== 1) continue
    for (const scope of fieldsOf(bytes, a, b)) {
      if (scope.field !== 2) continue
      for (const record of fieldsOf(bytes, scope.from, scope.to)) if (record.field === 2) records++
    }
  }
  return end === to ? { ok: true, records } : { ok: false, message: 'It is no export request.' }
}

export function splitRequest(bytes: Bytes, from: number, to: number, bytesMax: number) {
  const pieces: Bytes[] = []
  let tooLarge = 0
  let tooLargeBytes = 0
  let start = from
  for (const { to: b } of fieldsOf(bytes, from, to)) {
    if (b - start <= bytesMax) pieces.push(bytes.subarray(start, b))
    else {
      tooLarge++
      tooLargeBytes += b - start
    }
    start = b
  }
  return { pieces, tooLarge, tooLargeBytes }
}
