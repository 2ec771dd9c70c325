/**
 * What a fleet's books cost the controller: 1,000 gateways, each with 5 pipelines, 20 rules, 3 outputs and 5 windows of
 * samples, tell them every 10 s. Run: `node bench/series.ts [sqlite|postgres] [seconds] [configurations] [gateways]`;
 * PostgreSQL at DATABASE_URL.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { SampleWindow } from '#contract/observation.ts'
import { StatsInbox } from '#control/series/inbox.ts'
import { keepUp } from '#control/series/upkeep.ts'
import { openDatabase } from '#control/store/database.ts'
import { OutputLedger } from '#observe/books.ts'
import { silentLogger } from '#observe/log.ts'
import { systemClock } from '#std/clock.ts'
import { randomFrom } from '#std/random.ts'
import { Secret } from '#std/secret.ts'
import { ExampleNode } from '#test/support/series.ts'

const GATEWAYS = Number(process.argv[5] ?? 1000)
const EVERY_MS = 10_000
const PIPELINES = 5
const RULES = 4
const OUTPUTS = 3
const SAMPLES = 20
const SERVICES = 40

const [kind = 'sqlite', seconds = '30', configurations = '1'] = process.argv.slice(2)
const random = randomFrom(1)
const folder = mkdtempSync(join(tmpdir(), 'streamgate-bench-'))
const location =
  kind === 'postgres' ? { url: new Secret(process.env['DATABASE_URL'] ?? '') } : { file: join(folder, 'control.db') }
const database = await openDatabase(location)
const inbox = new StatsInbox({ ...database, clock: systemClock, log: silentLogger })
const start = Date.now()
const nodes = Array.from({ length: GATEWAYS }, () => {
  const node = new ExampleNode(start)
  for (let o = 0; o < OUTPUTS; o++) node.outputs.set(`out${o}`, new OutputLedger())
  return node
})

function traffic(node: ExampleNode): void {
  for (let p = 0; p < PIPELINES; p++) {
    const records = 1000 + Math.floor(random() * 1000)
    const ended = Array.from({ length: RULES }, (_, r) => ({
      rule: `rule${r}`,
      type: 'filter',
      kind: 'dropped' as const,
      records: Math.floor(records / 10),
    }))
    node.take({ pipeline: `pipeline${p}`, records, bytes: records * 400, ended, output: `out${p % OUTPUTS}` })
  }
}

function windows(): SampleWindow[] {
  const now = Date.now()
  return Array.from({ length: PIPELINES }, (_, p) => ({
    pipeline: `pipeline${p}`,
    from: now - EVERY_MS,
    to: now,
    seen: { records: 1500, bytes: 600_000 },
    records: Array.from({ length: SAMPLES }, (_, i) => ({
      pipeline: `pipeline${p}`,
      source: 'http',
      at: now - 1,
      fate: i % 3 === 0 ? ('dropped' as const) : ('forwarded' as const),
      rule: null,
      edited_by: [],
      before: {
        text: JSON.stringify({
          level: ['info', 'debug', 'error'][i % 3],
          service: `service-${Math.floor(random() * SERVICES)}`,
          message: 'x'.repeat(300),
        }),
      },
      after: null,
      bytes_in: 400,
      bytes_out: 400,
    })),
  }))
}

/** Takes turns through the gateways, so that as many come in each tick; making them is not measured. */
const TICK_MS = 100
let spentOffering = 0
let offered = 0
let making = 0
let next = 0
const timer = setInterval(() => {
  const begin = process.cpuUsage()
  const messages = Array.from({ length: Math.max(1, (GATEWAYS * TICK_MS) / EVERY_MS) }, () => {
    const g = next++ % GATEWAYS
    traffic(nodes[g]!)
    return { g, stats: nodes[g]!.stats(), windows: windows() }
  })
  const { user, system } = process.cpuUsage(begin)
  making += (user + system) / 1000
  const before = performance.now()
  for (const { g, stats, windows } of messages) {
    inbox.offer('default', `gateway-${g}`, `c${g % Number(configurations)}`, stats, windows)
    offered++
  }
  spentOffering += performance.now() - before
}, TICK_MS)

const delay = monitorEventLoopDelay({ resolution: 1 })
// What it takes to warm up is not what it takes.
await new Promise((resolve) => setTimeout(resolve, 5000))
offered = 0
making = 0
spentOffering = 0
delay.enable()
const begun = Date.now()
const cpu = process.cpuUsage()
await new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1000))
clearInterval(timer)
const { user, system } = process.cpuUsage(cpu)
delay.disable()
await inbox.close()
const elapsed = (Date.now() - begun) / 1000
const rows: Record<string, number> = {}
for (const table of ['pipelines', 'rules', 'outputs', 'gateways', 'estimates', 'baselines'] as const) {
  const { count } = await database.db
    .selectFrom(`series_${table}`)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  rows[table] = Number(count)
}
const rollUp = performance.now()
await keepUp({ db: database.db, clock: { ...systemClock, wall: () => Date.now() + 2 * 3_600_000 } })
const spent = (user + system) / 1000 - making
console.log(JSON.stringify({ kind, elapsed, offered, perSecond: offered / elapsed, rows }, undefined, 1))
console.log(`CPU without making the messages: ${((spent / elapsed / 1000) * 100).toFixed(1)} % of one core`)
console.log(
  `per message: ${(spent / offered).toFixed(3)} ms, of these offering ${(spentOffering / offered).toFixed(4)} ms`,
)
console.log(
  `event loop delay: p99 ${ms(delay.percentile(99))}, p99.9 ${ms(delay.percentile(99.9))}, max ${ms(delay.max)}`,
)
console.log(`roll-up of this time into hours: ${(performance.now() - rollUp).toFixed(0)} ms`)
await database.close()
rmSync(folder, { recursive: true })

function ms(nanos: number): string {
  return `${(nanos / 1e6).toFixed(1)} ms`
}
