/**
 * Publishing: a draft becomes an immutable version, and who runs it is told. Restoring is publishing old content again. All of
 * it stands in one transaction; telling comes after, and what was not heard is told again when its way is open.
 */
import type { Logger } from '#observe/log.ts'
import type { Publisher } from '../runtime.ts'
import type { Tx } from '../store/database.ts'
import { type ConfigurationRow, liveVersion, sha256, updateConfiguration, type VersionRow } from './configurations.ts'

/** What becomes a version. `receipt`: JSON of the receipt that goes with it. */
export interface Candidate {
  content: string
  message: string
  receipt: string | null
  restoredFrom: number | null
}

export interface Outcome {
  version: VersionRow
  /** False: the content is live already, and no version was made. */
  changed: boolean
}

/** Makes the version; `row` must be locked by `tx`. The same content as the live version's makes none. */
export async function makeVersion(
  tx: Tx,
  row: ConfigurationRow,
  candidate: Candidate,
  author: string,
  at: number,
): Promise<Outcome> {
  const live = await liveVersion(tx, row)
  if (live !== undefined && live.content === candidate.content) return { version: live, changed: false }
  const newest = await tx
    .selectFrom('versions')
    .select((eb) => eb.fn.max('number').as('number'))
    .where('org_id', '=', row.org_id)
    .where('configuration', '=', row.name)
    .executeTakeFirst()
  const version: VersionRow = {
    org_id: row.org_id,
    configuration: row.name,
    number: Number(newest?.number ?? 0) + 1,
    sha256: sha256(candidate.content),
    content: candidate.content,
    parent: row.live_version,
    restored_from: candidate.restoredFrom,
    author,
    message: candidate.message,
    created_at: at,
    receipt: candidate.receipt,
  }
  await tx.insertInto('versions').values(version).execute()
  // A draft without changes of its own follows; one that somebody is working on stays theirs.
  const follows = live === undefined ? candidate.restoredFrom === null : row.draft === live.content
  await updateConfiguration(tx, row, {
    live_version: version.number,
    ...(follows && row.draft !== candidate.content
      ? { draft: candidate.content, revision: row.revision + 1, updated_at: at, updated_by: author }
      : {}),
  })
  return { version, changed: true }
}

export interface Told {
  notified: number
  /** What did not work. The publication stands all the same. */
  warning: string | undefined
  /** Nobody was told, and some way has failed. */
  nobody: boolean
}

/** Tells all ways to gateways of what is live. One at a time, so that what is stored last is also told last. */
export class Announcer {
  readonly #publishers: readonly Publisher[]
  readonly #log: Logger
  #last: Promise<unknown> = Promise.resolve()

  constructor(publishers: readonly Publisher[], log: Logger) {
    this.#publishers = publishers
    this.#log = log
  }

  tell(version: VersionRow): Promise<Told> {
    const told = this.#last.then(() => this.#tell(version))
    this.#last = told.catch(() => undefined)
    return told
  }

  async #tell(version: VersionRow): Promise<Told> {
    let notified = 0
    const failures: string[] = []
    for (const publisher of this.#publishers) {
      try {
        notified += await publisher.publish(version)
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        failures.push(`${publisher.name}: ${reason}`)
        this.#log.warn({ bus: publisher.name, reason }, 'a publication could not be told')
      }
    }
    return {
      notified,
      warning: failures.length === 0 ? undefined : failures.join('; '),
      nobody: failures.length > 0 && notified === 0,
    }
  }
}
