/** Steps of the schema, in order. A step that has been released is never changed; a new one is added behind it. */
import type { Tx } from './database.ts'
import { rules } from './migrations/0001-rules.ts'
import { configurations } from './migrations/0002-configurations.ts'
import { access } from './migrations/0003-access.ts'
import { fleet } from './migrations/0004-fleet.ts'
import { series } from './migrations/0005-series.ts'
import { alerts } from './migrations/0006-alerts.ts'

export interface Migration {
  name: string
  up(tx: Tx, dialect: 'sqlite' | 'postgres'): Promise<void>
}

export const migrations: readonly Migration[] = [rules, configurations, access, fleet, series, alerts]
