/** What a controller in this process stands on: its database, the key that seals secrets, and what was published last. */
import { join } from 'node:path'
import type { Settings } from '#config/load.ts'
import { DEFAULT_CONFIGURATION } from '#contract/configuration.ts'
import { findConfiguration, liveVersion } from '#control/configurations/configurations.ts'
import { openSecretBox, type SecretBox } from '#control/secret-box.ts'
import { type Database, DEFAULT_ORG, openDatabase } from '#control/store/database.ts'
import { manifestTextOf } from '#control/sync/manifest-bus.ts'

export interface ControlStore {
  database: Database
  box: SecretBox
  /** The manifest of what is live; undefined before the first publication. */
  published: string | undefined
}

/** Rejects with `SG_STORE`. */
export async function openControl({ dataDir, control }: Settings): Promise<ControlStore> {
  const box = openSecretBox(control.secretKey, join(dataDir, 'secret.key'))
  const location =
    control.databaseUrl === undefined ? { file: join(dataDir, 'control.db') } : { url: control.databaseUrl }
  const database = await openDatabase(location)
  const row = await findConfiguration(database.db, DEFAULT_ORG, DEFAULT_CONFIGURATION)
  const version = row === undefined ? undefined : await liveVersion(database.db, row)
  return { database, box, published: version === undefined ? undefined : manifestTextOf(version) }
}
