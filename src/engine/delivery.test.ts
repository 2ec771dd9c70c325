import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Batch, Output, SendResult } from '#component/output.ts'
import { OutputLedger } from '#observe/books.ts'
import { silentLogger } from '#observe/log.ts'
import { Backlog } from '#spool/backlog.ts'
import { fromText } from '#std/bytes.ts'
import { systemClock } from '#std/clock.ts'
import { FakeDisk } from '#test/support/fake-disk.ts'
import type { Encoded } from './batch.ts'
import { noDeadLetters } from './dead-letter-box.ts'
import { Delivery, type DeliveryOptions } from './delivery.ts'

/** An output whose answers the test decides, one by one; `answer` waits until a batch is there to be answered. */
class ScriptedOutput implements Output {
  readonly batches: string[] = []
  readonly #answers: ((result: SendResult) => void)[] = []
  #arrived = Promise.withResolvers<void>()
  async start() {}
  async stop() {}
  send(batch: Batch): Promise<SendResult> {
    this.batches.push(batch.bytes.toString())
    const { promise, resolve } = Promise.withResolvers<SendResult>()
    this.#answers.push(resolve)
    this.#arrived.resolve()
    return promise
  }
  async answer(result: SendResult = { ok: true }): Promise<void> {
    await this.#arrived.promise
    this.#arrived = Promise.withResolvers<void>()
    if (this.#answers.length > 1) this.#arrived.resolve()
    this.#answers.shift()!(result)
    await new Promise(setImmediate)
  }
}

function encoded(...records: string[]): Encoded {
  let end = 0
  const ends = Int32Array.from(records, (record) => (end += record.length + 1))
  return { memory: fromText(`${records.join('\n')}\n`), from: 0, records: records.length, ends, firstEnd: 0 }
}

function setUp(options: Partial<DeliveryOptions> = {}, backlog?: Backlog) {
  const output = new ScriptedOutput()
  const ledger = new OutputLedger()
  const delivery = new Delivery(
    'identity',
    {
      id: 'out',
      kind: 'scripted.text',
      output,
      ledger,
      deadLetters: noDeadLetters,
      retry: { maxAttempts: 3, maxAgeMs: 60_000, baseMs: 1, capMs: 1 },
      clock: systemClock,
      log: silentLogger,
      random: Math.random,
    },
    {
      shape: 'request',
      vendor: {},
      weigh: undefined,
      limits: { maxRecords: 2, maxBytes: 1000, maxWaitMs: 60_000 },
      queueBytesMax: 1000,
      whenFull: 'drop_oldest',
      spoolFull: 'drop_oldest',
      spoolBytesMax: 0,
      spoolAgeMsMax: 60_000,
      durable: false,
      concurrency: 1,
      ...options,
    },
    backlog,
  )
  const books = () => {
    const { forwarded, delivered, rejected, expired, overwritten, in_flight } = delivery.books('scripted')
    const sum = delivered.records + rejected.records + expired.records + overwritten.records + in_flight.records
    assert.equal(forwarded.records, sum, 'the books balance')
    return {
      forwarded: forwarded.records,
      delivered: delivered.records,
      rejected: rejected.records,
      expired: expired.records,
      overwritten: overwritten.records,
    }
  }
  return { output, delivery, ledger, books }
}

test('a request output gets batches of at most max_records, in order, one at a time', async () => {
  const { output, delivery, books } = setUp()
  assert.equal(delivery.accept(encoded('a', 'b', 'c', 'd', 'e'), 0), 5)
  delivery.flush()
  assert.deepEqual(output.batches, ['a\nb\n'])
  await output.answer()
  assert.deepEqual(output.batches, ['a\nb\n', 'c\nd\n'])
  await output.answer()
  const drained = delivery.drain(AbortSignal.timeout(10_000))
  await output.answer()
  assert.equal(await drained, true)
  assert.deepEqual(output.batches, ['a\nb\n', 'c\nd\n', 'e\n'])
  assert.deepEqual(books(), { forwarded: 5, delivered: 5, rejected: 0, expired: 0, overwritten: 0 })
})

test('batches are cut by bytes, and a record larger than a batch travels alone', async () => {
  const { output, delivery } = setUp({ limits: { maxRecords: 100, maxBytes: 8, maxWaitMs: 60_000 } })
  delivery.accept(encoded('aaa', 'bbb', 'ccc', 'dddddddddddd', 'e'), 0)
  const drained = delivery.drain(AbortSignal.timeout(10_000))
  for (let i = 0; i < 4; i++) await output.answer()
  assert.equal(await drained, true)
  assert.deepEqual(output.batches, ['aaa\nbbb\n', 'ccc\n', 'dddddddddddd\n', 'e\n'])
})

test('a stream sends all that has gathered in one piece', async () => {
  const { output, delivery } = setUp({ shape: 'stream' })
  delivery.accept(encoded('a', 'b', 'c'), 0)
  delivery.flush()
  delivery.accept(encoded('d'), 0)
  delivery.accept(encoded('e', 'f'), 0)
  delivery.flush()
  await output.answer()
  assert.deepEqual(output.batches, ['a\nb\nc\n', 'd\ne\nf\n'])
  await output.answer()
})

test('a batch that is not full goes when it is old enough', async () => {
  const { output, delivery } = setUp({ limits: { maxRecords: 100, maxBytes: 1000, maxWaitMs: 5 } })
  delivery.accept(encoded('a'), 0)
  delivery.flush()
  await output.answer()
  assert.deepEqual(output.batches, ['a\n'])
})

test('a full queue lets the oldest batch go that nobody is sending, and counts it', async () => {
  const { output, delivery, books } = setUp({ queueBytesMax: 12 })
  delivery.accept(encoded('a', 'b', 'c', 'd', 'e', 'f'), 0)
  delivery.flush()
  delivery.accept(encoded('g', 'h'), 0)
  assert.equal(books().overwritten, 2)
  const drained = delivery.drain(AbortSignal.timeout(10_000))
  for (let i = 0; i < 3; i++) await output.answer()
  assert.equal(await drained, true)
  assert.deepEqual(output.batches, ['a\nb\n', 'e\nf\n', 'g\nh\n'])
})

test('drop_newest counts what comes when the queue is full', async () => {
  const { delivery, books } = setUp({ queueBytesMax: 4, whenFull: 'drop_newest' })
  assert.equal(delivery.accept(encoded('a', 'b', 'c'), 0), 3)
  assert.deepEqual(books(), { forwarded: 3, delivered: 0, rejected: 0, expired: 0, overwritten: 1 })
})

test('block takes what fits and says when there is room again', async () => {
  const { output, delivery } = setUp({ queueBytesMax: 4, whenFull: 'block' })
  const records = encoded('a', 'b', 'c', 'd')
  assert.equal(delivery.accept(records, 0), 2)
  const room = new Promise<void>((resolve) => delivery.onRoom(resolve))
  delivery.flush()
  await output.answer()
  await room
  assert.equal(delivery.accept(records, 2), 4)
})

test('block gives up nothing, not even what is larger than the whole queue', async () => {
  const { output, delivery, books } = setUp({ shape: 'stream', queueBytesMax: 4, whenFull: 'block' })
  assert.equal(delivery.accept(encoded('a', 'b', 'c', 'd'), 0), 4)
  assert.equal(delivery.accept(encoded('e'), 0), 0)
  delivery.flush()
  await output.answer()
  assert.equal(delivery.accept(encoded('e'), 0), 1)
  assert.deepEqual(books(), { forwarded: 5, delivered: 4, rejected: 0, expired: 0, overwritten: 0 })
})

test('what may go through later is tried again; what is refused for good is counted at once', async () => {
  const { output, delivery, ledger, books } = setUp()
  delivery.accept(encoded('a', 'b', 'c', 'd'), 0)
  delivery.flush()
  await output.answer({ ok: false, retryable: true, code: 'http_503', message: 'busy' })
  assert.equal(ledger.lastError?.code, 'http_503')
  await output.answer()
  assert.equal(ledger.lastError, null)
  await output.answer({ ok: false, retryable: false, code: 'http_400', message: 'no' })
  assert.deepEqual(books(), { forwarded: 4, delivered: 2, rejected: 2, expired: 0, overwritten: 0 })
  assert.equal(ledger.retries, 1)
})

test('after max_attempts a batch expires and the next one has its turn', async () => {
  const { output, delivery, books } = setUp()
  delivery.accept(encoded('a', 'b', 'c', 'd'), 0)
  delivery.flush()
  for (let i = 0; i < 3; i++) await output.answer({ ok: false, retryable: true, code: 'connect', message: 'refused' })
  await output.answer()
  assert.deepEqual(books(), { forwarded: 4, delivered: 2, rejected: 0, expired: 2, overwritten: 0 })
  assert.equal(output.batches.at(-1), 'c\nd\n')
})

test('what is left when the time to drain is over counts as expired', async () => {
  const { output, delivery, books } = setUp()
  delivery.accept(encoded('a', 'b', 'c', 'd'), 0)
  const abort = new AbortController()
  const drained = delivery.drain(abort.signal)
  abort.abort()
  assert.equal(await drained, false)
  const stopped = delivery.stop()
  await output.answer({ ok: false, retryable: true, code: 'aborted', message: 'stopping' })
  await stopped
  assert.deepEqual(books(), { forwarded: 4, delivered: 0, rejected: 0, expired: 4, overwritten: 0 })
  assert.equal(delivery.heldBytes, 0)
})

test('who waits until it is safe is told when a stop finds that it is not', async () => {
  const disk = new FakeDisk()
  disk.fault = (operation) => (operation === 'sync' ? 'EIO' : undefined)
  const options = { directory: '/spool/out', bytesMax: 1_000_000, pendingBytesMax: 100_000 }
  const backlog = new Backlog(options, disk.mount(), systemClock, new Set())
  const { output, delivery } = setUp({ durable: true, whenFull: 'spool', spoolFull: 'block' }, backlog)
  await delivery.start()
  delivery.accept(encoded('a', 'b'), 0)
  const verdict = new Promise<boolean>((resolve) => delivery.onSynced(resolve))
  delivery.flush()
  const stopped = delivery.stop()
  await output.answer({ ok: false, retryable: true, code: 'aborted', message: 'stopping' })
  await stopped
  assert.equal(await verdict, false)
})
