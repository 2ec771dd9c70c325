/** Runs a processor over a made-up corpus of logs and says what a record costs in CPU time. */
import { textFormat } from '#codecs/text/format.ts'
import type { ProcessorDefinition } from '#component/processor.ts'
import { viewOf } from '#std/bytes.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { randomFrom } from '#std/random.ts'
import { Block } from '#telemetry/block.ts'

export interface BenchOptions {
  /** About how many records to make. */
  records: number
}

export interface BenchResult {
  nsPerRecord: number
  mbPerSecond: number
  /** Records and bytes that are left; the same in every run. */
  checksum: string
}

const BLOCK_BYTES = 64 * 1024
const ROUNDS = 5

/** The best of some rounds: others use the machine too. What splitting costs is not in it. */
export function benchProcessor<Config extends Record<string, unknown>>(
  definition: Pick<ProcessorDefinition, 'name' | 'stateBytes' | 'create'> & {
    config: { parse(options: unknown): Config }
  },
  options: object,
  { records }: BenchOptions,
): BenchResult {
  enableLinearRegex()
  const corpus = makeCorpus(records)
  const parsed = definition.config.parse(options)
  const state = new SharedArrayBuffer(definition.stateBytes?.(parsed) ?? 0)
  const processor = definition.create(parsed, { random: randomFrom(1), state, engine: 0 })
  const block = new Block()
  let best = Infinity
  let checksum = ''
  for (let round = 0; round < ROUNDS; round++) {
    let micros = 0
    let left = 0
    let bytes = 0
    let arrivalMs = round * 86_400_000
    for (const piece of corpus.pieces) {
      block.fill(corpus.bytes, piece.from, piece.to, {
        source: 'bench',
        arrivalMs: arrivalMs++,
        truncated: false,
        format: textFormat,
      })
      for (let i = 1; i < piece.offsets.length; i++) block.addRecord(piece.offsets[i - 1]!, piece.offsets[i]! - 1)
      const before = process.cpuUsage()
      processor.process(block)
      const { user, system } = process.cpuUsage(before)
      micros += user + system
      left += block.selected
      bytes += block.selectedBytes
    }
    best = Math.min(best, micros)
    checksum = `${left}:${bytes}`
  }
  return {
    nsPerRecord: (best * 1000) / corpus.records,
    mbPerSecond: corpus.bytes.length / Math.max(best, 1),
    checksum,
  }
}

export function printBench(name: string, result: BenchResult): void {
  const ns = result.nsPerRecord.toFixed(0).padStart(6)
  const mb = result.mbPerSecond.toFixed(0).padStart(6)
  console.log(`${name.padEnd(36)}${ns} ns/record ${mb} MB/s  ${result.checksum}`)
}

/** How many records to run with, from the command line. */
export function recordsAsked(): number {
  return Number(process.argv[2] ?? 100_000)
}

/** `offsets` are where records begin, and at last where the next one would. */
interface Piece {
  from: number
  to: number
  offsets: number[]
}

const SERVICES = ['checkout', 'auth', 'cart', 'search', 'billing', 'gateway']
const MESSAGES = [
  'user login attempt',
  'payment processed',
  'cache miss for key',
  'db query took',
  'retrying upstream call',
]

/** Half text, half JSON lines of about 150 bytes; a third DEBUG, some SSNs and e-mail addresses. In shared memory, as in a node. */
function makeCorpus(records: number): { bytes: ReturnType<typeof viewOf>; pieces: Piece[]; records: number } {
  const random = randomFrom(42)
  const below = (limit: number) => Math.floor(random() * limit)
  const lines = Array.from({ length: records }, (_, i) => {
    const time = new Date(1_732_000_000_000 + 3 * i).toISOString()
    const chance = random()
    const level = chance < 0.35 ? 'DEBUG' : chance < 0.85 ? 'INFO' : chance < 0.95 ? 'WARN' : 'ERROR'
    const service = SERVICES[below(SERVICES.length)]!
    const message = MESSAGES[below(MESSAGES.length)]!
    const ssn = random() < 0.05 ? `${100 + below(899)}-${10 + below(89)}-${1000 + below(8999)}` : undefined
    if (i % 2 === 0) {
      const trace = below(2 ** 48)
        .toString(16)
        .padStart(32, '0')
      const rest = { user_id: below(1e6), duration_ms: below(500), ...(ssn === undefined ? {} : { ssn }) }
      return JSON.stringify({ timestamp: time, level, service, trace_id: trace, message, ...rest })
    }
    const request = below(1e9).toString(16)
    const tail = `${ssn === undefined ? '' : ` ssn=${ssn}`}${random() < 0.05 ? ` email=u${below(9999)}@example.com` : ''}`
    return `${time} ${level} ${service} [req-${request}] ${message} id=${below(1e6)} dur=${below(500)}ms ip=10.${below(255)}.0.${below(255)}${tail}`
  })
  const text = Buffer.from(`${lines.join('\n')}\n`)
  const bytes = viewOf(new SharedArrayBuffer(text.length))
  bytes.set(text)
  const pieces: Piece[] = []
  for (let from = 0; from < bytes.length; ) {
    const offsets = [from]
    let to = from
    while (to < bytes.length && to - from < BLOCK_BYTES) {
      to = bytes.indexOf(0x0a, to) + 1
      offsets.push(to)
    }
    pieces.push({ from, to, offsets })
    from = to
  }
  return { bytes, pieces, records }
}
