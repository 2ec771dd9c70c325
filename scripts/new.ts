/** `npm run new processor|source|output NAME`: a component's folder and its line in the registry, ready to be filled. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { registryFor } from './tidy.ts'

const kinds = ['processor', 'source', 'output'] as const
export type Kind = (typeof kinds)[number]

/** Writes the files under `root` and returns their paths. Throws with what is wrong. */
export function scaffold(root: string, kind: Kind, name: string): string[] {
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name))
    throw new Error(`"${name}" is no name for a component: lower_snake_case, such as drop_fields`)
  const room = `${kind}s`
  const folder = join(root, 'src', room, name)
  if (existsSync(folder)) throw new Error(`src/${room}/${name} is there already`)
  const symbol = symbolFor(root, kind, name)
  const files = {
    [`${name}.ts`]: templates[kind](name, symbol),
    [`${name}.test.ts`]: testOf(kind, name, symbol),
    'README.md': readmeOf(kind, name),
  }
  mkdirSync(folder, { recursive: true })
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text)
  register(root, kind, name, symbol)
  return [...Object.keys(files).map((file) => `src/${room}/${name}/${file}`), registryFor(room)]
}

/** The name in code; with its kind behind it where another component has the same. */
function symbolFor(root: string, kind: Kind, name: string): string {
  const camel = name.replace(/_(\w)/g, (_whole, letter: string) => letter.toUpperCase())
  const registry = readFileSync(join(root, registryFor(`${kind}s`)), 'utf8')
  const taken = new RegExp(`\\b${camel}\\b`).test(registry)
  return taken ? `${camel}${kind[0]!.toUpperCase()}${kind.slice(1)}` : camel
}

/** One import, in order, and one line in the list of its kind. */
function register(root: string, kind: Kind, name: string, symbol: string): void {
  const list = registryFor(`${kind}s`)
  const file = join(root, list)
  const lines = readFileSync(file, 'utf8').split('\n')
  const added = `import { ${symbol} } from '#${kind}s/${name}/${name}.ts'`
  const path = (line: string) => /from '(.*)'/.exec(line)?.[1] ?? ''
  const isImport = (line: string) => line.startsWith('import ')
  const before = lines.findIndex((line) => isImport(line) && path(line) > path(added))
  const lastImport = lines.findLastIndex(isImport)
  lines.splice(before === -1 ? lastImport + 1 : before, 0, added)
  const start = lines.findIndex((line) => line.trim() === `${kind}s: [`)
  const end = lines.findIndex((line, i) => i > start && line.trim() === '],')
  if (start === -1 || end === -1) throw new Error(`${list} has no list of ${kind}s in the form that this script knows`)
  lines.splice(end, 0, `    ${symbol},`)
  writeFileSync(file, lines.join('\n'))
}

const templates: Record<Kind, (name: string, symbol: string) => string> = {
  processor: (name, symbol) => `/**
 * \`${name}\` ends records that are empty.
 */
import { z } from 'zod'
import { defineProcessor } from '#component/processor.ts'

const config = z.strictObject({})

export const ${symbol} = defineProcessor({
  name: '${name}',
  summary: 'Ends records that are empty.',
  config,
  mutates: false,
  create: () => ({
    process(block) {
      for (let i = 0; i < block.count; i++) {
        if (block.selection[i] === 1 && block.starts[i] === block.ends[i]) block.drop(i)
      }
    },
  }),
})
`,
  source: (name, symbol) => `/**
 * \`${name}\` gives one record each time it starts.
 */
import { z } from 'zod'
import { defineSource } from '#component/source.ts'
import { fromText } from '#std/bytes.ts'

const config = z.strictObject({
  text: z.string().default('hello').describe('The record.'),
})

export const ${symbol} = defineSource({
  name: '${name}',
  summary: 'Gives one record each time it starts.',
  config,
  create: ({ text }, { intake }) => ({
    async start() {
      const bytes = fromText(text)
      intake.put({ origin: 0, framing: 'record' }, null, bytes, 0, bytes.length)
    },
    async stop() {},
    address: () => '${name}',
  }),
})
`,
  output: (name, symbol) => `/**
 * \`${name}\` takes everything and keeps nothing.
 */
import { z } from 'zod'
import { defineOutput } from '#component/output.ts'

const config = z.strictObject({})

export const ${symbol} = defineOutput({
  name: '${name}',
  summary: 'Takes everything and keeps nothing.',
  shape: 'stream',
  config,
  encoder: () => ({ name: 'text' }),
  create: () => ({
    start: async () => {},
    send: async () => ({ ok: true }),
    stop: async () => {},
  }),
})
`,
}

function testOf(kind: Kind, name: string, symbol: string): string {
  return `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ${symbol} } from './${name}.ts'

test('${name} can be made from nothing but defaults', () => {
  assert.equal(${symbol}.kind, '${kind}')
  assert.equal(${symbol}.config.safeParse({}).success, true)
  assert.equal(${symbol}.config.safeParse({ nonsense: 1 }).success, false)
})
`
}

function readmeOf(kind: Kind, name: string): string {
  const option = kind === 'source' ? '| `text` | `hello` | the record |\n' : ''
  const table =
    option === '' ? 'It has no options of its own.\n' : `| option | default | meaning |\n|---|---|---|\n${option}`
  return `# ${name}

What it does, and when to use it.

${table}
\`\`\`yaml
${kind}s:
  - { id: example, type: ${name} }
\`\`\`
`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [kind, name] = process.argv.slice(2)
  if (!kinds.includes(kind as Kind) || name === undefined) {
    console.error('usage: npm run new processor|source|output NAME')
    process.exit(2)
  }
  try {
    const files = scaffold(fileURLToPath(new URL('..', import.meta.url)), kind as Kind, name)
    console.log(
      `written:\n${files.map((file) => `  ${file}`).join('\n')}\nNow make it do something, and npm run check.`,
    )
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(1)
  }
}
