/** docs/reference/configuration.md has every option of a controller and of a node's link to one, and every variable; the README every command. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { z } from 'zod'
import { commands } from '#cli/commands.ts'
import { document } from '#config/schema.ts'

const ROOT = new URL('../../', import.meta.url)
const REFERENCE = readFileSync(new URL('docs/reference/configuration.md', ROOT), 'utf8')

type Schema = { properties?: Record<string, Schema>; anyOf?: Schema[] }

/** First cells of the table behind a heading. */
function rowsOf(heading: string): string[] {
  const section = REFERENCE.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!
  return [...section.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
  )
}

test('the tables have every option, and no other', () => {
  const schema = z.toJSONSchema(document, { io: 'input' }) as Schema
  for (const name of ['control', 'opamp', 'controller']) {
    const options = Object.keys(schema.properties?.[name]?.properties ?? {})
    assert.ok(options.length > 2, name)
    assert.deepEqual(new Set(rowsOf(`\`${name}\``).map((row) => row.split('.')[0])), new Set(options), name)
  }
})

test('the table has every variable that the program reads, and no other', () => {
  const read = new Set<string>()
  for (const file of globSync('src/{cli,config}/**/*.ts', { cwd: ROOT }).filter((name) => !name.endsWith('.test.ts')))
    for (const [, name] of readFileSync(new URL(file, ROOT), 'utf8').matchAll(/(?:env\['|variable: ')([A-Z_]+)'/g))
      read.add(name!)
  assert.deepEqual(
    rowsOf('Environment')
      .filter((name) => !name.startsWith('--'))
      .sort(),
    [...read].sort(),
  )
})

test("the README's table has every command, and no other", () => {
  const readme = readFileSync(new URL('README.md', ROOT), 'utf8')
  const table = readme.split('\n## Commands\n')[1]!.split('\n## ')[0]!
  // Of the cells `dlq list`, `show`, … only what is a command.
  const cells = [...table.matchAll(/^\| (`.+?) \|/gm)].flatMap(([, cell]) => [...cell!.matchAll(/`(\w+)/g)])
  const named = new Set(cells.map(([, name]) => name!))
  assert.deepEqual(
    Object.keys(commands).filter((name) => !named.has(name)),
    [],
  )
  const firsts = [...table.matchAll(/^\| `(\w+)/gm)].map(([, name]) => name!)
  assert.deepEqual(
    firsts.filter((name) => !(name in commands)),
    [],
  )
})
