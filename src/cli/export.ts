import type { Command } from './command.ts'
import { configurationFrom, configurationOptions, contentFrom } from './configuration-api.ts'
import { documentFiles, documentText, isFolder, writeFiles, writeText } from './document-files.ts'
import { paint } from './terminal.ts'

export const exportCommand: Command = {
  name: 'export',
  summary:
    'Write a configuration as YAML to keep in Git; secrets read [redacted], and keep their values on the way back',
  usage: '',
  positionals: { min: 0, max: 0 },
  options: {
    ...configurationOptions,
    output: {
      type: 'string',
      short: 'o',
      value: 'FILE|DIR',
      about:
        'Where to; a folder (or a name with / at its end) gets a file for each pipeline. By default standard output.',
    },
    content: { type: 'string', value: 'WHICH', about: 'draft, live or the number of a version (draft).' },
  },
  examples: ['streamgate export -o streamgate.yaml', 'streamgate export --content live -o configuration/'],
  async run(flags) {
    const configuration = configurationFrom(flags)
    const document = await configuration.export(contentFrom(String(flags['content'] ?? 'draft')))
    const to = flags['output'] as string | undefined
    const text = flags['json'] === true ? `${JSON.stringify(document, undefined, 2)}\n` : documentText(document)
    if (to === undefined) process.stdout.write(text)
    else if (isFolder(to)) {
      for (const file of writeFiles(to, documentFiles(document)))
        process.stderr.write(`${paint('yellow', 'warning')} ${file} is no part of this configuration; delete it\n`)
    } else writeText(to, text)
    return 0
  },
}
