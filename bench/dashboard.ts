/**
 * How the dashboard feels: the time until a fresh browser shows the overview, and the frames of charts that move and of a table
 * of 10,000 rows that is scrolled. Run: `node bench/dashboard.ts [runs]`; needs a Chromium.
 *
 * Times are of the wall, as people feel them, so they mean something on an idle machine only.
 */
import { connect } from 'node:net'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { shopTraffic } from '#test/support/log-traffic.ts'
import { Program } from '#test/support/program.ts'
import { buildDashboard } from '../scripts/dashboard.ts'

const RUNS = Number(process.argv[2] ?? 7)
const LINES_EVERY_MS = 50
const LINES = 50
const WATCHED_MS = 5000
const ROWS = 10_000
const PAGE_ROWS = 200

await buildDashboard()
await using program = await Program.start('up')
const ui = program.address('dashboard')
const stopLines = sendLines()
// Before a gateway has told of records, the overview teaches.
await program.until(async () => (await gateways()).length === 1 && (await hasReported()), 'the first figures')
const browser = await chromium.launch({
  executablePath: process.env['STREAMGATE_CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
})
try {
  const loads: number[] = []
  for (let run = 0; run < RUNS; run++) loads.push(await inFreshProfile(browser, timeToOverview))
  loads.sort((a, b) => a - b)
  tell(
    'overview in a fresh profile',
    `${Math.round(loads[Math.floor(RUNS / 2)]!)} ms median, ${Math.round(loads.at(-1)!)} ms worst of ${RUNS}`,
  )
  tell('overview, charts moving', await inFreshProfile(browser, framesOfOverview))
  tell(`fleet, ${ROWS} rows scrolled`, await inFreshProfile(browser, framesOfTable))
} finally {
  stopLines()
  await browser.close()
}

function tell(what: string, figure: string): void {
  console.log(`${what.padEnd(32)} ${figure}`)
}

async function inFreshProfile<Result>(
  browser: Browser,
  work: (page: Page, context: BrowserContext) => Promise<Result>,
): Promise<Result> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  try {
    return await work(await context.newPage(), context)
  } finally {
    await context.close()
  }
}

/** From the request to a figure of the gateway on the page. */
async function timeToOverview(page: Page): Promise<number> {
  const startedAt = performance.now()
  await page.goto(ui, { waitUntil: 'commit' })
  await page.getByText('In now').waitFor()
  return performance.now() - startedAt
}

async function framesOfOverview(page: Page): Promise<string> {
  await page.goto(ui)
  await page.getByText('In now').waitFor()
  return await frames(page, 'no-such-element')
}

async function framesOfTable(page: Page): Promise<string> {
  const [one] = await gateways()
  await page.route(/\/api\/v1\/gateways\?/, async (route) => {
    const from = Number(new URL(route.request().url()).searchParams.get('cursor') ?? 0)
    const items = Array.from({ length: PAGE_ROWS }, (_, i) => ({
      ...one,
      id: `gateway-${from + i}`,
      name: `gateway-${from + i}`,
    }))
    const next = from + PAGE_ROWS < ROWS ? String(from + PAGE_ROWS) : null
    await route.fulfill({ json: { items, next_cursor: next } })
  })
  await page.goto(`${ui}fleet`)
  await page.getByRole('table').locator('[data-index="0"]').waitFor()
  return await frames(page, '[role="table"]')
}

/** Frames in a second, and the longest, over some seconds in which `scrolled` is scrolled a screen a frame. */
async function frames(page: Page, scrolled: string): Promise<string> {
  const lengths: number[] = await page.evaluate(`new Promise((resolve) => {
    const element = document.querySelector(${JSON.stringify(scrolled)})
    const seen = []
    const startedAt = performance.now()
    let before = startedAt
    requestAnimationFrame(function step(now) {
      seen.push(now - before)
      before = now
      element?.scrollBy(0, 400)
      if (now - startedAt < ${WATCHED_MS}) requestAnimationFrame(step)
      else resolve(seen.slice(1))
    })
  })`)
  lengths.sort((a, b) => a - b)
  const perSecond = (lengths.length * 1000) / lengths.reduce((sum, length) => sum + length, 0)
  const p99 = lengths[Math.floor(lengths.length * 0.99)] ?? 0
  return `${perSecond.toFixed(1)} frames a second; 99 % within ${p99.toFixed(0)} ms, the longest ${lengths.at(-1)?.toFixed(0)} ms`
}

async function hasReported(): Promise<boolean> {
  const { items } = (await (await fetch(`${program.address('API')}/api/v1/stats/live`)).json()) as {
    items: { stats: { pipelines: { in: { records: number } }[] } }[]
  }
  return items.some(({ stats }) => stats.pipelines.some((pipeline) => pipeline.in.records > 0))
}

async function gateways(): Promise<object[]> {
  const response = await fetch(`${program.address('API')}/api/v1/gateways`)
  return ((await response.json()) as { items: object[] }).items
}

function sendLines(): () => void {
  const lines = shopTraffic({ seed: 1, records: 2000 })
  const socket = connect(Number(new URL(program.address('tcp')).port), '127.0.0.1')
  socket.on('error', () => undefined).resume()
  let at = 0
  const timer = setInterval(() => {
    socket.write(`${Array.from({ length: LINES }, () => lines[at++ % lines.length]).join('\n')}\n`)
  }, LINES_EVERY_MS)
  return () => {
    clearInterval(timer)
    socket.destroy()
  }
}
