/** Two screens that read different things under one key would be shown each other's answers. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../ui/src/', import.meta.url))

test('each key of a query is defined in one place', () => {
  const places = new Map<string, string[]>()
  for (const file of globSync('**/*.{ts,tsx}', { cwd: root })) {
    const text = readFileSync(root + file, 'utf8')
    for (const [, key] of text.matchAll(
      /queryKey: \[(.*?)\],?\s*(?:\/\/.*\s*)?(?:enabled|queryFn|refetch|staleTime)/gs,
    )) {
      // Which configuration or gateway it is of makes no other kind of answer.
      const kind = key!.replace(/(?<!')\b[A-Za-z][\w.]*(?: \?\? null)?(?!')\b/g, '…').replace(/\s+/g, ' ')
      places.set(kind, [...(places.get(kind) ?? []), file])
    }
  }
  assert.ok(places.size > 20, 'the keys were found')
  const twice = [...places].filter(([, files]) => files.length > 1)
  assert.deepEqual(twice, [])
})
