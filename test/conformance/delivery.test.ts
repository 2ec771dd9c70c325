/** What every vendor must get through the real delivery, whatever goes wrong on the way, and how that is counted. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Batch } from '#component/output.ts'
import { Delivery } from '#engine/delivery.ts'
import { OutputLedger } from '#observe/books.ts'
import type { Logger } from '#observe/log.ts'
import { registry } from '#registry.ts'
import { systemClock } from '#std/clock.ts'
import { blockOf, encodeBlock, outputContext } from '#test/support/outputs.ts'
import { until } from '#test/support/sinks.ts'
import { datadogSketches } from '#test/support/vendors/datadog_metrics.ts'
import { nats } from '#test/support/vendors/nats.ts'
import { syslog } from '#test/support/vendors/syslog.ts'
import type { Fake, Vendor } from '#test/support/vendors/vendor-fake.ts'
import { vendors } from '#test/support/vendors/vendors.ts'

const RECORDS = 60
const BATCH_RECORDS = 20
/** So that a request which hangs is soon given up, and on a busy machine no other is. */
const HANG_TIMEOUT_MS = 150
const TIMEOUT_MS = 10_000

/**
 * Loki names the entries that it refuses, and takes the others; to S3 it is all one what stands in an object; OTLP
 * forbids sending again what was refused.
 */
const REFUSE_WHOLE: ReadonlySet<string> = new Set(['loki', 'otlp', 's3'])

// Of metrics each line is a series of its own: Cloud Monitoring takes one point of a series in a request, and no second
// one within five seconds. What it has stored already it refuses when it comes again, which the output takes for a yes.

interface Run<Kind extends Fake> {
  fake: Kind
  delivery: Delivery
  ledger: OutputLedger
  /** Messages of records that were kept as dead letters, and the reasons. */
  refused: string[]
  logged: string[]
  sent: string[]
}

/** Sends `RECORDS` lines through a delivery to the vendor's fake, which has these faults first, and lets all of it end. */
async function run<Kind extends Fake>(
  vendor: Vendor<Kind>,
  faults: Kind['faults'][number][],
  check: (run: Run<Kind>) => void,
): Promise<void> {
  const { definition, signal = 'logs' } = vendor
  await using fake = await vendor.start()
  fake.faults.push(...faults)
  const timeout_ms = faults.includes('hang') ? HANG_TIMEOUT_MS : TIMEOUT_MS
  const hasTimeout = 'timeout_ms' in definition.config.shape
  const options = { ...vendor.options(fake), ...(hasTimeout ? { timeout_ms } : {}) }
  const parsed = definition.config.parse(options) as never
  const ledger = new OutputLedger()
  const refused: string[] = []
  const logged: string[] = []
  const note = (fields: object, message: string) => void logged.push(`${JSON.stringify(fields)} ${message}`)
  const log = { debug: note, info: note, warn: note, error: note } as unknown as Logger
  const context = { ...outputContext('out', systemClock, signal), log }
  const limits = definition.limits?.(parsed) ?? {}
  const delivery = new Delivery(
    'identity',
    {
      id: 'out',
      kind: definition.name,
      output: definition.create(parsed, context),
      ledger,
      deadLetters: { add: (_batch: Batch, _i: number, code: string) => void refused.push(code) },
      retry: { maxAttempts: 50, maxAgeMs: 60_000, baseMs: 1, capMs: 5 },
      clock: systemClock,
      log,
      random: Math.random,
    },
    {
      shape: definition.shape,
      limits: { maxRecords: BATCH_RECORDS, maxBytes: limits.bytes ?? 1_000_000, maxWaitMs: 5 },
      vendor: limits,
      weigh: definition.weigh,
      queueBytesMax: 16 * 1024 * 1024,
      whenFull: 'block',
      spoolFull: 'block',
      spoolBytesMax: 0,
      spoolAgeMsMax: 60_000,
      durable: false,
      concurrency: 1,
    },
    undefined,
  )
  await delivery.start()
  const sent = Array.from({ length: RECORDS }, (_, i) => `line ${i} of the test "é"`)
  const arrivalMs = Date.now()
  const block = vendor.block?.(sent, arrivalMs) ?? blockOf(sent, { arrivalMs })
  const encoded = encodeBlock(definition, options, block, signal)
  const taken = delivery.accept(
    { memory: encoded.bytes, from: 0, records: RECORDS, ends: encoded.ends, firstEnd: 0 },
    0,
  )
  assert.equal(taken, RECORDS)
  assert.equal(await delivery.drain(AbortSignal.timeout(20_000)), true)
  // Where nothing is answered, delivered means that the kernel has it.
  await until(() => once(fake.stored).length >= ledger.delivered.records, 'what was delivered to arrive')
  await delivery.stop()
  await context.upstreams.stop()
  assert.deepEqual(ledger.inFlight(), { records: 0, bytes: 0 })
  check({ fake, delivery, ledger, refused, logged, sent })
}

