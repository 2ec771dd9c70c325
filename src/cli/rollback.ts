import type { Command } from './command.ts'
import { configurationFrom, configurationOptions, numberFrom } from './configuration-api.ts'
import { publishedText, publishOptions, shownReceipt } from './publish.ts'

export const rollback: Command = {
  name: 'rollback',
  summary: 'Publish what an old version held as a new version',
  usage: 'VERSION',
  positionals: { min: 1, max: 1 },
  options: { ...configurationOptions, ...publishOptions },
  examples: ['streamgate rollback 3', 'streamgate rollback 3 -m "The filter took orders, too"'],
  async run(flags, [text]) {
    const number = numberFrom(text!, 'the version')
    const isDry = flags['dry-run'] === true
    const configuration = configurationFrom(flags)
    const message = String(flags['message'] ?? `Back to version ${number}`)
    const receipt =
      flags['receipt'] === true ? await shownReceipt(configuration, { content: String(number) }, flags) : undefined
    const body = receipt === undefined ? { message } : { message, receipt: receipt.id }
    const published = await configuration.restore(number, body, isDry)
    const { body: state } = await configuration.read()
    if (flags['json'] === true) process.stdout.write(`${JSON.stringify({ published, receipt })}\n`)
    else {
      process.stdout.write(publishedText(published, isDry))
      if (state.has_changes && !isDry) process.stdout.write('The draft has changes of its own, and stays as it is\n')
    }
    return 0
  },
}
