import { loadConfig } from '#config/load.ts'
import { registry } from '#registry.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import type { Command } from './command.ts'
import { paint } from './terminal.ts'

export const validate: Command = {
  name: 'validate',
  summary: 'Check a configuration file and say everything that is wrong with it',
  usage: 'FILE',
  positionals: { min: 0, max: 1 },
  options: { config: { type: 'string', value: 'FILE', about: 'The same as FILE.' } },
  examples: ['streamgate validate streamgate.yaml'],
  async run(flags, [file]) {
    enableLinearRegex()
    const config = file ?? (flags['config'] as string | undefined)
    const { plan, warnings } = loadConfig({ config }, process.env, registry)
    for (const warning of warnings) process.stderr.write(`${paint('yellow', 'warning')} ${warning}\n`)
    const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`
    const rules = plan.pipelines.reduce((sum, pipeline) => sum + pipeline.processors.length, 0)
    const parts = [
      count(plan.sources.length, 'source'),
      count(plan.pipelines.length, 'pipeline'),
      count(rules, 'processor'),
      count(plan.outputs.length, 'output'),
    ]
    process.stdout.write(`${config ?? 'the built-in configuration'} is valid: ${parts.join(', ')}\n`)
    return 0
  },
}
