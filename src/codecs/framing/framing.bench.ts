/**
 * CPU time of dividing bytes into records, by length of line and whether a rule then wants the block as text.
 * `node src/codecs/framing/framing.bench.ts`
 */
import { textFormat } from '#codecs/text/format.ts'
import { allocate, type Bytes, viewOf } from '#std/bytes.ts'
import { randomFrom } from '#std/random.ts'
import { Block } from '#telemetry/block.ts'
import { unpackArray } from './array.ts'
import { countLines, splitLines } from './lines.ts'

const SEED = 20_260_107
const ROUNDS = 5
/** What the engine gives a block to begin with. */
const STRETCH_BYTES = 64 * 1024
const CONTEXT = { source: 'bench', arrivalMs: 0, truncated: false, format: textFormat }

export interface Measured {
  name: string
  /** CPU time of the whole process, the best of some rounds. */
  nsPerRecord: number
}

export function bench({ records }: { records: number }): Measured[] {
  const measured: Measured[] = []
  const block = new Block()
  for (const length of [10, 40, 110, 300, 1000]) {
    const bytes = lines(records, length)
    measured.push(
      measure(`lines of ${length}`, () => split(block, bytes, false)),
      measure(`lines of ${length}, then text`, () => split(block, bytes, true)),
      measure(`lines of ${length}, counted`, () => countLines(bytes, 0, bytes.length)),
    )
  }
  const elements = array(records)
  const target = allocate(elements.length)
  measured.push(measure('elements of an array', () => unpack(block, elements, target)))
  return measured
}

function split(block: Block, bytes: Bytes, text: boolean): number {
  let records = 0
  for (let at = 0; at < bytes.length; ) {
    const to = Math.min(bytes.length, bytes.indexOf(0x0a, at + STRETCH_BYTES) + 1 || bytes.length)
    block.fill(bytes, at, to, CONTEXT)
    at = splitLines(block, bytes, at, to)
    block.to = at
    records += block.count
    if (text && !block.linewise && block.text().length === 0) throw new Error('lines have only newlines')
    if (text) block.text()
  }
  return records
}

function unpack(block: Block, bytes: Bytes, target: Bytes): number {
  let records = 0
  for (let at = 0, done = false; !done; ) {
    block.fill(target, 0, 0, CONTEXT)
    const part = unpackArray(block, bytes, at, bytes.length, target)
    at = part.end
    done = part.done
    records += block.count
  }
  return records
}

/** `work` returns how many records it did. */
function measure(name: string, work: () => number): Measured {
  work()
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.cpuUsage()
    const records = work()
    const { user, system } = process.cpuUsage(start)
    best = Math.min(best, ((user + system) * 1000) / records)
  }
  return { name, nsPerRecord: best }
}

/** Lines of half to one and a half times `length` bytes, in shared memory as the intake is. */
function lines(records: number, length: number): Bytes {
  const random = randomFrom(SEED)
  const text = Array.from({ length: records }, () => `${'x'.repeat(Math.round(length * (0.5 + random())))}\n`).join('')
  const bytes = viewOf(new SharedArrayBuffer(text.length))
  bytes.write(text, 'latin1')
  return bytes
}

function array(records: number): Bytes {
  const random = randomFrom(SEED)
  const element = (i: number) => ({ time: 1_700_000_000 + i, level: 'INFO', message: 'paid "it"', took: random() })
  return Buffer.from(JSON.stringify(Array.from({ length: records }, (_, i) => element(i))))
}

if (import.meta.main) {
  for (const { name, nsPerRecord } of bench({ records: 20_000 })) {
    console.log(`${name.padEnd(28)} ${nsPerRecord.toFixed(1).padStart(8)} ns a record`)
  }
}
