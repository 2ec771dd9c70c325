import { changeCounts, changeText } from './change-text.ts'
import type { Command } from './command.ts'
import { configurationFrom, configurationOptions, contentFrom } from './configuration-api.ts'
import { exitCodeOf, exitCodeOption } from './plan.ts'

export const diff: Command = {
  name: 'diff',
  summary: 'Tell what two contents of a configuration differ in: draft, live, or the number of a version',
  usage: '[FROM] [TO]',
  positionals: { min: 0, max: 2 },
  options: { ...configurationOptions, ...exitCodeOption },
  examples: ['streamgate diff', 'streamgate diff 3 live', 'streamgate diff --json --exit-code'],
  async run(flags, [first = 'live', second]) {
    const [from, to] = [contentFrom(first), contentFrom(second ?? (first === 'draft' ? 'live' : 'draft'))]
    const entries = await configurationFrom(flags).diff(from, to)
    if (flags['json'] === true) process.stdout.write(`${JSON.stringify({ from, to, entries })}\n`)
    else process.stdout.write(`${changeText(entries)}From ${from} to ${to}: ${changeCounts(entries)}\n`)
    return exitCodeOf(entries, flags)
  },
}
