/** What gateways are to run: the files of a configuration's live version, with the secrets that it refers to. */
import type { AgentConfigFile } from '#codecs/opamp/messages.ts'
import type { CollectorDocument, ConfigurationKind } from '#contract/configuration.ts'
import { DOCUMENT_FILE, SECRETS_FILE } from '#contract/fleet.ts'
import type { ControlContext } from '../context.ts'
import { offerHash } from '../fleet/effective.ts'
import type { Desired, DesiredConfig } from '../fleet/gateway.ts'
import { findConfiguration, liveVersion } from './configurations.ts'
import { secretsFor } from './secrets.ts'

export class LiveVersions implements Desired {
  readonly #context: Pick<ControlContext, 'db' | 'box'>
  constructor(context: Pick<ControlContext, 'db' | 'box'>) {
    this.#context = context
  }

  async live(org: string, configuration: string): Promise<DesiredConfig | undefined> {
    const { db, box } = this.#context
    const row = await findConfiguration(db, org, configuration)
    const version = row === undefined ? undefined : await liveVersion(db, row)
    if (row === undefined || version === undefined) return undefined
    const files = filesOf(row.kind, version.content)
    const secrets = await secretsFor(db, box, org, version.content)
    if (row.kind === 'streamgate' && secrets.size > 0) {
      const values = Object.fromEntries([...secrets].map(([name, value]) => [name, value.reveal()]))
      files.set(SECRETS_FILE, jsonFile(JSON.stringify(values)))
    }
    return { kind: row.kind as ConfigurationKind, version: version.number, hash: offerHash(files), files }
  }
}

function filesOf(kind: string, content: string): Map<string, AgentConfigFile> {
  if (kind === 'streamgate') return new Map([[DOCUMENT_FILE, jsonFile(content)]])
  const { files } = JSON.parse(content) as CollectorDocument
  return new Map(
    Object.entries(files).map(([name, { body, content_type }]) => [
      name,
      { body: Buffer.from(body), contentType: content_type },
    ]),
  )
}

function jsonFile(text: string): AgentConfigFile {
  return { body: Buffer.from(text), contentType: 'application/json' }
}
