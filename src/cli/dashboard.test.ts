/** Where the dashboard comes from, with builders that are told what to do. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { silentLogger } from '#observe/log.ts'
import { stampBuild } from '#std/build-stamp.ts'
import { ProductDashboard } from './dashboard.ts'

const PATIENCE_MS = 20_000

function projectOf(t: TestContext, builder: string) {
  const root = mkdtempSync(join(tmpdir(), 'streamgate-test-builder-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  const source = { root, builder: join(root, 'builder.mjs') }
  writeFileSync(source.builder, builder)
  writeFileSync(join(root, 'page.ts'), '')
  return { root, folder: join(root, 'dist'), source }
}

async function until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (const deadline = Date.now() + PATIENCE_MS; ; ) {
    const found = await look()
    if (found !== undefined) return found
    assert.ok(Date.now() < deadline, 'in time')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

const settled = (dashboard: ProductDashboard) =>
  until(async () => {
    const state = await dashboard.state()
    return state.kind === 'building' ? undefined : state
  })

test('a package brings it; one without says so', async (t) => {
  const { root } = projectOf(t, '')
  const there = new ProductDashboard(silentLogger, { folder: root, source: undefined })
  assert.deepEqual(await there.state(), { kind: 'ready', folder: root })
  const missing = new ProductDashboard(silentLogger, { folder: join(root, 'none'), source: undefined })
  assert.match(JSON.stringify(await missing.state()), /failed.*made without it/)
})

test('from source it is built once where it is missing, and not at all where it is fresh', async (t) => {
  const { root, folder, source } = projectOf(
    t,
    "import { appendFileSync, mkdirSync } from 'node:fs'; mkdirSync('dist', { recursive: true }); appendFileSync('runs', 'x')",
  )
  const dashboard = new ProductDashboard(silentLogger, { folder, source })
  assert.deepEqual(await Promise.all([dashboard.state(), dashboard.state()]), [
    { kind: 'building' },
    { kind: 'building' },
  ])
  assert.deepEqual(await settled(dashboard), { kind: 'ready', folder })
  await stampBuild(folder, root, ['page.ts'])
  const next = new ProductDashboard(silentLogger, { folder, source })
  assert.deepEqual(await next.state(), { kind: 'ready', folder })
  assert.equal(readFileSync(join(root, 'runs'), 'utf8'), 'x')
})

test('a builder that fails is quoted, without where the project lies', async (t) => {
  const { root, folder, source } = projectOf(
    t,
    'console.error(`cannot read ${process.cwd()}/ui/page.tsx`); process.exitCode = 1',
  )
  const state = await settled(new ProductDashboard(silentLogger, { folder, source }))
  assert.deepEqual(state, { kind: 'failed', reason: 'cannot read /ui/page.tsx' })
  writeFileSync(source.builder, 'process.exitCode = 3')
  const silent = await settled(new ProductDashboard(silentLogger, { folder, source: { ...source, root } }))
  assert.deepEqual(silent, { kind: 'failed', reason: 'the builder ended with 3' })
})

test('a builder ends with the controller', async (t) => {
  const { root, folder, source } = projectOf(
    t,
    "import { writeFileSync } from 'node:fs'; writeFileSync('pid', String(process.pid)); setInterval(() => {}, 1000)",
  )
  mkdirSync(folder)
  const dashboard = new ProductDashboard(silentLogger, { folder, source })
  assert.deepEqual(await dashboard.state(), { kind: 'building' })
  const file = join(root, 'pid')
  const pid = await until(() => (existsSync(file) ? Number(readFileSync(file, 'utf8')) || undefined : undefined))
  dashboard.close()
  await until(() => {
    try {
      process.kill(pid, 0)
      return undefined
    } catch {
      return true
    }
  })
})