const once = (messages: readonly string[]) => [...new Set(messages)].sort()

for (const vendor of vendors) {
  const { name: type } = vendor.definition
  const name = vendor.variant === undefined ? type : `${type} (${vendor.variant})`

  test(`${name}: everything arrives once, in order, within the documented limits`, async () => {
    await run(vendor, [], ({ fake, ledger, sent }) => {
      assert.deepEqual(fake.violations, [])
      assert.deepEqual(fake.stored, sent)
      assert.equal(ledger.delivered.records, RECORDS)
      assert.equal(ledger.retries, 0)
    })
  })

  test(`${name}: what fails for a while arrives once`, async () => {
    const busy = { status: 429, headers: { 'retry-after': '0' }, body: 'slow down' }
    await run(
      vendor,
      ['reset', busy, { status: 503, body: 'busy' }, 'slow_body', 'reset'],
      ({ fake, ledger, sent }) => {
        assert.deepEqual(fake.violations, [])
        assert.deepEqual([...fake.stored].sort(), [...sent].sort(), 'everything, and nothing twice')
        assert.equal(ledger.delivered.records, RECORDS)
        assert.ok(ledger.retries > 0)
      },
    )
  })

  test(`${name}: what may have arrived is sent again, and nothing is missing`, async () => {
    await run(vendor, ['reset_after', 'hang', 'reset_after'], ({ fake, ledger, sent }) => {
      assert.deepEqual(fake.violations, [])
      assert.deepEqual(once(fake.stored), [...sent].sort())
      assert.equal(ledger.delivered.records, RECORDS)
    })
  })

  test(`${name}: what is too large arrives in halves`, async () => {
    await run(vendor, [{ status: 413, body: 'too large' }], ({ fake, ledger, sent }) => {
      assert.deepEqual(fake.violations, [])
      assert.deepEqual(once(fake.stored), [...sent].sort())
      assert.equal(ledger.delivered.records, RECORDS)
      assert.equal(ledger.splits, 1)
    })
  })

  test(`${name}: what is refused for good is counted and kept, and holds up nothing`, async () => {
    const refusals = Array.from({ length: 100 }, () => ({ status: 400, body: 'no such thing' }))
    await run(vendor, refusals, ({ fake, ledger, refused, sent }) => {
      assert.deepEqual(fake.stored, [], 'as long as everything is refused')
      assert.equal(ledger.rejected.records, RECORDS)
      assert.equal(refused.length, RECORDS)
      assert.equal(sent.length, RECORDS)
    })
  })

  test(`${name}: one bad record is refused alone, where nothing else can have been taken with it`, async () => {
    const whole = REFUSE_WHOLE.has(type)
    // The first of 20, and the first halves of 10, 5, 2 and 1 on the way to it.
    const refusals = Array.from({ length: whole ? 1 : 5 }, () => ({ status: 400, body: 'no such thing' }))
    const lost = whole ? BATCH_RECORDS : 1
    await run(vendor, refusals, ({ fake, ledger, refused, sent }) => {
      assert.deepEqual(fake.violations, [])
      assert.deepEqual(fake.stored, sent.slice(lost), 'everything else, once, in order')
      assert.equal(ledger.delivered.records, RECORDS - lost)
      assert.equal(ledger.rejected.records, lost)
      assert.equal(refused.length, lost)
    })
  })

  test(`${name}: secrets are in no log line and no error`, async () => {
    await run(
      vendor,
      [
        { status: 401, body: 'who are you' },
        { status: 403, body: 'go away' },
      ],
      ({ fake, ledger, logged }) => {
        const secrets = secretsIn(vendor.options(fake))
        const said = [...logged, JSON.stringify(ledger.lastError)].join('\n')
        for (const secret of secrets) assert.ok(!said.includes(secret), said)
      },
    )
  })
}

