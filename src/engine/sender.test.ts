import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Batch, Output, SendResult } from '#component/output.ts'
import { OutputLedger } from '#observe/books.ts'
import { silentLogger } from '#observe/log.ts'
import { fromText } from '#std/bytes.ts'
import { systemClock } from '#std/clock.ts'
import { Sender } from './sender.ts'

/** Takes no batch that holds a record which `isBad` names, as vendors do that say nothing but 400. */
class PickyOutput implements Output {
  readonly requests: string[][] = []
  readonly stored: string[] = []
  isBad: (record: string) => boolean
  constructor(isBad: (record: string) => boolean) {
    this.isBad = isBad
  }
  async start() {}
  async stop() {}
  async send(batch: Batch): Promise<SendResult> {
    const records = batch.bytes.toString().trimEnd().split('\n')
    this.requests.push(records)
    if (records.some(this.isBad))
      return { ok: false, retryable: false, oneMaySpoil: true, code: 'http_400', message: 'no' }
    this.stored.push(...records)
    return { ok: true }
  }
}

function setUp(isBad: (record: string) => boolean) {
  const output = new PickyOutput(isBad)
  const ledger = new OutputLedger()
  const deadLetters: string[] = []
  const sender = new Sender({
    id: 'out',
    kind: 'picky.text',
    output,
    ledger,
    deadLetters: {
      add: ({ bytes, ends }, i) => void deadLetters.push(bytes.toString('latin1', ends[i - 1] ?? 0, ends[i]! - 1)),
    },
    retry: { maxAttempts: 3, maxAgeMs: 60_000, baseMs: 1, capMs: 1 },
    clock: systemClock,
    log: silentLogger,
    random: Math.random,
  })
  const send = async (records: readonly string[]) => {
    assert.deepEqual(await sender.send(batchOf(records), systemClock.now()), [])
  }
  return { sender, output, ledger, deadLetters, send }
}

function batchOf(records: readonly string[]): Batch {
  let end = 0
  const ends = Int32Array.from(records, (record) => (end += record.length + 1))
  return { bytes: fromText(`${records.join('\n')}\n`), records: records.length, ends }
}

const hundred = Array.from({ length: 100 }, (_, i) => `r${i}`)

test('one bad record among a hundred is found, wherever it stands, and the others are delivered', async () => {
  for (const bad of ['r0', 'r63', 'r99']) {
    const { output, ledger, deadLetters, send } = setUp((record) => record === bad)
    await send(hundred)
    const others = hundred.filter((record) => record !== bad)
    assert.deepEqual(output.stored, others, 'in order')
    assert.deepEqual(deadLetters, [bad])
    assert.deepEqual(ledger.rejected.amount(), { records: 1, bytes: bad.length + 1 })
    assert.deepEqual(ledger.delivered.amount(), { records: 99, bytes: others.join('\n').length + 1 })
    // Seven divisions lead to one of a hundred, and each is two requests.
    assert.ok(output.requests.length <= 1 + 2 * 7, `${output.requests.length} requests`)
    assert.equal(ledger.splits, (output.requests.length - 1) / 2)
    assert.equal(ledger.retries, 0)
  }
})

test('where everything is refused the search ends, and begins anew when something has gone through', async () => {
  const { output, ledger, deadLetters, send } = setUp(() => true)
  await send(hundred)
  assert.equal(output.requests.length, 1 + 2 * 32)
  assert.deepEqual(deadLetters, hundred, 'each once, in order')
  await send(hundred)
  await send(hundred)
  assert.equal(output.requests.length, 1 + 2 * 32 + 2, 'one request for a batch')
  assert.equal(ledger.rejected.records, 300)
  output.isBad = (record) => record === 'r7'
  await send(['a'])
  await send(hundred)
  assert.equal(ledger.rejected.records, 301)
  assert.equal(ledger.delivered.records, 1 + 99)
})

test('while a breaker is open, what failed before stays the reason', async () => {
  const { sender, ledger, send } = setUp(() => false)
  sender.note('breaker_open', 'nothing is sent for a while')
  assert.equal(ledger.lastError?.message, 'nothing is sent for a while')
  sender.note('econnrefused', 'nobody listens there')
  sender.note('breaker_open', 'nothing is sent for a while')
  sender.note('breaker_open', 'nothing is sent for a while')
  assert.equal(ledger.lastError?.code, 'breaker_open')
  assert.equal(ledger.lastError?.message, 'nothing is sent for a while; what failed before: nobody listens there')
  await send(['one'])
  assert.equal(ledger.lastError, null)
})
