import type { Command } from './command.ts'
import { configurationFrom, configurationOptions, contentFrom } from './configuration-api.ts'
import { shownReceipt } from './publish.ts'

export const receipt: Command = {
  name: 'receipt',
  summary: 'Tell what a draft or version would do to the traffic of the last minutes, beside what is live',
  usage: '',
  positionals: { min: 0, max: 0 },
  options: {
    ...configurationOptions,
    content: { type: 'string', value: 'WHICH', about: 'draft, live or the number of a version (draft).' },
  },
  examples: ['streamgate receipt', 'streamgate receipt --content 3 --json'],
  async run(flags) {
    const content = contentFrom(String(flags['content'] ?? 'draft'))
    const made = await shownReceipt(configurationFrom(flags), { content }, flags)
    process.stdout.write(flags['json'] === true ? `${JSON.stringify(made)}\n` : `Receipt ${made.id}\n`)
    return 0
  },
}
