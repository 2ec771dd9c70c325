/** What gateways have kept, over the controller's API: dead letters and drops of the node in its process, and of one by WebSocket. */
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { GatewaySummary } from '#contract/fleet.ts'
import type { DeadLetterSummary, ListedDeadLetter, ListedDroppedRecord, Replayed } from '#contract/kept.ts'
import type { NodeStats } from '#contract/stats.ts'
import { Operator } from '#test/support/operator.ts'
import { Program, type ProgramOptions, temporaryFolder } from '#test/support/program.ts'
import { DatadogFake } from '#test/support/vendors/datadog.ts'

interface Page<Item> {
  items: Item[]
  next_cursor: string | null
}

class Site {
  readonly operator: Operator
  readonly controller: Program
  /** The program with the node. */
  readonly node: Program
  readonly fake: DatadogFake
  gateway = ''

  constructor(controller: Program, node: Program, fake: DatadogFake) {
    this.operator = new Operator(controller.address('API'))
    this.controller = controller
    this.node = node
    this.fake = fake
  }

  async online(): Promise<void> {
    await this.node.until(async () => {
      const { items } = await this.operator.must<Page<GatewaySummary>>('GET', '/gateways?state=online')
      this.gateway = items[0]?.id ?? ''
      return this.gateway !== ''
    }, 'the gateway to come')
  }

  must<Body>(method: string, path: string, body?: unknown): Promise<Body> {
    return this.operator.must<Body>(method, `/gateways/${this.gateway}${path}`, body)
  }

  async post(body: string): Promise<void> {
    const response = await fetch(this.node.address('http'), { method: 'POST', body })
    assert.equal(response.status, 202)
  }

  async books(): Promise<NodeStats> {
    return (await (await fetch(this.node.address('metrics').replace('/metrics', '/stats'))).json()) as NodeStats
  }

  async letters(): Promise<number> {
    const summary = await this.must<DeadLetterSummary>('GET', '/dead-letters/summary')
    return summary.reduce((sum, { records }) => sum + records, 0)
  }
}

/** As one process, or as a controller and a node that follows it. */
async function open(t: TestContext, how: 'up' | 'websocket'): Promise<Site> {
  const folder = temporaryFolder()
  t.after(() => rmSync(folder, { recursive: true }))
  const fake = await new DatadogFake().listen()
  t.after(() => fake[Symbol.asyncDispose]())
  writeFileSync(
    join(folder, 'node.yaml'),
    `
version: 2
sources: [{ id: http, type: http, listen: 127.0.0.1:0, durable: true }]
pipelines:
  - id: main
    sources: [http]
    keep_dropped: {}
    processors:
      - { id: no_debug, type: filter, params: { value: DEBUG } }
      - { id: ssn, type: redact, params: { pattern: '\\d{3}-\\d{2}-\\d{4}', replacement: XXX } }
    outputs: [dd]
outputs:
  - { id: dd, type: datadog, url: ${fake.url}, api_key: dd-test-key, batch: { max_records: 1 }, retry: { base_ms: 5, cap_ms: 20 } }
`,
  )
  const start = async (command: 'up' | 'node' | 'controller', options: ProgramOptions) => {
    const program = await Program.start(command, options)
    t.after(() => program[Symbol.asyncDispose]())
    return program
  }
  const flags = ['--config', join(folder, 'node.yaml')]
  let site: Site
  if (how === 'up') {
    const program = await start('up', { flags })
    site = new Site(program, program, fake)
  } else {
    const controller = await start('controller', {})
    const endpoint = controller.address('OpAMP').replace('http', 'ws')
    site = new Site(controller, await start('node', { flags: [...flags, '--opamp-endpoint', endpoint] }), fake)
  }
  await site.online()
  return site
}

const refusal = { status: 404, body: 'not here' }

