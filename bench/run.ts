/**
 * `npm run bench`: measures, prints a table, and writes `bench/results/<date>.json`. Options:
 *
 *   --only     empty,rules,json,udp,statsd,syslog,latency,reload,idle,dead_vendor,datadog,loki,otlp,spool,durable,
 *              remote_write,series,fleet,receipt
 *   --smoke    a small run that only shows that everything works
 *   --json     JSON on standard output
 *   --profile  a directory for CPU profiles of the programs, one for each of their threads; figures are then of no use
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { runCases } from './cases.ts'
import { profileInto } from './measure.ts'
import { fullSize, type Result, smokeSize } from './setup.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    smoke: { type: 'boolean' },
    json: { type: 'boolean' },
    profile: { type: 'string' },
  },
})
if (process.platform !== 'linux') {
  console.error('the benchmarks read /proc and run on Linux only')
  process.exit(1)
}
if (values.profile !== undefined) profileInto(values.profile)
const wanted = values.only?.split(',')
const results: Result[] = []
for await (const result of runCases(values.smoke ? smokeSize : fullSize, (title) => wanted?.includes(title) ?? true)) {
  results.push(result)
  if (!values.json) console.error(rowOf(result))
}
const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version, date: new Date().toISOString() }
if (!values.smoke && values.profile === undefined) {
  const folder = new URL('./results/', import.meta.url)
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    new URL(`${machine.date.slice(0, 10)}.json`, folder),
    `${JSON.stringify({ machine, results }, null, 2)}\n`,
  )
}
if (values.json) console.log(JSON.stringify({ machine, results }))
else {
  const header = ['| case | program | measured | to reach | peak MB | |', '|---|---|---|---|---|---|']
  console.log([...header, ...results.map(rowOf)].join('\n'))
  console.log(`\n${machine.date.slice(0, 10)}, ${machine.cores} cores, ${machine.cpu}, Node ${machine.node}`)
}

function rowOf(result: Result): string {
  const value = result.value >= 1e5 ? `${(result.value / 1e6).toFixed(2)} M` : String(result.value)
  const reach = result.reach === undefined ? '' : `${result.reached ? '✓' : '✗'} ${result.reach}`
  return `| ${result.case} | ${result.program} | ${value} ${result.unit} | ${reach} | ${result.peakMb ?? ''} | ${result.notes ?? ''} |`
}
