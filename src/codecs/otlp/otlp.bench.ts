/**
 * CPU time of OTLP logs: taken apart, a third dropped by a word, social security numbers hidden by a pattern, written
 * again. `node src/codecs/otlp/otlp.bench.ts [records]`
 */
import type { Processor } from '#component/processor.ts'
import { filter } from '#processors/filter/filter.ts'
import { redact } from '#processors/redact/redact.ts'
import { allocate, type Bytes, fromText, viewOf } from '#std/bytes.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { randomFrom } from '#std/random.ts'
import { BLOCK_RECORDS_MAX, Block } from '#telemetry/block.ts'
import { type BenchOptions, type BenchResult, printBench, recordsAsked } from '#test/support/bench.ts'
import { otlpLogs } from './decoders.ts'
import { fromJson } from './from-json.ts'
import { otlp } from './otlp.ts'
import { checkRequest } from './request.ts'

const SEED = 20_260_109
const ROUNDS = 9
const REQUEST_RECORDS = 512

/** What is done with each block that the decoder makes. */
type Work = (block: Block) => void

export function bench({ records }: BenchOptions): Record<string, BenchResult> {
  enableLinearRegex()
  const request = makeRequest()
  const times = Math.max(1, Math.round(records / REQUEST_RECORDS))
  const context = { random: randomFrom(1), state: new SharedArrayBuffer(0), engine: 0 }
  const word = filter.create(filter.config.parse({ value: 'DEBUG' }), context)
  const pattern = { pattern: '\\d{3}-\\d{2}-\\d{4}', replacement: '***' }
  const numbers = redact.create(redact.config.parse(pattern), context)
  const encoder = otlp.create({})
  const ends = new Int32Array(BLOCK_RECORDS_MAX)
  let target = allocate(0)
  const run =
    (...processors: readonly Processor[]) =>
    (block: Block) => {
      for (const processor of processors) processor.process(block)
    }
  const encode = (block: Block) => {
    const size = encoder.sizeMax(block)
    if (target.length < size) target = allocate(size)
    encoder.encode(block, target, 0, ends, 0)
  }
  const all =
    (...works: readonly Work[]) =>
    (block: Block) => {
      for (const work of works) work(block)
    }
  return {
    check: measure(request, times, undefined),
    decode: measure(request, times, () => undefined),
    'decode, drop by a word': measure(request, times, run(word)),
    'decode, drop, redact': measure(request, times, run(word, numbers)),
    'decode, drop, redact, encode': measure(request, times, all(run(word, numbers), encode)),
    'decode, encode': measure(request, times, encode),
  }
}

function measure(request: Bytes, times: number, work: Work | undefined): BenchResult {
  const decoder = otlpLogs.create()
  const block = new Block()
  const entry = { bytes: request, from: 0, to: request.length }
  const context = { source: 'bench', arrivalMs: 0, truncated: false, format: otlpLogs.format }
  let best = Number.POSITIVE_INFINITY
  let left = 0
  let bytes = 0
  for (let round = 0; round < ROUNDS; round++) {
    left = 0
    bytes = 0
    const before = process.cpuUsage()
    for (let t = 0; t < times; t++) {
      if (work === undefined) {
        const checked = checkRequest('logs', request, 0, request.length)
        left += checked.ok ? checked.records : 0
        continue
      }
      for (let at = 0, done = false; !done; ) {
        block.fill(request, at, at, context)
        const part = decoder.decode(entry, at, block, BLOCK_RECORDS_MAX)
        work(block)
        left += block.selected
        bytes += block.selectedBytes
        at = part.end
        done = part.done
      }
    }
    const { user, system } = process.cpuUsage(before)
    best = Math.min(best, user + system)
  }
  return {
    nsPerRecord: (best * 1000) / (times * REQUEST_RECORDS),
    mbPerSecond: (request.length * times) / Math.max(best, 1),
    checksum: `${left}:${bytes}`,
  }
}

/** Log records of about 250 bytes of one resource, as an SDK sends them, in shared memory as the intake has them. */
function makeRequest(): Bytes {
  const random = randomFrom(SEED)
  const below = (limit: number) => Math.floor(random() * limit)
  const attribute = (key: string, value: string | number) => ({
    key,
    value: typeof value === 'string' ? { stringValue: value } : { intValue: value },
  })
  const hex = (digits: number) => Array.from({ length: digits }, () => below(16).toString(16)).join('')
  const logRecords = Array.from({ length: REQUEST_RECORDS }, (_, i) => {
    const isDebug = random() < 0.35
    const ssn = random() < 0.05 ? ` ssn=${100 + below(899)}-${10 + below(89)}-${1000 + below(8999)}` : ''
    return {
      timeUnixNano: String(1_767_225_600_000_000_000n + BigInt(i) * 1_000_000n),
      severityNumber: isDebug ? 5 : 9,
      severityText: isDebug ? 'DEBUG' : 'INFO',
      body: { stringValue: `payment ${below(1e6)} processed after ${below(500)} ms for user ${below(1e6)}${ssn}` },
      attributes: [
        attribute('http.request.method', 'POST'),
        attribute('http.response.status_code', 200),
        attribute('url.path', `/api/v1/orders/${below(1e6)}`),
        attribute('thread.name', `worker-${below(32)}`),
      ],
      traceId: hex(32),
      spanId: hex(16),
      observedTimeUnixNano: String(1_767_225_600_000_500_000n + BigInt(i) * 1_000_000n),
    }
  })
  const names = ['service.name', 'service.version', 'host.name', 'k8s.pod.name', 'telemetry.sdk.language']
  const resource = { attributes: names.map((name, i) => attribute(name, `value-${i}-of-the-resource`)) }
  const scopeLogs = [{ scope: { name: 'io.example.orders' }, logRecords }]
  const made = fromJson('logs', fromText(JSON.stringify({ resourceLogs: [{ resource, scopeLogs }] })))
  if (!made.ok) throw new Error(made.message)
  const bytes = viewOf(new SharedArrayBuffer(made.bytes.length))
  bytes.set(made.bytes)
  return bytes
}

if (import.meta.main)
  for (const [name, result] of Object.entries(bench({ records: recordsAsked() }))) printBench(name, result)
