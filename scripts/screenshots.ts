/**
 * `npm run screenshots -- [--minutes 8] [--only overview,rules]`: pictures of all screens of the dashboard for `docs/screenshots`, in
 * both themes, 1440 pixels wide and the main ones 390, of the real product at work. It runs for the minutes first, so that charts
 * have something to show.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Browser, chromium, type Page } from 'playwright-core'
import { buildDashboard } from './dashboard.ts'
import { editDraft, OWNER, startWorld, type World } from './screenshots-world.ts'

const FOLDER = fileURLToPath(new URL('../docs/screenshots', import.meta.url))
const THEMES = ['light', 'dark'] as const
/** For what still moves into its place. */
const SETTLE_MS = 1500

interface Shot {
  name: string
  path: string
  /** Also as a telephone shows it. */
  narrow?: boolean
  /** Brings the screen to what is worth a picture. */
  prepare?: (page: Page) => Promise<void>
}

const shots: Shot[] = [
  { name: 'overview', path: '?range=15m', narrow: true },
  { name: 'pipelines', path: 'pipelines', narrow: true },
  { name: 'pipeline', path: 'pipelines/default_pipeline' },
  { name: 'rules', path: 'rules', narrow: true },
  { name: 'rule', path: 'rules', prepare: openRule },
  { name: 'studio', path: 'studio', narrow: true, prepare: takeExample },
  { name: 'publish', path: 'publish', narrow: true, prepare: makeReceipt },
  { name: 'versions', path: 'versions' },
  { name: 'fleet', path: 'fleet', narrow: true },
  { name: 'gateway', path: 'fleet', prepare: openFirstRow },
  { name: 'outputs', path: 'outputs', narrow: true },
  { name: 'output', path: 'outputs/search' },
  { name: 'dead-letters', path: 'outputs/search?tab=letters' },
  { name: 'tap', path: 'tap', narrow: true, prepare: startTap },
  { name: 'savings', path: 'savings', narrow: true },
  { name: 'alerts', path: 'alerts', narrow: true },
  { name: 'alert-rules', path: 'alerts?tab=rules' },
  { name: 'audit', path: 'audit' },
  { name: 'access', path: 'access' },
  { name: 'account', path: 'account' },
  { name: 'settings', path: 'settings' },
]

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '8' }, only: { type: 'string' } } })
const only = values.only?.split(',')
mkdirSync(FOLDER, { recursive: true })
await buildDashboard()
await using world = await startWorld()
const browser = await chromium.launch({
  executablePath: process.env['STREAMGATE_CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
})
try {
  await world.pass(Number(values.minutes) * 60_000)
  await editDraft(world.api)
  for (const theme of THEMES) {
    await takeAll(browser, world, theme, 1440, (shot) => shot)
    await takeAll(browser, world, theme, 390, (shot) =>
      shot.narrow === true ? { ...shot, name: `${shot.name}-narrow` } : undefined,
    )
  }
} finally {
  await browser.close()
}

async function takeAll(
  browser: Browser,
  world: World,
  theme: (typeof THEMES)[number],
  width: number,
  chosen: (shot: Shot) => Shot | undefined,
): Promise<void> {
  const context = await browser.newContext({
    viewport: { width, height: width > 500 ? 900 : 844 },
    colorScheme: theme,
    locale: 'en-GB',
    timezoneId: 'UTC',
    reducedMotion: 'reduce',
  })
  const page = await context.newPage()
  await page.goto(`${world.ui}login`)
  if (width > 500) await take(page, `login-${theme}`)
  await page.getByLabel('E-mail address').fill(OWNER.email)
  await page.getByLabel('Password').fill(OWNER.password)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
  for (const shot of shots.flatMap((one) => chosen(one) ?? [])) {
    if (only !== undefined && !only.some((name) => shot.name.startsWith(name))) continue
    await page.goto(world.ui + shot.path)
    await page.getByRole('heading', { level: 1 }).first().waitFor()
    await page.waitForTimeout(SETTLE_MS)
    await shot.prepare?.(page)
    await take(page, `${shot.name}-${theme}`)
  }
  await context.close()
}

async function take(page: Page, name: string): Promise<void> {
  await page.waitForTimeout(SETTLE_MS)
  await page.screenshot({ path: join(FOLDER, `${name}.png`) })
  console.error(name)
}

async function openFirstRow(page: Page): Promise<void> {
  await page.getByRole('table').first().locator('[data-index="0"]').click()
}

async function takeExample(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Examples' }).click()
  await page.getByRole('menuitem').first().click()
}

async function startTap(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await page.waitForTimeout(2 * SETTLE_MS)
}

/** It is kept with the draft, so that the second theme finds it made. */
async function makeReceipt(page: Page): Promise<void> {
  const make = page.getByRole('button', { name: 'Make a receipt' })
  if ((await make.count()) > 0) await make.click()
  await page
    .getByText('What it stands on')
    .or(page.getByText(/from [\d,.]+ records/))
    .first()
    .waitFor({ timeout: 10_000 })
    .catch(() => undefined)
}

async function openRule(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'drop_cart_debug', exact: true }).click()
}
