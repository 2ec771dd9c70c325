import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { AgentToServer } from '#codecs/opamp/messages.ts'
import { NODE_CAPABILITY } from '#contract/fleet.ts'
import type { ObservedRecord, SampleWindow, TapBatch, TapSelection } from '#contract/observation.ts'
import { silentLogger } from '#observe/log.ts'
import { ManualClock } from '#std/clock.ts'
import { answer, offer } from '#test/support/opamp-world.ts'
import { exampleStats } from '#test/support/stats-fixture.ts'
import { nodeHealth } from './health.ts'
import { Link, type NodeFacade, SAMPLES_BYTES_MAX, STATS_MS } from './link.ts'
import type { MemoryPeer } from './memory.ts'
import { OUTBOX_MESSAGES_MAX } from './outbox.ts'
import { TAP_BYTES_MAX, TAP_MS_MAX, TAPS_MAX } from './taps.ts'

function record(text: string): ObservedRecord {
  return {
    pipeline: 'main',
    source: 'tcp',
    at: 1,
    fate: 'forwarded',
    rule: null,
    edited_by: [],
    before: { text },
    after: { text },
    bytes_in: text.length,
    bytes_out: text.length,
  }
}

interface Custom {
  type: string
  body: Record<string, unknown> & { records?: unknown[]; windows?: SampleWindow[] }
}

class World {
  readonly clock = new ManualClock()
  readonly applied: string[] = []
  readonly sinks: ((batch: TapBatch) => void)[] = []
  readonly selections: TapSelection[] = []
  stopped = 0
  windows: SampleWindow[] = []
  refusal: string | undefined
  peer: MemoryPeer | undefined
  #sent: AgentToServer[] = []
  readonly link: Link