/** Values that look like keys in the options of a fake. */
function secretsIn(options: object): string[] {
  return Object.entries(options).flatMap(([key, value]): string[] => {
    if (typeof value === 'object' && value !== null) return secretsIn(value)
    return /key|token|secret|password|credentials/.test(key) && typeof value === 'string' && value.length > 3
      ? [value]
      : []
  })
}

// The first request of a batch has its series, the second its sketches: what goes wrong with one is not the other's.
for (const [what, fault] of [
  ['is busy', { status: 503 }],
  ['is too large', { status: 413 }],
  ['breaks off', 'reset'],
] as const) {
  test(`datadog_metrics: when one of a batch's two requests ${what}, everything arrives once`, async () => {
    await run(datadogSketches, ['slow_body', fault, fault, 'slow_body', fault], ({ fake, ledger, sent }) => {
      assert.deepEqual(fake.violations, [])
      assert.deepEqual([...fake.stored].sort(), [...sent].sort())
      assert.equal(ledger.delivered.records, RECORDS)
    })
  })
}

test("datadog_metrics: one bad sketch is refused alone, and not with its batch's others", async () => {
  const bad = { status: 400, body: 'no such thing' }
  // The ten sketches of the first batch, and the first halves of 5, 2 and 1 on the way to it.
  await run(datadogSketches, ['slow_body', bad, bad, bad, bad, bad], ({ fake, ledger, refused, sent }) => {
    assert.deepEqual(fake.violations, [])
    assert.deepEqual([...fake.stored].sort(), sent.filter((_, i) => i !== 1).sort())
    assert.equal(ledger.rejected.records, 1)
    assert.deepEqual(refused, ['http_400'])
  })
})

test('nats: everything arrives once, in order', async () => {
  await run(nats, [], ({ fake, ledger, sent }) => {
    assert.deepEqual(fake.violations, [])
    assert.deepEqual(fake.stored, sent)
    assert.equal(ledger.delivered.records, RECORDS)
    assert.equal(ledger.retries, 0)
  })
})

test('nats: what fails for a while, and what may have arrived, arrives once', async () => {
  await run(nats, ['reset', 'no_responders', 'reset_after', 'hang', 'reset_after'], ({ fake, ledger, sent }) => {
    assert.deepEqual(fake.violations, [])
    assert.deepEqual([...fake.stored].sort(), [...sent].sort(), 'the stream knows repeats by their id')
    assert.equal(ledger.delivered.records, RECORDS)
    assert.ok(ledger.retries > 0)
  })
})

test('nats: what is refused for good is counted and kept, and holds up nothing', async () => {
  const refusals = Array.from({ length: RECORDS }, () => ({ status: 400, code: 10_060, description: 'no' }))
  await run(nats, refusals, ({ fake, ledger, refused }) => {
    assert.deepEqual(fake.stored, [])
    assert.equal(ledger.rejected.records, RECORDS)
    assert.equal(refused.length, RECORDS)
  })
})

test('syslog: everything arrives once, in order', async () => {
  await run(syslog, [], ({ fake, ledger, sent }) => {
    assert.deepEqual(fake.violations, [])
    assert.deepEqual(fake.stored, sent)
    assert.equal(ledger.delivered.records, RECORDS)
  })
})

test('every output that sends to a vendor is in the suite', () => {
  const covered = [...vendors, nats, syslog].map(({ definition }) => definition.name)
  // Nobody answers these, or they are asked for what they have; they have tests of their own.
  const others = ['console', 'tcp', 'file', 'blackhole', 'statsd', 'prometheus_exposition']
  assert.deepEqual(registry.outputs.map(({ name }) => name).sort(), once([...covered, ...others]))
})
