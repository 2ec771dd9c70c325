import type { z } from 'zod'
import { type Suggestion, suggestions } from '#contract/suggestion.ts'
import { columns } from './columns.ts'
import type { Command } from './command.ts'
import { configurationFrom, configurationOptions } from './configuration-api.ts'

/** Samples are gathered and clustered meanwhile. */
const TIMEOUT_MS = 60_000

export const suggest: Command = {
  name: 'suggest',
  summary: 'Suggest rules from recent records: frequent patterns, chatty services, what looks personal',
  usage: '',
  positionals: { min: 0, max: 0 },
  options: configurationOptions,
  examples: ['streamgate suggest', "streamgate suggest --json | jq '.suggestions[0].rule'"],
  async run(flags) {
    const { client, name } = configurationFrom(flags)
    const path = `/api/v1/configurations/${encodeURIComponent(name)}/suggestions`
    const { body } = await client.call('GET', path, { schema: suggestions, timeoutMs: TIMEOUT_MS })
    process.stdout.write(flags['json'] === true ? `${JSON.stringify(body)}\n` : suggestionsText(body))
    return 0
  },
}

export function suggestionsText({ sampled, seen, suggestions: found }: z.output<typeof suggestions>): string {
  if (sampled === 0) return 'no records go on to outputs at the moment: there is nothing to suggest from\n'
  const head = `From ${sampled} sampled of about ${seen} records that go on to outputs:\n`
  if (found.length === 0) return `${head}nothing stands out\n`
  const rows = found.map((suggestion) => [shareText(suggestion), suggestion.pipeline, suggestion.title])
  const table = columns([['BYTES SAVED', 'PIPELINE', 'WHAT'], ...rows])
  const rules = found.map(({ title, rule, why }) => `\n# ${title}\n# ${why}\n${JSON.stringify(rule)}\n`)
  return `${head}\n${table}${rules.join('')}`
}

/** Of the bytes that its pipeline sends, with what the sample leaves open. */
function shareText({ savings: { share, low, high } }: Suggestion): string {
  const percent = (part: number) => (100 * part).toFixed(1)
  return share === 0 ? '-' : `${percent(share)} % (${percent(low)} to ${percent(high)})`
}
