import { receiptText } from '#contract/receipt-text.ts'
import { plain } from './api-error.ts'
import type { Command } from './command.ts'
import {
  type ConfigurationApi,
  configurationFrom,
  configurationOptions,
  type Flags,
  type Published,
  type StoredReceipt,
} from './configuration-api.ts'
import { paint } from './terminal.ts'

/** For commands that publish. */
export const publishOptions = {
  message: { type: 'string', short: 'm', value: 'TEXT', about: 'Why; stands with the version.' },
  receipt: { type: 'boolean', about: 'Makes an impact receipt first and keeps it with the version.' },
  'dry-run': { type: 'boolean', about: 'Does everything but keep it.' },
} as const

export interface Outcome {
  published: Published
  receipt?: StoredReceipt
}

export const publishCommand: Command = {
  name: 'publish',
  summary: 'Put the draft of a configuration to work as a new version',
  usage: '',
  positionals: { min: 0, max: 0 },
  options: { ...configurationOptions, ...publishOptions },
  examples: ['streamgate publish -m "Drop health checks"', 'streamgate publish --receipt --dry-run'],
  async run(flags) {
    const outcome = await publish(configurationFrom(flags), flags, undefined)
    if (flags['json'] === true) process.stdout.write(`${JSON.stringify(outcome)}\n`)
    else process.stdout.write(publishedText(outcome.published, flags['dry-run'] === true))
    return 0
  },
}

/** Publishes the draft, or only the draft with this entity tag; shows a receipt first where the flags ask for one. */
export async function publish(
  configuration: ConfigurationApi,
  flags: Flags,
  etag: string | undefined,
): Promise<Outcome> {
  const message = String(flags['message'] ?? '')
  const isDry = flags['dry-run'] === true
  if (flags['receipt'] !== true)
    return { published: await configuration.publish({ message }, { ifMatch: etag, isDry }) }
  // What is published is what the receipt is of, also when somebody changes the draft meanwhile.
  const ifMatch = etag ?? (await configuration.draft()).etag
  const receipt = await shownReceipt(configuration, { content: 'draft' }, flags)
  const published = await configuration.publish({ message, receipt: receipt.id }, { ifMatch, isDry })
  return { published, receipt }
}

export async function shownReceipt(
  configuration: ConfigurationApi,
  of: Parameters<ConfigurationApi['receipt']>[0],
  flags: Flags,
): Promise<StoredReceipt> {
  const made = await configuration.receipt(of)
  if (flags['json'] !== true) process.stdout.write(`${receiptText(made.receipt)}\n`)
  return made
}

/** Warnings go to standard error. */
export function publishedText({ version, changed, notified, warning }: Published, isDry: boolean): string {
  if (warning !== undefined) process.stderr.write(`${paint('yellow', 'warning')} ${plain(warning)}\n`)
  const { number, sha256, message, restored_from: from } = version
  const content = from === null ? '' : `, with the content of version ${from}`
  const why = message === '' ? '' : `: ${plain(message)}`
  if (!changed) return `no changes: version ${number} is live already\n`
  if (isDry) return `Version ${number} could be published${content}${why}\n`
  const told = `Told: ${notified} ${notified === 1 ? 'gateway or bus' : 'gateways and buses'}`
  return `Version ${number} (${sha256.slice(0, 12)}) is live${content}${why}\n${told}\n`
}
