/**
 * What an impact receipt says before a publication is what the books say after it: through the doors that users have, over the
 * program as they start it. The traffic is the same before and after.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Estimate, Receipt } from '#contract/receipt.ts'
import type { Savings } from '#contract/savings.ts'
import type { Amount, NodeStats, PipelineBooks } from '#contract/stats.ts'
import { shopTraffic } from '#test/support/log-traffic.ts'
import { Operator, runs } from '#test/support/operator.ts'
import { Program } from '#test/support/program.ts'
import { HttpSink } from '#test/support/sinks.ts'

const SEED = 20260517
const PRICE = { per_gb: 2.5, per_million_events: 1.7 }

const REDACT_MAIL = { id: 'redact_mail', type: 'redact', params: { builtin: 'email' } }
const DROP_HEALTH = { id: 'drop_health', type: 'filter', params: { value: 'GET /healthz' } }
const LIVE = [REDACT_MAIL, DROP_HEALTH]
/** Drops, samples and redacts more. What it samples hangs on the record, so the same records meet the same fate again. */
const CANDIDATE = [
  REDACT_MAIL,
  DROP_HEALTH,
  { id: 'drop_debug', type: 'filter', params: { value: '"level":"debug"' } },
  { id: 'drop_cart', type: 'filter', params: { value: '"service":"cart"' } },
  {
    id: 'sample_web',
    type: 'sample',
    params: { keep_ratio: 0.5, key: 'message' },
    when: { field: 'service', equals: 'web' },
  },
  { id: 'redact_card', type: 'redact', params: { pattern: '4111 1111 1111 1111', replacement: '****' } },
]

/** One process with everything in it, a vendor with a price, and rules that run. */
class Shop implements AsyncDisposable {
  readonly program: Program
  readonly operator: Operator
  readonly vendor: HttpSink
  #sent = 0

  private constructor(program: Program, vendor: HttpSink) {
    this.program = program
    this.operator = new Operator(program.address('API'))
    this.vendor = vendor
  }

  static async open(): Promise<Shop> {
    const vendor = await HttpSink.start()
    const shop = new Shop(await Program.start('up'), vendor)
    await shop.operator.must('POST', '/prices', { output: 'vendor', currency: 'EUR', ...PRICE, since: '2020-01-01' })
    await shop.publish(LIVE)
    return shop
  }

  document(processors: object[]): object {
    return {
      version: 2,
      pipelines: [{ id: 'default_pipeline', processors, outputs: ['vendor'] }],
      outputs: [{ id: 'vendor', type: 'http', url: this.vendor.url }],
    }
  }

  async publish(processors: object[]): Promise<void> {
    const version = await this.operator.publish(this.document(processors))
    await this.operator.untilGateways(1, runs(version), 'the rules to run')
  }

  /** Of the draft, once the node has put into its sample what it took in. */
  async receipt(): Promise<{ id: string; receipt: Receipt }> {
    let made: { id: string; receipt: Receipt }
    await this.program.until(async () => {
      made = await this.operator.must('POST', '/configurations/default/receipts', {})
      return made.receipt.sample.seen.records === this.#sent
    }, 'the sample')
    return made!
  }

  /** Sends it, waits until all of it has gone its way, and says what the books of the pipeline have more than before. */
  async send(records: readonly string[]): Promise<Change> {
    const before = await this.books()
    await this.program.sendTcp(`${records.join('\n')}\n`)
    this.#sent += records.length
    let after = before
    await this.program.until(async () => {
      const { pipelines, outputs } = await this.operator.must<NodeStats>('GET', '/stats')
      after = pipelines[0]!
      const isIdle = [...pipelines, ...outputs].every((books) => books.in_flight.records === 0)
      return after.in.records === this.#sent && isIdle
    }, 'all records to be through')
    return (of) => {
      const [a, b] = [of(before), of(after)]
      return { records: b.records - a.records, bytes: b.bytes - a.bytes }
    }
  }

  async books(): Promise<PipelineBooks> {
    const { pipelines } = await this.operator.must<NodeStats>('GET', '/stats')
    return pipelines[0]!
  }

  /** Of severity error or above, counted where they arrive. */
  get errorsAtVendor(): number {
    const lines = this.vendor.requests.flatMap(({ body }) => body.split('\n'))
    return lines.filter((line) => /"level":"(error|fatal)"|Z (ERROR|FATAL) batch/.test(line)).length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]()
    await this.vendor[Symbol.asyncDispose]()
  }
}

type Change = (of: (books: PipelineBooks) => Amount) => Amount

