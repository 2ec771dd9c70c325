import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ObservedRecord } from '#contract/observation.ts'
import { redact } from '#processors/redact/redact.ts'
import { ManualClock } from '#std/clock.ts'
import { randomFrom } from '#std/random.ts'
import type { Program, ProgramPipeline } from './messages.ts'
import { WINDOW_MS } from './pipeline-sample.ts'
import { Reservoir, type ReservoirLimits } from './reservoir.ts'
import { type Pick, Sampler } from './sampler.ts'

const SEED = 11
const registry = { processors: [redact] }

function record(number: number, text = ''): ObservedRecord {
  return {
    pipeline: 'p',
    source: 'in',
    at: 0,
    fate: 'dropped',
    rule: 'drop',
    edited_by: [],
    before: { text: `${number} ${text}` },
    after: null,
    bytes_in: 1,
    bytes_out: 0,
  }
}

function program(epoch: number, patterns: string[], id = 'p'): Program {
  const processors = patterns.map((pattern) => ({
    id: pattern,
    type: 'redact',
    options: { pattern },
    when: undefined,
    required: true,
    onError: 'quarantine' as const,
  }))
  const pipeline: ProgramPipeline = {
    slot: 0,
    id,
    signal: 'logs',
    sources: [],
    processors,
    states: [],
    encoders: [],
    keepsDropped: false,
  }
  return { epoch, sources: [], pipelines: [pipeline] }
}

class Setting {
  readonly clock = new ManualClock()
  readonly reservoir: Reservoir
  readonly window: number
  readonly #random: () => number

  constructor(limits?: ReservoirLimits, seed = SEED) {
    this.#random = randomFrom(seed)
    this.reservoir = new Reservoir(this.clock, registry, this.#random, limits)
    this.reservoir.use(program(1, []))
    this.window = this.clock.wall()
  }

  /** An engine sees the records [from, to), in some reports. */
  engine(part: string, from: number, to: number, text = '', window = this.window, epoch = 1): void {
    const sampler = new Sampler(256, this.#random)
    for (let at = from; at < to; at += 1000) {
      const count = Math.min(1000, to - at)
      const picks: Pick[] = []
      sampler.take(count, picks)
      const seen = { records: at + count - from, bytes: 2 * (at + count - from) }
      const shown = picks.map(({ index, slot }) => ({ slot, record: record(at + index, text) }))
      this.reservoir.take(epoch, [{ pipeline: 'p', window, part, seen, picks: shown }])
    }
  }

  numbers(): number[] {
    return this.reservoir
      .samples()
      .flatMap(({ records }) => records.map(({ before }) => Number.parseInt(before.text!, 10)))
  }
}

/** Whether numbers from [0, total) are spread evenly over ten cells. */
function assertUniform(numbers: number[], total: number): void {
  const cells = new Array<number>(10).fill(0)
  for (const number of numbers) cells[Math.floor((number * 10) / total)]!++
  const expected = numbers.length / cells.length
  const chiSquare = cells.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  // 9 degrees of freedom: above 33.7 in one of ten thousand cases.
  assert.ok(chiSquare < 33.7, `chi-square ${chiSquare}, seed ${SEED}: ${cells}`)
}

test('samples of engines that saw more weigh more', () => {
  const numbers: number[] = []
  for (let seed = 1; seed <= 20; seed++) {
    const it = new Setting(undefined, seed)
    it.engine('a', 0, 18_000)
    it.engine('b', 18_000, 19_000)
    it.engine('c', 19_000, 20_000)
    const [window] = it.reservoir.samples()
    assert.deepEqual(window?.seen, { records: 20_000, bytes: 40_000 })
    assert.ok(Math.abs(window.records.length - 256 / 0.9) <= 2, String(window.records.length))
    assert.deepEqual(it.reservoir.samples(), it.reservoir.samples(), 'asked again, the same')
    numbers.push(...it.numbers())
  }
  assertUniform(numbers, 20_000)
})

test('with too little room samples get smaller and stay uniform', () => {
  const numbers: number[] = []
  for (let seed = 1; seed <= 40; seed++) {
    const it = new Setting({ windowsMax: 10, lengthMax: 20_000 }, seed)
    it.engine('a', 0, 10_000, 'x'.repeat(200))
    const found = it.numbers()
    assert.ok(found.length > 50 && found.length * 200 <= 20_000, String(found.length))
    numbers.push(...found)
  }
  assertUniform(numbers, 10_000)
})

test('the last minutes are kept, however the clock is set', () => {
  const it = new Setting()
  for (let minute = 0; minute < 15; minute++) {
    it.engine(`m${minute}`, 0, 10, '', it.window + minute * WINDOW_MS)
    it.clock.advance(WINDOW_MS)
  }
  const windows = it.reservoir.samples()
  assert.deepEqual(
    windows.map(({ from }) => (from - it.window) / WINDOW_MS),
    [6, 7, 8, 9, 10, 11, 12, 13, 14],
  )
  assert.equal(windows.at(-1)!.to, it.clock.wall())
  for (let minute = 100; minute < 200; minute++) it.engine(`f${minute}`, 0, 1, '', it.window + minute * WINDOW_MS)
  assert.equal(it.reservoir.samples().length, 10)
  it.engine('old', 0, 10, '', it.window)
  assert.ok(it.reservoir.samples().every(({ from }) => from > it.window))
})

test('a rule that protects and is new makes what came before it go, and what engines say under the older program', () => {
  const it = new Setting()
  it.reservoir.use(program(2, ['a', 'b']))
  it.engine('x', 0, 10, '', it.window, 1)
  assert.deepEqual(it.numbers(), [])
  it.engine('y', 0, 10, '', it.window, 2)
  it.reservoir.use(program(3, ['b']))
  it.engine('y', 0, 20, '', it.window, 2)
  assert.equal(it.numbers().length, 20)
  it.reservoir.use(program(4, ['b', 'a']))
  assert.deepEqual(it.numbers(), [])
  it.engine('z', 0, 5, '', it.window, 4)
  it.reservoir.use(program(5, ['b', 'a'], 'another'))
  assert.deepEqual(it.reservoir.samples(), [])
})

test('a record that may not be shown takes the place of one that was, and counts as seen', () => {
  const it = new Setting()
  it.engine('a', 0, 3)
  const seen = { records: 4, bytes: 8 }
  it.reservoir.take(1, [
    { pipeline: 'p', window: it.window, part: 'a', seen, picks: [{ slot: 1, record: null }] },
    { pipeline: 'none', window: it.window, part: 'a', seen, picks: [] },
  ])
  assert.deepEqual(it.numbers(), [0, 2])
  assert.deepEqual(it.reservoir.samples()[0]?.seen, seen)
})

test('engines that are replaced all the time do not make it grow', () => {
  const it = new Setting()
  for (let n = 0; n < 500; n++) it.engine(`e${n}`, 0, 1)
  assert.equal(it.reservoir.samples()[0]?.seen.records, 64)
})
