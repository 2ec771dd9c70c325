/**
 * `npm run build [FOLDER]`: plain JavaScript in dist/, for publishing and images, where no types need to be stripped at start.
 * Node's own stripper does it, the one that runs the source, so both run the same code, line by line. The dashboard goes with it.
 */
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildDashboard } from './dashboard.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Returns how many modules were written. */
export async function build(folder: string): Promise<number> {
  const dashboard = await buildDashboard()
  rmSync(folder, { recursive: true, force: true })
  const sources = globSync('**/*.ts', { cwd: join(root, 'src') }).filter(
    (file) => !/\.(test|bench|browser)\.ts$/.test(file),
  )
  for (const file of sources) {
    const stripped = stripTypeScriptTypes(readFileSync(join(root, 'src', file), 'utf8'), { mode: 'strip' })
    write(join(folder, file.replace(/\.ts$/, '.js')), relativeToJs(stripped))
  }
  write(
    join(folder, 'main.js'),
    `#!/usr/bin/env node\n${relativeToJs(readFileSync(join(root, 'src/main.js'), 'utf8'))}`,
    0o755,
  )
  const { name, version, license, imports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const manifest = { name, version, license, type: 'module', imports: importsFor(imports) }
  write(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  // What begins with a dot is about the build.
  const isServed = (path: string) => path === dashboard || !basename(path).startsWith('.')
  cpSync(dashboard, join(folder, 'ui'), { recursive: true, filter: isServed })
  return sources.length + 1
}

/** `./x.ts` is `./x.js` there. `#room/x.ts` stays: the folder's package.json maps it. */
function relativeToJs(code: string): string {
  return code.replace(/(from |import\()'(\.{1,2}\/[^']+)\.ts'/g, "$1'$2.js'")
}

/** What browsers take instead is bundled from the source, so only what Node takes is of interest here. */
function importsFor(sourceImports: Record<string, string | { default: string }>): Record<string, string> {
  const entries = Object.entries(sourceImports)
    .map(([name, target]): [string, string] => [name, typeof target === 'string' ? target : target.default])
    .filter(([, path]) => path.startsWith('./src/'))
  return Object.fromEntries(
    entries.map(([name, path]) => {
      const compiled = path.replace('./src/', './').replace(/\*$/, '*.js').replace(/\.ts$/, '.js')
      return [name.replace(/\*$/, '*.ts'), compiled]
    }),
  )
}

function write(file: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text, { mode })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = resolve(process.argv[2] ?? join(root, 'dist'))
  console.log(`${await build(folder)} modules in ${folder}`)
}
