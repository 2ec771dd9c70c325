/** docs/reference/api.md has every route of the OpenAPI document, with its permission, and no other. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { permissions, rolePermissions, roles } from '#contract/access.ts'
import { TestController } from '#test/support/controller.ts'

const REFERENCE = readFileSync(new URL('../../docs/reference/api.md', import.meta.url), 'utf8')
/** What `{parts}` stands for. */
const PARTS = ['sources', 'pipelines', 'outputs', 'upstreams', 'pipelines/{pipeline}/processors']
/** Of the original product: at the root too. */
const SEEDS = /^\/(rules|outputs|config|publish)\b/
const PREFIX = '/api/v1'

interface OpenApi {
  paths: Record<string, Record<string, { 'x-permission': string }>>
}

/** Route to permission. */
function documented(): Map<string, string> {
  const routes = new Map<string, string>()
  for (const [, method, path, permission] of REFERENCE.matchAll(/^\| `([A-Z]+) (\/\S*)` \| (`[\w:]+`|none) \|/gm)) {
    const expanded = path!.includes('{parts}') ? PARTS.map((part) => path!.replace('{parts}', part)) : [path!]
    for (const one of expanded) {
      const route = `${method} ${one}`
      assert.ok(!routes.has(route), `${route} stands there once`)
      routes.set(route, permission!.replaceAll('`', ''))
    }
  }
  return routes
}

async function served(): Promise<OpenApi['paths']> {
  await using controller = await TestController.start()
  const response = await fetch(`${controller.address}/openapi.json`)
  return ((await response.json()) as OpenApi).paths
}

test('every route stands in the reference with its permission, and none that is not there', async () => {
  const routes = documented()
  const actual = new Map<string, string>()
  for (const [path, operations] of Object.entries(await served()))
    for (const [method, operation] of Object.entries(operations)) {
      const permission = operation['x-permission'] === 'public' ? 'none' : operation['x-permission']
      actual.set(`${method.toUpperCase()} ${path}`, permission)
    }
  const expected = new Map<string, string>()
  for (const [route, permission] of routes) {
    const [method, path] = route.split(' ') as [string, string]
    expected.set(`${method} ${PREFIX}${path}`, permission)
    if (SEEDS.test(path)) expected.set(route, permission)
  }
  const sorted = (map: Map<string, string>) => [...map].map((entry) => entry.join(' ')).sort()
  assert.deepEqual(sorted(expected), sorted(actual))
})

test('the table of permissions is that of the contract', () => {
  const rows = [...REFERENCE.matchAll(/^\| `([\w:]+)` \| [^|]+ \|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|$/gm)]
  assert.deepEqual(
    rows.map(([, permission]) => permission),
    permissions,
  )
  for (const [, permission, ...cells] of rows)
    assert.deepEqual(
      cells.map((cell) => cell.trim() === '✓'),
      roles.map((role) => rolePermissions[role].some((held) => held === permission)),
      permission,
    )
})
