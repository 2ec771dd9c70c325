import { existsSync, writeFileSync } from 'node:fs'
import { loadConfig } from '#config/load.ts'
import { StreamgateError } from '#contract/error.ts'
import { registry } from '#registry.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { checkCase } from './case-check.ts'
import { jsonReport, junitReport, type Report, textReport } from './case-report.ts'
import { readCases } from './cases.ts'
import type { Command } from './command.ts'
import { paint } from './terminal.ts'

const CONFIG_DEFAULT = 'streamgate.yaml'

export const test: Command = {
  name: 'test',
  summary: 'Check that rules do to samples what a file beside the configuration expects',
  usage: '[FILE]',
  positionals: { min: 0, max: 1 },
  options: {
    config: { type: 'string', value: 'FILE', about: `The same as FILE; by default ${CONFIG_DEFAULT}.` },
    tests: { type: 'string', value: 'FILE', about: 'The cases; for x.yaml by default x.test.yaml.' },
    json: { type: 'boolean', about: 'One JSON document instead of text.' },
    junit: { type: 'string', value: 'FILE', about: 'Writes the results there as JUnit XML too.' },
  },
  examples: ['streamgate test', 'streamgate test streamgate.yaml --tests samples.yaml --junit results.xml'],
  async run(flags, [file]) {
    enableLinearRegex()
    const config = file ?? (flags['config'] as string | undefined) ?? CONFIG_DEFAULT
    const { plan, warnings } = loadConfig({ config }, process.env, registry)
    for (const warning of warnings) process.stderr.write(`${paint('yellow', 'warning')} ${warning}\n`)
    const tests = (flags['tests'] as string | undefined) ?? besideConfig(config)
    const cases = readCases(tests, plan.pipelines)
    const report: Report = { config, tests, results: cases.map((entry) => checkCase(entry, registry)) }
    if (typeof flags['junit'] === 'string') write(flags['junit'], junitReport(report))
    process.stdout.write(flags['json'] === true ? jsonReport(report) : textReport(report))
    return report.results.some(({ differences }) => differences.length > 0) ? 1 : 0
  },
}

/** `rules.yaml` → `rules.test.yaml`. */
function besideConfig(config: string): string {
  const beside = config.replace(/(\.(ya?ml|json))?$/, '.test$1')
  const found = [beside, beside.replace(/(\.(yml|json))?$/, '.yaml')].find((name) => existsSync(name))
  if (found !== undefined) return found
  throw new StreamgateError('SG_USAGE', `there is no ${beside}; write one, or name the file of the cases with --tests`)
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text)
  } catch (error) {
    throw new StreamgateError('SG_USAGE', `cannot write ${file}: ${(error as Error).message}`)
  }
}
