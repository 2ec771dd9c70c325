import type { Version } from '#contract/configuration.ts'
import { columns, timeText } from './columns.ts'
import type { Command } from './command.ts'
import { configurationFrom, configurationOptions, numberFrom } from './configuration-api.ts'

const LIMIT_DEFAULT = '20'
const LIMIT_MAX = 100_000

export const versions: Command = {
  name: 'versions',
  summary: 'List the versions of a configuration, newest first',
  usage: '',
  positionals: { min: 0, max: 0 },
  options: {
    ...configurationOptions,
    limit: { type: 'string', value: 'N', about: `At most so many (${LIMIT_DEFAULT}).` },
  },
  examples: ['streamgate versions', 'streamgate versions --limit 1 --json'],
  async run(flags) {
    const limit = numberFrom(String(flags['limit'] ?? LIMIT_DEFAULT), '--limit', LIMIT_MAX)
    const found = await configurationFrom(flags).versions(limit)
    if (flags['json'] === true) process.stdout.write(`${JSON.stringify(found)}\n`)
    else process.stdout.write(found.length === 0 ? 'nothing has been published\n' : versionsText(found))
    return 0
  },
}

export function versionsText(found: readonly Version[]): string {
  const rows = found.map(({ number, live, created_at: at, author, has_receipt: has, restored_from: from, message }) => [
    String(number),
    live ? 'live' : '',
    timeText(at),
    author,
    has ? 'receipt' : '',
    [from === null ? '' : `(version ${from} again)`, message].filter(Boolean).join(' '),
  ])
  return columns([['VERSION', '', 'PUBLISHED (UTC)', 'BY', '', 'MESSAGE'], ...rows])
}