  constructor(t: TestContext) {
    const node: NodeFacade = {
      apply: async (_files, hash) => {
        this.applied.push(hash)
        return { status: 'applied' }
      },
      effectiveConfig: () => new Map(),
      stats: exampleStats,
      health: () => nodeHealth(exampleStats(), this.clock.wall()),
      samples: () => this.windows,
      kept: () => undefined,
      tap: (selection, sink) => {
        if (this.refusal !== undefined) throw new Error(this.refusal)
        this.selections.push(selection)
        this.sinks.push(sink)
        return { stop: () => this.stopped++ }
      },
    }
    this.link = new Link({
      server: (peer) => {
        this.peer = peer
        return { send: (message) => void this.#sent.push(message), close() {} }
      },
      description: { version: '1', id: 'n' },
      dataDir: undefined,
      clock: this.clock,
      random: () => 0.5,
      log: silentLogger,
      node,
    })
    t.after(() => this.link.close())
  }

  async connect(): Promise<Custom[]> {
    this.link.start()
    await turn()
    this.peer?.send(answer({ customCapabilities: { capabilities: [NODE_CAPABILITY] } }))
    return await this.sent()
  }

  async sent(): Promise<Custom[]> {
    for (let i = 0; i < 4; i++) await turn()
    const sent = this.#sent
    this.#sent = []
    return sent.flatMap(({ customMessage }) => {
      if (customMessage === undefined) return []
      return { type: customMessage.type, body: JSON.parse(Buffer.from(customMessage.data).toString()) }
    })
  }

  async ask(type: string, body: unknown): Promise<Custom[]> {
    const data = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
    this.peer?.send(answer({ customMessage: { capability: NODE_CAPABILITY, type, data } }))
    return await this.sent()
  }
}

test('books are told at once and then every ten seconds, as long as somebody listens', async (t) => {
  const world = new World(t)
  const [first] = await world.connect()
  assert.deepEqual(first, { type: 'stats', body: JSON.parse(JSON.stringify(exampleStats())) })
  world.clock.advance(3 * STATS_MS)
  assert.deepEqual(
    (await world.sent()).map(({ type }) => type),
    ['stats', 'stats', 'stats'],
  )
  world.peer?.closed('gone')
  await turn()
  assert.equal(world.link.isConnected, false)
})

test('a configuration goes to the node', async (t) => {
  const world = new World(t)
  await world.connect()
  world.peer?.send(answer(offer('aa')))
  await world.sent()
  assert.deepEqual(world.applied, ['aa'])
})

test('samples are given when asked; too many of them are thinned evenly', async (t) => {
  const world = new World(t)
  await world.connect()
  world.windows = [{ pipeline: 'main', from: 1, to: 2, seen: { records: 5, bytes: 50 }, records: [record('a')] }]
  assert.deepEqual(await world.ask('samples', { request: 'r1' }), [
    { type: 'samples', body: { request: 'r1', windows: world.windows } },
  ])
  const text = 'x'.repeat(SAMPLES_BYTES_MAX / 16)
  world.windows[0]!.records = Array.from({ length: 20 }, () => record(text))
  const [answered] = await world.ask('samples', { request: 'r2' })
  assert.equal(answered?.body.windows?.[0]?.records.length, 5)
  assert.equal(answered?.body.windows?.[0]?.seen.records, 5)
})

test('a tap runs until it is stopped', async (t) => {
  const world = new World(t)
  await world.connect()
  assert.deepEqual(await world.ask('tap_start', { tap: 't', selection: { pipeline: 'main' } }), [])
  assert.deepEqual(world.selections, [{ pipeline: 'main', raw: false, per_second_max: 20 }])
  world.sinks[0]?.({ records: [record('a')], skipped: 2 })
  assert.deepEqual(await world.sent(), [{ type: 'tap', body: { tap: 't', records: [record('a')], skipped: 2 } }])
  await world.ask('tap_start', { tap: 't', selection: {} })
  assert.equal(world.sinks.length, 1, 'it runs already')
  await world.ask('tap_stop', { tap: 't' })
  assert.equal(world.stopped, 1)
  world.sinks[0]?.({ records: [record('b')], skipped: 0 })
  assert.deepEqual(await world.sent(), [])
})

test('taps are few, end after a while, and end with the connection', async (t) => {
  const world = new World(t)
  await world.connect()
  for (let i = 0; i < TAPS_MAX; i++) await world.ask('tap_start', { tap: `t${i}`, selection: {} })
  const [refused] = await world.ask('tap_start', { tap: 'more', selection: {} })
  assert.deepEqual(refused?.body, { tap: 'more', records: [], skipped: 0, ended: 'the node has 8 taps already' })
  world.clock.advance(TAP_MS_MAX)
  const ended = (await world.sent()).filter(({ body }) => body['ended'] === 'its time is over')
  assert.equal(ended.length, TAPS_MAX)
  assert.equal(world.stopped, TAPS_MAX)
  await world.ask('tap_start', { tap: 'again', selection: {} })
  world.peer?.closed('gone')
  await turn()
  assert.equal(world.stopped, TAPS_MAX + 1)
})

test('a tap that cannot be says why', async (t) => {
  const world = new World(t)
  await world.connect()
  world.refusal = 'no pipeline "nix"'
  const [message] = await world.ask('tap_start', { tap: 't', selection: { pipeline: 'nix' } })
  assert.equal(message?.body['ended'], 'no pipeline "nix"')
})

test('a slow controller misses records, and is told how many', async (t) => {
  const world = new World(t)
  await world.connect()
  await world.ask('tap_start', { tap: 't', selection: {} })
  // Nothing is taken while the server has asked to be left alone.
  const busy = { type: 2, errorMessage: '', retryInfo: { retryAfterNanoseconds: 1_000_000_000n } }
  world.peer?.send(answer({ errorResponse: busy }))
  await turn()
  const all = OUTBOX_MESSAGES_MAX + 10
  for (let i = 0; i < all; i++) world.sinks[0]?.({ records: [record(String(i))], skipped: 1 })
  world.clock.advance(2000)
  const shown = await world.sent()
  world.sinks[0]?.({ records: [], skipped: 0 })
  shown.push(...(await world.sent()))
  const records = shown.reduce((sum, { body }) => sum + (body.records?.length ?? 0), 0)
  const skipped = shown.reduce((sum, { body }) => sum + Number(body['skipped']), 0)
  assert.equal(records, OUTBOX_MESSAGES_MAX)
  assert.equal(records + skipped, 2 * all, 'each is shown or counted')
})

test('a batch that is too large is cut, and the rest counted', async (t) => {
  const world = new World(t)
  await world.connect()
  await world.ask('tap_start', { tap: 't', selection: {} })
  const large = record('x'.repeat(TAP_BYTES_MAX / 8))
  world.sinks[0]?.({ records: Array.from({ length: 10 }, () => large), skipped: 0 })
  const [message] = await world.sent()
  assert.equal((message?.body.records?.length ?? 0) + Number(message?.body['skipped']), 10)
  assert.ok(Number(message?.body['skipped']) > 0)
})

test('what is no request is passed by', async (t) => {
  const world = new World(t)
  await world.connect()
  for (const [type, body] of [
    ['samples', '{'],
    ['samples', {}],
    ['tap_start', { tap: 't' }],
    ['tap_start', { tap: 't', selection: { per_second_max: 1e9 } }],
    ['tap_stop', { tap: 7 }],
    ['toString', {}],
    ['samples', ' '.repeat(100_000)],
  ] as const) {
    assert.deepEqual(await world.ask(type, body), [], type)
  }
  assert.equal(world.sinks.length, 0)
})

test("a node's health names what is not well", () => {
  const stats = exampleStats()
  stats.engines = [{ restarts: 0, state: 'running' }]
  stats.pipelines.forEach((pipeline) => {
    pipeline.state = 'normal'
  })
  stats.outputs.forEach((output) => {
    output.last_error = null
  })
  assert.equal(nodeHealth(stats, 5).healthy, true)
  stats.pipelines[0]!.state = 'bypass'
  const health = nodeHealth(stats, 5)
  assert.equal(health.healthy, false)
  assert.equal(health.lastError, `not well: pipeline/${stats.pipelines[0]!.id}`)
  assert.equal(health.startTimeUnixNano, 1_767_225_600_000_000_000n)
})
