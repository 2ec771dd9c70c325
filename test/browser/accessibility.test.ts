/** Every screen, light and dark, wide and as narrow as WCAG asks (1.4.10): no violations, a title, and nothing beyond the edge. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { assertAccessible, openBrowser, startProduct } from '#test/support/browser.ts'
import { HttpSink } from '#test/support/sinks.ts'

const screens = [
  '',
  'tap',
  'savings',
  'savings?tab=prices',
  'alerts',
  'alerts?tab=rules',
  'alerts?tab=webhooks',
  'pipelines',
  'pipelines/default_pipeline?view=graph',
  'pipelines/default_pipeline?view=list',
  'pipelines/default_pipeline?view=yaml',
  'rules',
  'studio',
  'publish',
  'versions',
  'versions/1',
  'fleet',
  'outputs',
  'outputs/vendor',
  'audit',
  'access',
  'access?tab=keys',
  'access?tab=organisations',
  'account',
  'settings',
  'settings?tab=secrets',
  'settings?tab=retention',
  'settings?tab=security',
  'settings?tab=configurations',
  'settings?tab=about',
  'nowhere',
]

for (const colorScheme of ['light', 'dark'] as const) {
  test(`every screen keeps WCAG 2.2 AA, ${colorScheme}`, async (t) => {
    const session = await openBrowser(t, { colorScheme })
    if (session === undefined) return
    const { page } = session
    await using vendor = await HttpSink.start()
    const { ui, program } = await startProduct(t)
    await program.api('POST', '/rules', { id: 'drop_debug', type: 'filter', params: { value: 'DEBUG' } })
    await program.api('POST', '/outputs', { id: 'vendor', type: 'http', url: vendor.url })
    await program.publish()
    await program.until(() => program.stderr.includes('configuration applied'), 'the rule')
    await program.api('POST', '/rules', { id: 'redact_mail', type: 'redact', params: { builtin: 'email' } })
    await program.sendTcp('DEBUG one\nINFO two\nERROR three\n')
    const gateways = await program.api('GET', '/api/v1/gateways')
    const [{ id }] = gateways.body['items'] as [{ id: string }]
    for (const screen of [...screens, `fleet/${id}`, `fleet/${id}?tab=config`]) {
      await page.setViewportSize({ width: 1440, height: 900 })
      await page.goto(ui + screen)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await settled(page)
      assert.match(await page.title(), /\S · StreamGate$/, screen)
      await assertAccessible(page, `/${screen}`)
      await page.setViewportSize({ width: 320, height: 800 })
      const beyond = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      assert.ok(beyond <= 0, `/${screen} is ${beyond} pixels wider than a window of 320`)
    }
  })
}

/** No skeleton is left, and nothing is loaded any more that a screen asks for at once. */
async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector('main [role="status"] .animate-pulse') === null)
}
