import { isDeepStrictEqual } from 'node:util'
import type { DiffEntry } from '#contract/configuration.ts'
import { StreamgateError } from '#contract/error.ts'
import { ApiError } from './api-error.ts'
import { changeCounts, changeText } from './change-text.ts'
import type { Command } from './command.ts'
import { type ConfigurationApi, configurationFrom, configurationOptions } from './configuration-api.ts'
import type { GivenDocument } from './document-files.ts'
import { fileOption, givenBy, located } from './given-document.ts'
import { publish, publishedText, publishOptions } from './publish.ts'

const ATTEMPTS_MAX = 5

export const apply: Command = {
  name: 'apply',
  summary: 'Make a file the draft of a configuration, and publish it if told so',
  usage: '',
  positionals: { min: 0, max: 0 },
  options: {
    ...configurationOptions,
    ...fileOption,
    publish: { type: 'boolean', about: 'Puts it to work, too.' },
    ...publishOptions,
  },
  examples: [
    'streamgate apply -f streamgate.yaml',
    'streamgate apply -f configuration/ --publish --receipt -m "Drop health checks"',
    'streamgate export | streamgate apply -f - --dry-run',
  ],
  async run(flags) {
    const isDry = flags['dry-run'] === true
    const isPublished = flags['publish'] === true
    if (!isPublished && (flags['message'] !== undefined || flags['receipt'] === true))
      throw new StreamgateError('SG_USAGE', '--message and --receipt go with --publish')
    const configuration = configurationFrom(flags)
    const given = await givenBy(flags)
    const { changes, etag } = await applyDocument(configuration, given, isDry)
    // What is not kept cannot be published, not even to see whether it could be.
    const isTold = isPublished && (!isDry || changes.length === 0)
    if (flags['json'] !== true) process.stdout.write(appliedText(changes, configuration.name, isDry))
    const outcome = isTold ? await publish(configuration, flags, etag) : undefined
    if (flags['json'] === true) process.stdout.write(`${JSON.stringify({ changes, ...outcome })}\n`)
    else if (outcome !== undefined) process.stdout.write(publishedText(outcome.published, isDry))
    else if (isPublished) process.stdout.write('It would be published then\n')
    return 0
  },
}

export interface Applied {
  changes: DiffEntry[]
  /** Of the draft as it is then. */
  etag: string | undefined
}

/**
 * Makes the document the draft. When somebody else changes the draft meanwhile, it does not take that away: it rejects.
 * What only counts as a change, and leaves the draft the same, does not stop it.
 */
export async function applyDocument(
  configuration: ConfigurationApi,
  given: GivenDocument,
  isDry: boolean,
): Promise<Applied> {
  // The draft first: what somebody changes from here on is noticed.
  let before = await configuration.draft()
  const { draft: changes } = await located(given, '/document', () => configuration.plan(given.value))
  if (changes.length === 0) return { changes, etag: before.etag }
  for (let attempt = 1; ; attempt++) {
    try {
      const etag = await located(given, '', () => configuration.replaceDraft(given.value, before.etag, isDry))
      return { changes, etag }
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 412 || attempt === ATTEMPTS_MAX) throw error
    }
    const now = await configuration.draft()
    if (!isDeepStrictEqual(now.document, before.document)) {
      const remedy = 'look at it with streamgate diff, and apply again'
      throw new StreamgateError(
        'SG_USAGE',
        `somebody else has just changed the draft of "${configuration.name}": ${remedy}`,
      )
    }
    before = now
  }
}

function appliedText(changes: readonly DiffEntry[], name: string, isDry: boolean): string {
  const what =
    changes.length === 0 ? changeCounts(changes) : `${changeCounts(changes)}${isDry ? ', if it were kept' : ''}`
  return `${changeText(changes)}Draft of ${name}: ${what}\n`
}