/** What was said, what came, and by how much they may differ because they mean different bytes. */
interface Row {
  name: string
  said: Estimate
  came: number
  slack: number
}

/** Every figure of the receipt that the books have too. */
function compared(receipt: Receipt, live: Change, candidate: Change): Row[] {
  const rows: Row[] = []
  const add = (name: string, said: { records: Estimate; bytes: Estimate }, came: Amount, slack = 0) => {
    rows.push({ name: `${name}, records`, said: said.records, came: came.records, slack: 0 })
    rows.push({ name: `${name}, bytes`, said: said.bytes, came: came.bytes, slack })
  }
  const [before, after] = [live(({ forwarded }) => forwarded), candidate(({ forwarded }) => forwarded)]
  const difference = { records: after.records - before.records, bytes: after.bytes - before.bytes }
  add(
    'in',
    receipt.in,
    live((books) => books.in),
  )
  add('out of live', receipt.out.live, before)
  add('out of candidate', receipt.out.candidate, after)
  add('out, difference', receipt.out.difference, difference)
  for (const { id, ended, edited } of receipt.rules) {
    for (const [side, change] of [
      ['live', live],
      ['candidate', candidate],
    ] as const) {
      // The receipt counts bytes as they came in, and the books as the rule found them: edited by the rules before it.
      const slack = Math.abs(change((books) => books.edited).bytes)
      if (ended[side] !== null) add(`ended by ${id} of ${side}`, ended[side], change(endedBy(id)), slack)
      const came = change(editedBy(id)).records
      if (edited[side] !== null) rows.push({ name: `edited by ${id} of ${side}`, said: edited[side], came, slack: 0 })
    }
  }
  // A month of what the vendor is sent, at its price.
  const months = receipt.month.in.records.value / receipt.in.records.value
  const cost = ({ records, bytes }: Amount) =>
    ((bytes / 1e9) * PRICE.per_gb + (records / 1e6) * PRICE.per_million_events) * months
  const [money] = receipt.money.outputs
  assert.equal(money?.output, 'vendor')
  const cent = cost({ records: 1, bytes: 1 })
  rows.push({ name: 'money of live', said: money.live, came: cost(before), slack: cent })
  rows.push({ name: 'money of candidate', said: money.candidate, came: cost(after), slack: cent })
  rows.push({ name: 'money, difference', said: money.difference, came: cost(difference), slack: cent })
  return rows
}

function endedBy(id: string): (books: PipelineBooks) => Amount {
  return ({ rules }) => rules.find((rule) => rule.id === id)?.ended ?? { records: 0, bytes: 0 }
}

function editedBy(id: string): (books: PipelineBooks) => Amount {
  return ({ rules }) => rules.find((rule) => rule.id === id)?.edited ?? { records: 0, bytes: 0 }
}

/** The distance of what came from the interval, in halves of its width; 0: inside. */
function missBy({ said: { value, low, high }, came, slack }: Row): number {
  const off = Math.max(0, Math.abs(came - value) - slack)
  const half = Math.max(came > value ? high - value : value - low, 1)
  return off <= half ? 0 : off / half - 1
}

test('where all records were looked at, the receipt is exact', async () => {
  await using shop = await Shop.open()
  const records = shopTraffic({ seed: SEED, records: 240 })
  const live = await shop.send(records)
  const errorsBefore = shop.errorsAtVendor
  await shop.operator.draft(shop.document(CANDIDATE))
  const { receipt } = await shop.receipt()
  await shop.publish(CANDIDATE)
  const candidate = await shop.send(records)
  assert.equal(receipt.sample.records, records.length)
  for (const row of compared(receipt, live, candidate)) {
    assert.equal(missBy(row), 0, JSON.stringify(row))
    assert.ok(row.said.high - row.said.low <= 1, `${JSON.stringify(row)} is exact`)
  }
  const lost = errorsBefore - (shop.errorsAtVendor - errorsBefore)
  assert.ok(lost > 0)
  assert.deepEqual(receipt.lost_errors.lost, { value: lost, low: lost, high: lost })
  assert.deepEqual(receipt.not_covered, [])
})

