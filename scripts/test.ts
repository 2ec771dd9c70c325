/** Runs the tests: all of them, or those under the paths that are given: `npm test -- src/std`. */
import { spawnSync } from 'node:child_process'
import { globSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { buildDashboard } from './dashboard.ts'

const ROOTS = ['src', 'ui', 'test', 'scripts', 'bench']

const asked = process.argv.slice(2)
const flags = asked.filter((argument) => argument.startsWith('-'))
const paths = asked.filter((argument) => !argument.startsWith('-'))
const files = (paths.length > 0 ? paths : ROOTS).flatMap((path) =>
  statSync(path).isFile() ? [path] : globSync(`${path}/**/*.test.ts`).sort(),
)
if (files.length === 0) {
  console.error(`no tests under ${paths.join(', ')}`)
  process.exit(1)
}
// Once, and not by the first of many programs that tests start.
await buildDashboard()
const processors = Math.max(1, Math.min(4, availableParallelism()))
const inBrowser = files.filter((file) => file.startsWith('test/browser/'))
const others = files.filter((file) => !inBrowser.includes(file))
// Many tests start engine threads of their own: more at once than there are processors only makes them wait for each other.
const statuses = [run(others, processors), run(inBrowser, processors + 2)]
process.exit(statuses.find((status) => status !== 0) ?? 0)

/** In a browser, tests mostly wait: for what gateways tell every ten seconds, and as people do. */
function run(files: readonly string[], atOnce: number): number {
  if (files.length === 0) return 0
  const options = [`--test-concurrency=${atOnce}`, '--test-timeout=180000', ...flags]
  return spawnSync(process.execPath, ['--test', ...options, ...files], { stdio: 'inherit' }).status ?? 1
}
