/** What every area of the controller works with. */
import type { Logger } from '#observe/log.ts'
import type { Clock } from '#std/clock.ts'
import type { Runtime } from './runtime.ts'
import type { SecretBox } from './secret-box.ts'
import type { Db } from './store/database.ts'

export interface ControlContext {
  db: Db
  dialect: 'sqlite' | 'postgres'
  clock: Clock
  log: Logger
  runtime: Runtime
  /** Seals what is secret before it is stored. */
  box: SecretBox
  /** Of the program. */
  version: string
}
