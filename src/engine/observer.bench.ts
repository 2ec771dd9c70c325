/**
 * CPU time that showing records adds to a chain that drops and redacts: with the sample alone, and with taps.
 * `node src/engine/observer.bench.ts [records]`
 */
import { textFormat } from '#codecs/text/format.ts'
import type { ProcessorPlan } from '#component/plan.ts'
import { filter } from '#processors/filter/filter.ts'
import { redact } from '#processors/redact/redact.ts'
import { viewOf } from '#std/bytes.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { Block } from '#telemetry/block.ts'
import { Chain, type TallySink } from './chain.ts'
import type { Watch } from './messages.ts'
import { ObservedPipeline, Observer } from './observer.ts'

const BLOCK_RECORDS = 500
/** So many come in a second, by the time that the blocks tell. */
const RECORDS_PER_SECOND = 1_000_000
const ROUNDS = 7

const registry = { processors: [filter, redact], decoders: [], encoders: [] }
const PLANS: ProcessorPlan[] = [
  {
    id: 'drop',
    type: 'filter',
    options: filter.config.parse({ value: 'DEBUG' }),
    when: undefined,
    required: false,
    onError: 'pass',
  },
  {
    id: 'redact',
    type: 'redact',
    options: redact.config.parse({ pattern: '\\d{3}-\\d{2}-\\d{4}' }),
    when: undefined,
    required: true,
    onError: 'quarantine',
  },
]
const TAP: Watch = {
  id: 1,
  pipeline: undefined,
  rule: undefined,
  when: undefined,
  fate: undefined,
  raw: false,
  perSecondMax: 20,
}

const CASES: Record<string, Watch[] | undefined> = {
  'nothing is shown': undefined,
  'the sample': [],
  'a tap of all': [TAP],
  'a tap with a condition': [{ ...TAP, when: { field: 'message', contains: '4711' } }],
  'a tap of a rule': [{ ...TAP, rule: 'redact' }],
}

/** Nanoseconds for each record. */
export function bench(records: number): Record<string, number> {
  enableLinearRegex()
  const cases = Object.entries(CASES).map(([name, watches]) => ({ name, run: runner(watches), best: Infinity }))
  // In turns: what else runs on the machine then meets all alike.
  for (let round = 0; round < ROUNDS; round++) {
    for (const each of cases) each.best = Math.min(each.best, each.run(records))
  }
  return Object.fromEntries(cases.map(({ name, best }) => [name, best]))
}

function runner(watches: Watch[] | undefined): (records: number) => number {
  const { bytes, ends } = corpus()
  const context = { random: Math.random, state: new SharedArrayBuffer(0), engine: 0 }
  const chain = new Chain(PLANS, registry, () => context)
  const observer = new Observer({
    post: () => undefined,
    alive: () => undefined,
    seed: 1,
    name: 'bench',
    watches: watches ?? [],
  })
  const pipeline = new ObservedPipeline('bench', PLANS, registry)
  observer.use([pipeline])
  const silent: TallySink = { tally: () => undefined }
  const block = new Block()
  let arrivalMs = 0
  return (records) => {
    const before = process.cpuUsage()
    for (let done = 0; done < records; done += BLOCK_RECORDS) {
      arrivalMs += (1000 * BLOCK_RECORDS) / RECORDS_PER_SECOND
      block.fill(bytes, 0, bytes.length, { source: 'in', arrivalMs, truncated: false, format: textFormat })
      for (let i = 0; i < BLOCK_RECORDS; i++) block.addRecord(i === 0 ? 0 : ends[i - 1]! + 1, ends[i]!)
      if (watches !== undefined) observer.begin()
      if (watches !== undefined && observer.arrived(pipeline, block, true)) {
        chain.runTracked(block, false, silent, observer.trail, undefined)
        observer.ran(pipeline, block)
      } else chain.run(block, false, silent)
      if (watches !== undefined) observer.published(1, arrivalMs)
    }
    const { user, system } = process.cpuUsage(before)
    return ((user + system) * 1000) / records
  }
}

/** One block, in shared memory as in a node: a third DEBUG, some numbers to redact. */
function corpus(): { bytes: ReturnType<typeof viewOf>; ends: number[] } {
  const lines = Array.from({ length: BLOCK_RECORDS }, (_, i) => {
    const secret = i % 20 === 0 ? ' ssn=123-45-6789' : ''
    return `2026-01-01T00:00:00Z ${i % 3 === 0 ? 'DEBUG' : 'INFO'} checkout [req-${i * 7919}] payment processed in ${i} ms${secret}`
  })
  const text = Buffer.from(`${lines.join('\n')}\n`)
  const bytes = viewOf(new SharedArrayBuffer(text.length))
  bytes.set(text)
  const ends: number[] = []
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) ends.push(at)
  return { bytes, ends }
}

if (import.meta.main) {
  const results = bench(Number(process.argv[2] ?? 5_000_000))
  const [first] = Object.values(results)
  for (const [name, ns] of Object.entries(results)) {
    console.log(`${name.padEnd(28)}${ns.toFixed(1).padStart(8)} ns/record  ${(ns / first!).toFixed(3)}`)
  }
}
