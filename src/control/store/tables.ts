/** The schema as types. Each area describes its own tables; times are Unix milliseconds, JSON stands as text. */
import type { AccessTables } from './tables/access.ts'
import type { AlertTables } from './tables/alerts.ts'
import type { ConfigurationTables } from './tables/configurations.ts'
import type { FleetTables } from './tables/fleet.ts'
import type { SeriesTables } from './tables/series.ts'
import type { SystemTables } from './tables/system.ts'

export type Tables = SystemTables & ConfigurationTables & AccessTables & FleetTables & SeriesTables & AlertTables