for (const how of ['up', 'websocket'] as const) {
  test(`${how}: dead letters are listed, shown, sent again once the vendor is mended, and dropped`, async (t) => {
    const site = await open(t, how)
    site.fake.faults.push(refusal, refusal, refusal)
    for (const [i, text] of ['one 123-45-6789', 'two', 'three'].entries()) {
      await site.post(text)
      await site.node.until(async () => (await site.letters()) === i + 1, 'the dead letter')
    }

    const first = await site.must<Page<ListedDeadLetter>>('GET', '/dead-letters?output=dd&code=http_404&limit=2')
    assert.deepEqual(
      first.items.map(({ output, code, message }) => [output, code, message]),
      [1, 2].map(() => ['dd', 'http_404', 'the server answered 404: not here']),
    )
    assert.ok(first.items.every((item) => !('text' in item)))
    const rest = await site.must<Page<ListedDeadLetter>>('GET', `/dead-letters?cursor=${first.next_cursor}`)
    assert.deepEqual([rest.items.length, rest.next_cursor], [1, null])
    assert.deepEqual((await site.must<Page<ListedDeadLetter>>('GET', '/dead-letters?output=other')).items, [])
    const [{ id }] = first.items as [ListedDeadLetter]
    const shown = await site.must<ListedDeadLetter>('GET', `/dead-letters/${id}`)
    assert.match(shown.text!, /"message":"one XXX"/)
    assert.equal((await site.operator.ask('GET', `/gateways/${site.gateway}/dead-letters/999`)).status, 404)

    const dry = await site.must<Replayed>('POST', '/dead-letters/replay?dry_run=true', { ids: [id, 999] })
    assert.deepEqual(dry, { replayed: 1, skipped: 0 })
    assert.equal(await site.letters(), 3)
    assert.deepEqual(await site.must<Replayed>('POST', '/dead-letters/replay', { ids: [id] }), dry)
    await site.node.until(() => site.fake.stored.includes('one XXX'), 'the record to arrive')
    assert.equal(await site.letters(), 2)
    // What is refused again is a dead letter again, behind the others.
    site.fake.faults.push(refusal)
    await site.must<Replayed>('POST', '/dead-letters/replay', { ids: [rest.items[0]!.id] })
    await site.node.until(async () => (await site.letters()) === 2, 'the dead letter to come back')
    assert.deepEqual(await site.must('POST', '/dead-letters/drop?dry_run=true', { all: true }), { dropped: 2 })
    assert.deepEqual(await site.must('POST', '/dead-letters/drop', { code: 'http_404' }), { dropped: 2 })
    assert.deepEqual(await site.must('POST', '/dead-letters/drop', { all: true }), { dropped: 0 })
    assert.equal(await site.letters(), 0)

    const [output] = (await site.books()).outputs
    assert.partialDeepStrictEqual(output, {
      forwarded: { records: 3 },
      replayed: { records: 2 },
      delivered: { records: 1 },
      rejected: { records: 4 },
      in_flight: { records: 0 },
      dead_letters: { records: 0 },
    })
    const { items } = await site.operator.must<Page<{ action: string; object: string; detail: unknown }>>(
      'GET',
      '/audit?action=gateway.dead_letters',
    )
    assert.deepEqual(
      items.map(({ action, object, detail }) => [action, object, (detail as { records: number }).records]),
      ['drop', 'replay', 'replay'].map((verb, i) => [
        `gateway.dead_letters.${verb}`,
        `gateways/${site.gateway}`,
        i === 0 ? 2 : 1,
      ]),
    )
  })

  test(`${how}: what rules dropped is listed, redacted, and sent after all`, async (t) => {
    const site = await open(t, how)
    await site.post('DEBUG ssn 123-45-6789\nkept\nDEBUG again\n')
    await site.post('DEBUG third\n')
    const summary = async () => (await site.must<{ records: number }[]>('GET', '/dropped/summary'))[0]?.records
    await site.node.until(async () => (await summary()) === 3, 'the drops')
    const texts: (string | undefined)[] = []
    for (let cursor = ''; ; ) {
      const path = `/dropped?pipeline=main&rule=no_debug&limit=1${cursor}`
      const page = await site.must<Page<ListedDroppedRecord>>('GET', path)
      texts.push(...page.items.map(({ text }) => text))
      if (page.next_cursor === null) break
      cursor = `&cursor=${page.next_cursor}`
    }
    assert.deepEqual(texts, ['DEBUG third', 'DEBUG again', 'DEBUG ssn XXX'])
    assert.deepEqual((await site.must<Page<ListedDroppedRecord>>('GET', '/dropped?rule=other')).items, [])
    const whole = { replayed: 3, skipped: 0 }
    assert.deepEqual(await site.must('POST', '/dropped/replay?dry_run=true', { rule: 'no_debug' }), whole)
    const none = { rule: 'no_debug', since: Date.now() + 60_000 }
    assert.deepEqual(await site.must('POST', '/dropped/replay', none), { replayed: 0, skipped: 0 })
    assert.deepEqual(await site.must('POST', '/dropped/replay', { rule: 'no_debug', pipeline: 'main' }), whole)
    await site.node.until(() => site.fake.stored.length === 4, 'all of them')
    assert.deepEqual([...site.fake.stored].sort(), ['DEBUG again', 'DEBUG ssn XXX', 'DEBUG third', 'kept'])
    assert.equal(await summary(), undefined)
    const { pipelines, outputs } = await site.books()
    assert.partialDeepStrictEqual(pipelines[0], { in: { records: 4 }, dropped: { records: 3 } })
    assert.partialDeepStrictEqual(outputs[0], { forwarded: { records: 1 }, delivered: { records: 4 } })
  })
}

test('what cannot be asked says why', async (t) => {
  const site = await open(t, 'websocket')
  const { operator, gateway } = site
  const ask = async (path: string) => {
    const { status, body } = await operator.ask<{ detail: string }>('GET', `/gateways/${path}/dead-letters/summary`)
    return `${status}: ${body.detail}`
  }
  assert.match(await ask('nobody'), /^404: there is no gateway "nobody"$/)
  for (const body of [{}, { ids: [] }, { all: false }, { rule: 'x' }])
    assert.equal((await operator.ask('POST', `/gateways/${gateway}/dead-letters/drop`, body)).status, 422)
  await site.node.stop()
  await site.controller.until(async () => {
    const { items } = await operator.must<Page<GatewaySummary>>('GET', '/gateways?state=offline')
    return items.length === 1
  }, 'it to be gone')
  assert.match(await ask(gateway), /^409: the gateway ".+" is not connected$/)
})
