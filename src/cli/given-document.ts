/** What `-f` names, read and sent, with complaints that have the lines of the files. */
import { StreamgateError } from '#contract/error.ts'
import { ApiError } from './api-error.ts'
import type { Flags } from './configuration-api.ts'
import { type GivenDocument, locatedError, readDocument } from './document-files.ts'
import { paint } from './terminal.ts'

export const fileOption = {
  file: {
    type: 'string',
    short: 'f',
    value: 'FILE|DIR',
    about: 'YAML or JSON of the configuration, a folder with a streamgate.yaml, or - for standard input.',
  },
} as const

/** Throws `ConfigError` and `StreamgateError`. */
export async function givenBy(flags: Flags): Promise<GivenDocument> {
  const path = flags['file']
  if (typeof path !== 'string') throw new StreamgateError('SG_USAGE', 'name the file or folder with -f')
  const given = await readDocument(path, process.stdin)
  for (const file of given.unused)
    process.stderr.write(`${paint('yellow', 'warning')} ${file} is not named in streamgate.yaml, and left out\n`)
  return given
}

/** Complaints of the controller are told with their lines. `base`: where the document stands in the body. */
export async function located<Result>(
  given: GivenDocument,
  base: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 422 || error.complaints.length === 0) throw error
    throw locatedError(given, error.complaints, base)
  }
}
