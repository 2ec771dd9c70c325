/**
 * A real browser before the real product. One browser per test file, a fresh profile per test. A test fails on whatever a person
 * would find in the console: errors, breaches of the page's policy, requests to anywhere else.
 */
import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, type TestContext } from 'node:test'
import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { buildDashboard } from '../../scripts/dashboard.ts'
import { Program, type ProgramOptions, temporaryFolder } from './program.ts'
import { requireOneOf } from './services.ts'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome']
const PATIENCE_MS = 15_000
const OWN_HOSTS = ['127.0.0.1', 'localhost', '[::1]']
const WCAG_AA = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa']
const SNAPSHOT_CHARACTERS_MAX = 4_000

let browser: Promise<Browser> | undefined
/** A test that fails by its console does not come to its other hooks, so these end here at the latest. */
const programs = new Set<Program>()
after(async () => {
  for (const program of programs) await program[Symbol.asyncDispose]()
  await (await browser?.catch(() => undefined))?.close()
})

export interface Session {
  context: BrowserContext
  page: Page
  /** Says that a problem like this is what the test is about, such as the 401 of a wrong password. */
  expect(problem: RegExp): void
  /** What has gone wrong so far; the test fails by it when it ends. */
  problems(): string[]
}

/** Undefined: there is no browser here; the test is marked as skipped, and should return. `options` are Playwright's. */
export async function openBrowser(t: TestContext, options: BrowserContextOptions = {}): Promise<Session | undefined> {
  const named = process.env['STREAMGATE_CHROMIUM']
  const executablePath = named || requireOneOf(t, NAMES)
  if (executablePath === undefined) return undefined
  browser ??= launch(executablePath)
  const context = await (await browser).newContext({
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
    timezoneId: 'UTC',
    reducedMotion: 'reduce',
    ...options,
  })
  context.setDefaultTimeout(PATIENCE_MS)
  const seen: string[] = []
  const expected: RegExp[] = []
  const problems = () => seen.filter((problem) => !expected.some((pattern) => pattern.test(problem)))
  await watch(context, (problem) => seen.push(problem))
  const page = await context.newPage()
  t.after(async () => {
    const { passed } = t as TestContext & { passed?: boolean }
    const failed = passed === false || problems().length > 0
    if (failed) await tell(t, page)
    await context.close()
    assert.deepEqual(problems(), [], 'the browser has found problems')
  })
  return { context, page, expect: (problem) => void expected.push(problem), problems }
}

export interface Product {
  program: Program
  /** Of the dashboard, such as `http://127.0.0.1:41234/ui/`. */
  ui: string
  /** Of the controller, without a slash at the end. */
  api: string
  /** The link for the first owner, where credentials are asked for. */
  firstLogin: string | undefined
}

/** The plainest configuration file. */
export const TCP_TO_CONSOLE = {
  version: 2,
  sources: [{ id: 'tcp', type: 'tcp', listen: '127.0.0.1:0' }],
  pipelines: [{ id: 'default_pipeline', sources: ['tcp'], outputs: ['console'] }],
  outputs: [{ id: 'console', type: 'console' }],
}

export interface ProductOptions extends ProgramOptions {
  command?: 'up' | 'controller'
  /** A configuration file of its own. */
  config?: object
}

/** The real program with the dashboard as it is in the source, on free ports; it ends with the test. */
export async function startProduct(
  t: TestContext,
  { command = 'up', config, flags = [], ...options }: ProductOptions = {},
): Promise<Product> {
  await buildDashboard()
  const configFlags = config === undefined ? [] : ['--config', fileOf(t, config)]
  const program = await Program.start(command, { ...options, flags: [...configFlags, ...flags] })
  programs.add(program)
  t.after(async () => {
    programs.delete(program)
    await program[Symbol.asyncDispose]()
  })
  const firstLogin = /First login: (\S+)/.exec(program.stderr)?.[1]
  return { program, ui: program.address('dashboard'), api: program.address('API'), firstLogin }
}

/** What of WCAG 2.2 AA the page does not keep, one line each, with the elements. */
export async function axe(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(WCAG_AA).analyze()
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => {
      const [, ...reasons] = (failureSummary ?? '').split('\n').map((line) => line.trim())
      return `${id}: ${help}; ${target.join(' ')}: ${reasons.join('; ')}`
    }),
  )
}

/** Fails with the list of what `axe` finds. */
export async function assertAccessible(page: Page, where = page.url()): Promise<void> {
  const violations = await axe(page)
  assert.equal(violations.length, 0, `${where} does not keep WCAG 2.2 AA:\n${violations.join('\n')}`)
}

/** The same in light and in dark. */
export async function assertAccessibleInBoth(page: Page, where = page.url()): Promise<void> {
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme })
    await assertAccessible(page, `${where}, ${colorScheme}`)
  }
}

function fileOf(t: TestContext, config: object): string {
  const folder = temporaryFolder()
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'streamgate.json')
  writeFileSync(file, JSON.stringify(config))
  return file
}

async function launch(executablePath: string): Promise<Browser> {
  return await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

async function watch(context: BrowserContext, found: (problem: string) => void): Promise<void> {
  await context.exposeBinding('streamgateViolation', (_source, text: string) => found(`policy: ${text}`))
  await context.addInitScript(`document.addEventListener('securitypolicyviolation', (event) =>
    streamgateViolation(event.effectiveDirective + ' refuses ' + event.blockedURI + ' in ' + event.sourceFile + ': ' + event.sample))`)
  context.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url())
    if (/^(https?|wss?):$/.test(protocol) && !OWN_HOSTS.includes(hostname)) found(`request to ${request.url()}`)
  })
  context.on('console', (message) => {
    if (message.type() === 'error') found(`console: ${message.text()} (${message.location().url})`)
  })
  context.on('weberror', (error) => found(`error: ${error.error().stack ?? String(error.error())}`))
}

/** Where the page is and what is on it; with `STREAMGATE_SCREENSHOTS` a picture goes into that folder. */
async function tell(t: TestContext, page: Page): Promise<void> {
  const seen = await page
    .locator('body')
    .ariaSnapshot({ timeout: 1_000 })
    .catch(() => '(nothing)')
  t.diagnostic(`${page.url()}\n${seen.slice(0, SNAPSHOT_CHARACTERS_MAX)}`)
  const folder = process.env['STREAMGATE_SCREENSHOTS']
  if (folder === undefined || folder === '') return
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${t.name.replace(/\W+/g, '-').slice(0, 80)}.png`)
  await page.screenshot({ path, fullPage: true }).catch(() => undefined)
}
