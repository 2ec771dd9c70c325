import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { ManualClock } from '#std/clock.ts'
import { exampleStats } from '#test/support/stats-fixture.ts'
import { LiveTable } from './top-live.ts'
import type { Reading } from './top-rates.ts'

class FakeOutput extends EventEmitter {
  isTTY = true as const
  columns = 100
  rows = 30
  readonly writes: string[] = []
  write(text: string): void {
    this.writes.push(text)
  }
  /** The lines of the last drawing, without colours. */
  get lines(): string[] {
    return this.writes
      .at(-1)!
      .replace(/\u001b\[[\d;?]*[A-Za-z]/g, '')
      .split('\r\n')
  }
}

class FakeInput extends EventEmitter {
  isTTY = true
  raw = false
  setRawMode(raw: boolean): void {
    this.raw = raw
  }
  resume(): void {}
  pause(): void {}
  type(text: string): void {
    this.emit('data', Buffer.from(text))
  }
}

function start(read?: () => Promise<Reading>) {
  const clock = new ManualClock()
  const [output, input] = [new FakeOutput(), new FakeInput()]
  let records = 100
  const reading = (): Reading => {
    const node = exampleStats()
    node.pipelines[0]!.in.records = records
    records += 50
    return { now: clock.now(), at: clock.wall(), nodes: [node] }
  }
  const options = { read: read ?? (async () => reading()), first: reading(), intervalMs: 1000 }
  const table = new LiveTable({ ...options, sorting: 'configured', clock, output, input })
  const ended = table.run()
  const tick = async () => {
    clock.advance(1000)
    await setImmediate()
  }
  return { table, ended, clock, output, input, tick }
}

function rateIn(lines: readonly string[]): string | undefined {
  return lines.find((line) => line.startsWith('main '))?.split(/ {2,}/)[3]
}

test('it takes the terminal, draws with each reading, and gives the terminal back', async () => {
  const { ended, output, input, tick, clock } = start()
  assert.ok(output.writes[0]!.includes('\u001b[?1049h'))
  assert.ok(input.raw)
  assert.equal(rateIn(output.lines), '–')
  await tick()
  assert.equal(rateIn(output.lines), '50')
  input.type('q')
  await ended
  assert.ok(output.writes.at(-1)!.endsWith('\u001b[?1049l'))
  assert.ok(!input.raw)
  assert.equal(clock.nextAt, undefined)
  assert.deepEqual([output.listenerCount('resize'), input.listenerCount('data')], [0, 0])
})

test('keys sort, reverse and pause; several may come at once', async () => {
  const { ended, output, input, tick } = start()
  input.type('ssr')
  assert.match(output.lines[1]!, /reversed, as sorted by bytes/)
  await tick()
  input.type(' ')
  assert.match(output.lines[1]!, /paused/)
  const before = output.lines
  await tick()
  assert.deepEqual(output.lines, before)
  input.type(' ')
  await tick()
  assert.equal(rateIn(output.lines), '50', 'the pause is not in the rate')
  input.type('\u0003')
  await ended
})

test('a smaller terminal shows less, and scrolls', async () => {
  const { ended, output, input } = start()
  output.rows = 6
  output.columns = 20
  output.emit('resize')
  assert.equal(output.lines.length, 6)
  assert.ok(output.lines.slice(3).every((line) => line.length <= 20))
  assert.ok(output.lines[3]!.startsWith('PIPELINE'))
  input.type('\u001b[B')
  assert.ok(output.lines[3]!.startsWith('main'))
  input.type('\u001b[6~'.repeat(9))
  assert.ok(output.lines.at(-1)!.startsWith('out'))
  input.type('\u001b[5~'.repeat(9))
  assert.ok(output.lines[3]!.startsWith('PIPELINE'))
  input.type('\u001b')
  await ended
})

test('a node that goes away is told, what was shown stays, and it comes back', async () => {
  let isThere = true
  const clock = { reading: undefined as Reading | undefined }
  const { ended, output, tick, table } = start(async () => {
    if (!isThere) throw new Error('no node answers\nand more')
    return clock.reading!
  })
  clock.reading = { now: 3000, at: Date.UTC(2026, 0, 1), nodes: [exampleStats()] }
  isThere = false
  await tick()
  assert.match(output.lines[1]!, /no node answers$/)
  assert.equal(rateIn(output.lines), '–')
  isThere = true
  await tick()
  assert.match(output.lines[1]!, /as configured/)
  table.stop()
  await ended
})

test('what comes after the end is neither drawn nor waited for', async () => {
  const late = Promise.withResolvers<Reading>()
  const { ended, output, tick, table, clock } = start(() => late.promise)
  await tick()
  table.stop()
  await ended
  const { length } = output.writes
  late.resolve({ now: 1000, at: 0, nodes: [] })
  await setImmediate()
  assert.equal(output.writes.length, length)
  assert.equal(clock.nextAt, undefined)
})
