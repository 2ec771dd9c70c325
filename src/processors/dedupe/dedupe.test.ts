import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Processor } from '#component/processor.ts'
import { blockOf, selectedOf } from '#test/support/blocks.ts'
import { dedupe } from './dedupe.ts'

/** One instance, or several over the same memory, and what each lets pass. */
class Deduper {
  readonly #options: ReturnType<typeof dedupe.config.parse>
  readonly #state: SharedArrayBuffer
  #processor: Processor
  #sequence = 0

  constructor(options: object = {}) {
    this.#options = dedupe.config.parse(options)
    this.#state = new SharedArrayBuffer(dedupe.stateBytes!(this.#options))
    this.#processor = this.#create()
  }

  /** As a reload or a new engine does it. */
  restart(): void {
    this.#processor = this.#create()
  }

  pass(arrivalMs: number, ...records: string[]): string[] {
    const block = blockOf(records, { context: { arrivalMs } })
    block.sequence = this.#sequence
    this.#sequence += records.length
    this.#processor.process(block)
    return selectedOf(block)
  }

  #create(): Processor {
    return dedupe.create(this.#options, { random: () => 0, state: this.#state, engine: 0 })
  }
}

const T0 = Date.UTC(2026, 0, 1)

test('dedupe lets the first of equal records pass and drops the repeats', () => {
  const deduper = new Deduper()
  assert.deepEqual(deduper.pass(T0, 'a', 'b', 'a', 'a'), ['a', 'b'])
  assert.deepEqual(deduper.pass(T0 + 9999, 'a', 'c'), ['c'])
})

test('the next one after the window says how many were dropped', () => {
  const deduper = new Deduper({ window_ms: '1000' })
  assert.deepEqual(deduper.pass(T0, 'a', 'a', 'a', '{"m":"x"}', '{"m":"x"}', 'b'), ['a', '{"m":"x"}', 'b'])
  assert.deepEqual(deduper.pass(T0 + 1000, 'a', '{"m":"x"}', 'b'), [
    'a (repeated 2 times)',
    '{"dedupe_count":1,"m":"x"}',
    'b',
  ])
  assert.deepEqual(deduper.pass(T0 + 2000, 'a'), ['a'])
})

test('dedupe compares fields when told which', () => {
  const deduper = new Deduper({ fields: ['service', 'message'] })
  const record = (service: string, message: string, n: number) => JSON.stringify({ n, service, message })
  assert.deepEqual(
    deduper.pass(T0, record('a', 'x', 1), record('a', 'x', 2), record('b', 'x', 3), record('a', 'xx', 4)),
    [record('a', 'x', 1), record('b', 'x', 3), record('a', 'xx', 4)],
  )
  assert.deepEqual(deduper.pass(T0, record('ab', 'c', 5), record('a', 'bc', 6)).length, 2)
})

test('records that lack a field are equal in it, and those that lack all fields pass', () => {
  const deduper = new Deduper({ fields: 'service, user' })
  assert.deepEqual(deduper.pass(T0, '{"service":"a","n":1}', '{"service":"a","n":2}', '{"user":"a"}'), [
    '{"service":"a","n":1}',
    '{"user":"a"}',
  ])
  assert.deepEqual(deduper.pass(T0, 'text', 'text', '{}', '{}').length, 4)
})

test('what has been seen outlives a reload', () => {
  const deduper = new Deduper()
  deduper.pass(T0, 'a')
  deduper.restart()
  assert.deepEqual(deduper.pass(T0 + 1, 'a', 'b'), ['b'])
})

test('a block that is processed twice, because an engine was replaced, comes out the same', () => {
  const state = new SharedArrayBuffer(dedupe.stateBytes!(dedupe.config.parse({})))
  const once = (): string[] => {
    const block = blockOf(['a', 'b', 'a'])
    dedupe.create(dedupe.config.parse({}), { random: () => 0, state, engine: 0 }).process(block)
    return selectedOf(block)
  }
  assert.deepEqual(once(), ['a', 'b'])
  assert.deepEqual(once(), ['a', 'b'])
})
