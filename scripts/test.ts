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
// Many tests start engine threads of their own: more at once than there are processors only makes them wait for each other.
const concurrency = `--test-concurrency=${Math.max(1, Math.min(4, availableParallelism()))}`
const { status } = spawnSync(process.execPath, ['--test', concurrency, '--test-timeout=180000', ...flags, ...files], {
  stdio: 'inherit',
})
process.exit(status ?? 1)
