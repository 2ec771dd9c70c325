/**
 * CPU time of encoding: lines and JSON, with all records kept or two of three.
 * `node src/codecs/text/text.bench.ts`
 */

import { jsonArray } from '#codecs/json_array/json_array.ts'
import { ndjson } from '#codecs/ndjson/ndjson.ts'
import { textFormat } from '#codecs/text/format.ts'
import { allocate, viewOf } from '#std/bytes.ts'
import { randomFrom } from '#std/random.ts'
import { Block } from '#telemetry/block.ts'
import type { Encoder } from '#telemetry/encoder.ts'
import { text } from './text.ts'

const SEED = 20_260_108
const ROUNDS = 5
const BLOCK_RECORDS = 500

export interface Measured {
  name: string
  /** CPU time of the whole process, the best of some rounds; for each record that is written. */
  nsPerRecord: number
}

export function bench({ records }: { records: number }): Measured[] {
  const measured: Measured[] = []
  for (const content of ['lines', 'JSON'] as const) {
    const whole = blockOf(content)
    const sparse = blockOf(content)
    for (let i = 0; i < sparse.count; i += 3) sparse.drop(i)
    for (const encoder of [text, ndjson, jsonArray].map((definition) => definition.create({}))) {
      measured.push(
        { name: `${encoder.name}: ${content}`, nsPerRecord: measure(encoder, whole, records) },
        { name: `${encoder.name}: ${content}, two of three`, nsPerRecord: measure(encoder, sparse, records) },
      )
    }
  }
  return measured
}

function measure(encoder: Encoder, block: Block, records: number): number {
  const target = allocate(encoder.sizeMax(block))
  const ends = new Int32Array(block.count)
  const work = () => {
    let done = 0
    for (; done < records; done += block.selected) {
      encoder.sizeMax(block)
      encoder.encode(block, target, 0, ends, 0)
    }
    return done
  }
  work()
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.cpuUsage()
    const done = work()
    const { user, system } = process.cpuUsage(start)
    best = Math.min(best, ((user + system) * 1000) / done)
  }
  return best
}

/** Records of about 130 bytes in shared memory, as the intake has them. */
function blockOf(content: 'lines' | 'JSON'): Block {
  const random = randomFrom(SEED)
  const records = Array.from({ length: BLOCK_RECORDS }, (_, i) => {
    const message = `order ${Math.floor(random() * 1e6)} paid after ${Math.floor(random() * 500)} ms by "card"`
    const time = new Date(1_767_225_600_000 + i).toISOString()
    return content === 'lines'
      ? `${time} INFO checkout [req-4bf92f35] ${message}, ip=10.0.0.1 status=200`
      : JSON.stringify({ time, level: 'INFO', service: 'checkout', message, took: random() < 0.5 ? 12 : 3.5 })
  })
  const joined = Buffer.from(`${records.join('\n')}\n`)
  const bytes = viewOf(new SharedArrayBuffer(joined.length))
  bytes.set(joined)
  const block = new Block()
  block.fill(bytes, 0, bytes.length, { source: 'bench', arrivalMs: 0, truncated: false, format: textFormat })
  let at = 0
  for (const record of records) {
    block.addRecord(at, at + Buffer.byteLength(record))
    at += Buffer.byteLength(record) + 1
  }
  return block
}

if (import.meta.main) {
  for (const { name, nsPerRecord } of bench({ records: 20_000 })) {
    console.log(`${name.padEnd(34)} ${nsPerRecord.toFixed(1).padStart(8)} ns a record`)
  }
}