test('of thousands of records a sample says what they become, within its interval', async (t) => {
  await using shop = await Shop.open()
  const records = shopTraffic({ seed: SEED, records: 6000 })
  const live = await shop.send(records)
  const errorsBefore = shop.errorsAtVendor
  await shop.operator.draft(shop.document(CANDIDATE))
  const { receipt } = await shop.receipt()
  assert.deepEqual(
    receipt.sample.seen,
    live((books) => books.in),
  )
  assert.ok(receipt.sample.records < records.length / 4, 'a sample')
  await shop.publish(CANDIDATE)
  const candidate = await shop.send(records)
  const lost = errorsBefore - (shop.errorsAtVendor - errorsBefore)
  const rows = compared(receipt, live, candidate)
  rows.push({ name: 'lost errors', said: receipt.lost_errors.lost, came: lost, slack: 0 })
  const inside = rows.filter((row) => missBy(row) === 0).length
  t.diagnostic(`${inside} of ${rows.length} figures inside their interval, by ${receipt.sample.records} records`)
  // Each interval holds 95 times of 100, and the sample is drawn by chance: none may be far off.
  for (const row of rows) assert.ok(missBy(row) < 1.5, JSON.stringify(row))
  const { low, high } = receipt.out.candidate.records
  assert.ok(high - low < records.length / 5, 'an interval that says something')

  // The ledger of savings comes to the same as the books.
  const books = await shop.books()
  let savings: Savings | undefined
  await shop.program.until(async () => {
    savings = (await shop.operator.must<{ total: Savings }>('GET', '/savings')).total
    return savings.in.records === books.in.records
  }, 'the ledger')
  const { in: all, forwarded, saved, money, by_rule, not_counted } = savings!
  assert.deepEqual([all, forwarded], [books.in, books.forwarded])
  const rest = { records: books.in.records - books.forwarded.records, bytes: books.in.bytes - books.forwarded.bytes }
  assert.deepEqual(saved, rest)
  assert.equal(money.length, 1)
  // As the vendor is sent it, which is a little more: there is something between records.
  const { ratio } = savings!.by_output[0]!
  assert.ok(ratio !== null && ratio.records === 1 && ratio.bytes > 1 && ratio.bytes < 1.02, JSON.stringify(ratio))
  const sent = saved.bytes * ratio.bytes
  const cost = (sent / 1e9) * PRICE.per_gb + (saved.records / 1e6) * PRICE.per_million_events
  assert.ok(Math.abs(money[0]!.amount - cost) < 1e-6, `${money[0]!.amount} is ${cost}`)
  assert.equal(
    by_rule.reduce((sum, { saved: { records } }) => sum + records, 0),
    saved.records,
  )
  for (const amount of Object.values(not_counted)) assert.deepEqual(amount, { records: 0, bytes: 0 })
})

test('a policy refuses a version that drops errors, and one that stops redacting', async () => {
  await using shop = await Shop.open()
  const { operator } = shop
  await shop.send(shopTraffic({ seed: SEED, records: 2000 }))
  const policy = { require_receipt: true, refuse_lost_errors: true, refuse_unredacted: true }
  await operator.change('PATCH', '/configurations/default', { policy })
  const refused = async (body: object) => {
    const reply = await operator.ask<{ errors?: { detail: string }[] }>('POST', '/configurations/default/publish', body)
    assert.equal(reply.status, 422, JSON.stringify(reply.body))
    return JSON.stringify(reply.body)
  }
  const drafted = async (processors: object[]) => {
    await operator.draft(shop.document(processors))
    return (await shop.receipt()).id
  }
  const dropsErrors = await drafted([
    ...LIVE,
    { id: 'drop_errors', type: 'filter', params: { value: '"level":"error"' } },
  ])
  assert.match(await refused({}), /receipt_missing/)
  assert.match(await refused({ receipt: dropsErrors }), /lost_errors/)
  assert.equal((await fetch(`${operator.address}/publish`, { method: 'POST' })).status, 422, 'nor by the old route')
  const unredacted = await drafted([DROP_HEALTH])
  assert.match(await refused({ receipt: unredacted }), /unredacted/)
  assert.match(await refused({ receipt: dropsErrors }), /receipt_of_other/)
  // Before redaction, errors or not: the rule that replaces it must surely do the same.
  const narrower = { ...REDACT_MAIL, when: { field: 'service', equals: 'web' } }
  assert.match(await refused({ receipt: await drafted([narrower, DROP_HEALTH]) }), /unredacted/)
  const receipt = await drafted([...LIVE, { id: 'drop_debug', type: 'filter', params: { value: '"level":"debug"' } }])
  const { version } = await operator.must<{ version: { number: number; has_receipt: boolean } }>(
    'POST',
    '/configurations/default/publish',
    { receipt },
  )
  assert.ok(version.has_receipt)
  await operator.untilGateways(1, runs(version.number), 'the version that may')
  const kept = await operator.must<Receipt>('GET', `/configurations/default/versions/${version.number}/receipt`)
  assert.equal(kept.lost_errors.sampled, 0)
})
