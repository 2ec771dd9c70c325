/** Packs lines into datagrams. */
import type { Batch } from '#component/output.ts'
import { type Bytes, concat, NEWLINE } from '#std/bytes.ts'

/** The lines of one record, each with its newline. */
export interface Lines {
  record: number
  bytes: Bytes
}

/** Of datagrams, each without its last newline. `recordsOf`: by datagram, the records that have lines in it. */
export interface Datagrams {
  batch: Batch
  recordsOf: number[][]
}

/** In order; a datagram has at most `bytesMax` bytes, or one line. */
export function datagramsOf(lines: readonly Lines[], bytesMax: number): Datagrams {
  const parts: Bytes[] = []
  const ends: number[] = []
  const recordsOf: number[][] = []
  let end = 0
  let start = 0
  const close = () => {
    // The newline of its last line is not sent.
    const last = parts.pop()!
    parts.push(last.subarray(0, -1))
    end--
    ends.push(end)
    start = end
  }
  for (const { record, bytes } of lines) {
    for (let at = 0; at < bytes.length; ) {
      const newline = bytes.indexOf(NEWLINE, at) + 1
      const line = bytes.subarray(at, newline)
      if (end > start && end - start + line.length - 1 > bytesMax) close()
      if (end === start) recordsOf.push([])
      const records = recordsOf.at(-1)!
      if (records.at(-1) !== record) records.push(record)
      parts.push(line)
      end += line.length
      at = newline
    }
  }
  if (end > start) close()
  return { batch: { bytes: concat(parts), records: ends.length, ends: Int32Array.from(ends) }, recordsOf }
}
