/**
 * Checks the house: the doors between rooms, components that nobody registered or described, files that nobody uses, words that
 * were to go. Runs as a test; by itself it prints what it finds.
 */
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What a room may import beside itself. `*`: everything. */
const DOORS: Record<string, readonly string[]> = {
  std: [],
  telemetry: ['std'],
  contract: [],
  observe: ['contract', 'std'],
  codecs: ['telemetry', 'std'],
  upstreams: ['observe', 'contract', 'std'],
  spool: ['contract', 'std'],
  component: ['upstreams', 'telemetry', 'codecs', 'observe', 'contract', 'std'],
  listeners: ['component', 'observe', 'contract', 'std'],
  sources: ['listeners', 'component', 'codecs', 'telemetry', 'observe', 'contract', 'std'],
  processors: ['component', 'codecs', 'telemetry', 'observe', 'contract', 'std'],
  outputs: ['listeners', 'upstreams', 'component', 'codecs', 'telemetry', 'observe', 'contract', 'std'],
  engine: ['component', 'listeners', 'upstreams', 'spool', 'codecs', 'telemetry', 'observe', 'contract', 'std'],
  agent: ['codecs', 'contract', 'config', 'observe', 'std'],
  config: ['component', 'upstreams', 'telemetry', 'contract', 'std'],
  control: ['codecs', 'contract', 'config', 'observe', 'std'],
  cli: ['*'],
  // The window: it knows the house by its contract. What it runs of the engine stands in a room of its own.
  ui: ['contract', 'ui-engine'],
  'ui-engine': ['engine', 'config', 'component', 'processors', 'codecs', 'telemetry', 'contract', 'std', ''],
  // Files directly in src/.
  '': ['*'],
}

/** These run in a browser's worker too: what they need of Node comes through std. */
const PORTABLE = ['processors', 'codecs', 'telemetry']
const COMPONENT_ROOMS = ['sources', 'processors', 'outputs']
const ENTRIES = [
  'src/main.js',
  'src/engine-worker.ts',
  'src/replay-worker.ts',
  'src/analysis-worker.ts',
  'ui/src/main.tsx',
  'ui/src/engine/worker.ts',
]
const LEFTOVERS = new RegExp(['TO', 'DO\\b|FIX', 'ME\\b|XX', 'X:'].join(''))

export interface Findings {
  problems: string[]
  /** Modules looked at, so that a check that sees nothing cannot pass for one that finds nothing. */
  modules: number
}

export function checkHouse(root: string): Findings {
  const files = globSync(['{src,test,scripts,bench}/**/*.{ts,js}', 'ui/src/**/*.{ts,tsx}'], { cwd: root }).sort()
  const problems: string[] = []
  const used = new Set<string>(ENTRIES)
  for (const file of files) {
    const text = readFileSync(join(root, file), 'utf8')
    if (LEFTOVERS.test(text)) problems.push(`${file}: has a word that was to go (${LEFTOVERS.exec(text)?.[0]})`)
    for (const specifier of importsOf(text)) {
      const target = targetOf(root, file, specifier)
      if (target !== undefined) used.add(target)
      problems.push(...doorProblems(file, specifier, target))
    }
  }
  for (const file of files) {
    if (isProduct(file) && !used.has(file) && !isTest(file)) problems.push(`${file}: nobody imports it`)
  }
  problems.push(...componentProblems(root))
  return { problems, modules: files.length }
}

/** What a module imports, types and later loading included. */
function importsOf(text: string): string[] {
  const code = text.replace(/^\s*(\*|\/\/|\/\*).*$/gm, '')
  return [...code.matchAll(/(?:from\s+|import\s*\(\s*|import\s+)'([^'\n]+)'/g)].map((match) => match[1]!)
}

/** Path of an imported file of ours, from the root; undefined for packages. */
function targetOf(root: string, file: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return relative(root, resolve(root, dirname(file), specifier))
  if (!specifier.startsWith('#')) return undefined
  const path = specifier.slice(1)
  if (path.startsWith('test/')) return path
  return path.startsWith('ui/') ? path.replace('ui/', 'ui/src/') : `src/${path}`
}

function doorProblems(file: string, specifier: string, target: string | undefined): string[] {
  if (!isProduct(file) || isTest(file)) return []
  const room = roomOf(file)
  if (target === undefined) {
    const portable = PORTABLE.includes(room) && specifier.startsWith('node:')
    return portable
      ? [`${file}: imports ${specifier}, but ${room} must run in a browser too; what it needs goes through std`]
      : []
  }
  if (!isProduct(target)) return [`${file}: imports ${specifier}, which is no part of the product`]
  const doors = DOORS[room]
  if (doors === undefined)
    return [`${file}: stands in a room that nobody knows; add it to the table in scripts/tidy.ts`]
  const other = roomOf(target)
  if (room === other) return siblingProblems(file, target, room)
  return doors.includes('*') || doors.includes(other)
    ? []
    : [`${file}: imports ${specifier}, but ${room} has no door to ${other || 'src'}`]
}

/** Components do not know each other. What several need lies directly in their room. */
function siblingProblems(file: string, target: string, room: string): string[] {
  if (!COMPONENT_ROOMS.includes(room)) return []
  const [own, others] = [file.split('/')[2]!, target.split('/')[2]!]
  const isShared = target.split('/').length === 3
  return own === others || isShared
    ? []
    : [`${file}: imports its sibling ${others}; what both need goes into src/${room}`]
}

/** Processors run in browsers too, which load nothing else. */
export function registryFor(room: string): string {
  return room === 'processors' ? 'src/processor-registry.ts' : 'src/registry.ts'
}

function componentProblems(root: string): string[] {
  return COMPONENT_ROOMS.flatMap((room) => {
    const folder = join(root, 'src', room)
    if (!existsSync(folder)) return []
    const list = registryFor(room)
    const file = join(root, list)
    const registry = existsSync(file) ? readFileSync(file, 'utf8') : ''
    const names = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? entry.name : [],
    )
    return names.flatMap((name) => {
      const problems: string[] = []
      if (!registry.includes(`'#${room}/${name}/${name}.ts'`)) problems.push(`src/${room}/${name}: is not in ${list}`)
      if (!existsSync(join(folder, name, 'README.md'))) problems.push(`src/${room}/${name}: has no README.md`)
      return problems
    })
  })
}

function isProduct(file: string): boolean {
  return file.startsWith('src/') || file.startsWith('ui/src/')
}

function roomOf(file: string): string {
  if (file.startsWith('ui/src/engine/')) return 'ui-engine'
  if (file.startsWith('ui/')) return 'ui'
  const parts = file.split('/')
  return parts.length === 2 ? '' : parts[1]!
}

function isTest(file: string): boolean {
  return /\.(test|bench|fuzz)\.tsx?$/.test(file)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { problems } = checkHouse(fileURLToPath(new URL('..', import.meta.url)))
  for (const problem of problems) console.error(problem)
  process.exitCode = problems.length === 0 ? 0 : 1
}
