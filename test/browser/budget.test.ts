/** What a browser has to load before the dashboard shows anything. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { buildDashboard } from '../../scripts/dashboard.ts'

const FIRST_BYTES_MAX = 250_000

/** As Vite writes it, of which this is a part. */
type Manifest = Record<string, { file: string; isEntry?: boolean; imports?: string[]; css?: string[] }>

test('the first view needs less than 250 KB of compressed script', async (t) => {
  const folder = await buildDashboard()
  const manifest: Manifest = JSON.parse(readFileSync(join(folder, '.vite/manifest.json'), 'utf8'))
  const page = readFileSync(join(folder, 'index.html'), 'utf8')
  const first = new Set([...page.matchAll(/<script[^>]* src="\/ui\/([^"]+)"/g)].map((match) => match[1]!))
  const visit = (key: string) => {
    const { file, imports = [] } = manifest[key]!
    if (first.has(file) && !manifest[key]!.isEntry) return
    first.add(file)
    for (const imported of imports) visit(imported)
  }
  const entries = Object.keys(manifest).filter((key) => manifest[key]!.isEntry)
  assert.equal(entries.length, 1)
  visit(entries[0]!)
  const sizeOf = (name: string) => gzipSync(readFileSync(join(folder, name)), { level: 9 }).length
  const sizes = [...first].map((name) => [name, sizeOf(name)] as const)
  const total = sizes.reduce((sum, [, size]) => sum + size, 0)
  for (const [name, size] of sizes) t.diagnostic(`${name}: ${size} bytes`)
  t.diagnostic(`first: ${total} of ${FIRST_BYTES_MAX} bytes`)
  const later = Object.values(manifest).filter(({ file }) => file.endsWith('.js') && !first.has(file))
  for (const { file } of later) t.diagnostic(`later: ${file}: ${sizeOf(file)} bytes`)
  assert.ok(total < FIRST_BYTES_MAX, `${total} bytes: load screens and what is large when they are needed`)
})
