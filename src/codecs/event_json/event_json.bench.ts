/**
 * CPU time of encoding for vendors: JSON and text into objects of their own shape, beside `ndjson`, which recognises nothing.
 * `node src/codecs/event_json/event_json.bench.ts`
 */

import { ndjson } from '#codecs/ndjson/ndjson.ts'
import { textFormat } from '#codecs/text/format.ts'
import { allocate, viewOf } from '#std/bytes.ts'
import { randomFrom } from '#std/random.ts'
import { Block } from '#telemetry/block.ts'
import type { Encoder } from '#telemetry/encoder.ts'
import { type EventJsonOptions, eventJson } from './event_json.ts'

const SEED = 20_261_121
const ROUNDS = 5
const BLOCK_RECORDS = 400

export interface Measured {
  name: string
  /** CPU time of the whole process, the best of some rounds; for each record that is written. */
  nsPerRecord: number
}

type Content = 'text' | 'JSON' | 'nested JSON' | 'mixed'

/** Shapes like those that outputs declare. */
const SHAPES: Record<string, EventJsonOptions> = {
  members: {
    after: ',',
    members: [
      { key: 'timestamp', value: 'milliseconds' },
      { key: 'status', value: 'level' },
      { key: 'service', value: 'service', otherwise: 'bench' },
      { key: 'hostname', value: 'host' },
      { key: 'ddtags', value: 'literal', literal: 'env:bench' },
    ],
    record: { as: 'members', message: 'message' },
  },
  value: {
    after: '\n',
    members: [
      { key: 'time', value: 'seconds' },
      { key: 'host', value: 'host', otherwise: 'bench' },
      {
        key: 'severity',
        value: 'severity',
        names: ['', 'DEBUG', 'DEBUG', 'DEBUG', 'DEBUG', 'DEBUG', '', '', '', 'INFO'],
      },
    ],
    record: { as: 'value', objects: 'event', texts: 'event' },
  },
  text: {
    after: ',',
    members: [{ key: 'timestamp', value: 'rfc3339' }],
    record: { as: 'text', key: 'message' },
  },
}

export function bench({ records }: { records: number }): Measured[] {
  const measured: Measured[] = []
  for (const content of ['text', 'JSON', 'nested JSON', 'mixed'] as const) {
    const block = blockOf(content)
    measured.push({ name: `ndjson: ${content}`, nsPerRecord: measure(ndjson.create({}), block, records) })
    for (const [shape, options] of Object.entries(SHAPES)) {
      const encoder = eventJson.create({ ...options })
      measured.push({ name: `event_json, ${shape}: ${content}`, nsPerRecord: measure(encoder, block, records) })
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

/** Records of 130 to 250 bytes in shared memory, as the intake has them. */
function blockOf(content: Content): Block {
  const random = randomFrom(SEED)
  const records = Array.from({ length: BLOCK_RECORDS }, (_, i) => {
    const time = new Date(1_767_225_600_000 + i).toISOString()
    const message = `order ${Math.floor(random() * 1e6)} paid after ${Math.floor(random() * 500)} ms by "card"`
    const trace = Math.floor(random() * 1e9)
      .toString(16)
      .padStart(32, '0')
    if (content === 'text' || (content === 'mixed' && i % 2 === 1))
      return `${time} INFO checkout [req-${trace.slice(-8)}] ${message}, ip=10.0.0.1 status=200`
    const own = {
      timestamp: time,
      level: 'INFO',
      service: 'checkout',
      trace_id: trace,
      message,
      took: i % 2 ? 12 : 3.5,
    }
    if (content !== 'nested JSON') return JSON.stringify(own)
    const resource = { 'service.name': 'checkout', attributes: { 'host.name': 'node-7', region: 'eu-1' } }
    return JSON.stringify({
      time,
      severity: 'INFO',
      resource,
      attributes: { order: 17, items: [1, 2, 3] },
      body: message,
    })
  })
  const joined = Buffer.from(`${records.join('\n')}\n`)
  const bytes = viewOf(new SharedArrayBuffer(joined.length))
  bytes.set(joined)
  const block = new Block()
  block.fill(bytes, 0, bytes.length, {
    source: 'bench',
    arrivalMs: 1_767_225_600_000,
    truncated: false,
    format: textFormat,
  })
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
