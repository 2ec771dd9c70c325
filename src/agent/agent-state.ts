/** What the agent must still know after a restart: one file in the data directory, for the owner alone. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { SettingsStatus } from '#codecs/opamp/constants.ts'
import type { Logger } from '#observe/log.ts'
import { uuidBytes } from '#std/uuid.ts'
import { storedConnection } from './connection.ts'
import { writeWhole } from './whole-file.ts'

const FILE = 'opamp-agent.json'

const outcome = z.strictObject({
  /** As the server gave it, in hex. */
  hash: z.string().regex(/^([0-9a-f]{2})*$/),
  status: z.literal(Object.values(SettingsStatus)),
  error: z.string(),
})
export type Outcome = z.infer<typeof outcome>

const ownMetrics = z.strictObject({
  endpoint: z.string(),
  headers: z.record(z.string(), z.string()),
  ca: z.string().optional(),
  cert: z.string().optional(),
  key: z.string().optional(),
})
export type StoredOwnMetrics = z.infer<typeof ownMetrics>

const schema = z.strictObject({
  version: z.literal(1),
  instance_uid: z.string().refine((text) => uuidBytes(text) !== undefined),
  remote_config: outcome.optional(),
  /** How often the node has ended while it applied this. */
  interrupted: z.strictObject({ hash: z.string(), times: z.int() }).optional(),
  connection_settings: outcome.optional(),
  /** Fingerprint of the options that the connection was offered to. Other options make it void. */
  basis: z.string().optional(),
  connection: storedConnection.optional(),
  /** Offered and not tried to its end. */
  candidate: storedConnection.optional(),
  own_metrics: ownMetrics.optional(),
})
export type AgentState = z.infer<typeof schema>

export class StateFile {
  readonly #file: string | undefined
  readonly #log: Logger
  state: AgentState

  /** Without a data directory everything is forgotten at the end. A file that cannot be read is a warning and a new start. */
  constructor(dataDir: string | undefined, log: Logger, newUid: () => string) {
    this.#file = dataDir === undefined ? undefined : join(dataDir, FILE)
    this.#log = log
    const kept = this.#read()
    this.state = kept ?? { version: 1, instance_uid: newUid() }
    if (kept === undefined) this.save({})
  }

  get isDurable(): boolean {
    return this.#file !== undefined
  }

  /** False: it is known until the end, and then no more. */
  save(change: Partial<AgentState>): boolean {
    this.state = { ...this.state, ...change }
    if (this.#file === undefined) return false
    try {
      writeWhole(this.#file, JSON.stringify(this.state))
      return true
    } catch (error) {
      this.#log.warn({ file: this.#file, reason: String(error) }, 'what the opamp agent must remember cannot be kept')
      return false
    }
  }

  #read(): AgentState | undefined {
    if (this.#file === undefined) return undefined
    try {
      return schema.parse(JSON.parse(readFileSync(this.#file, 'utf8')))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      // The text may hold credentials: only the kind of error is told.
      const reason = error instanceof Error ? error.name : 'unknown'
      this.#log.warn({ file: this.#file, reason }, 'what the opamp agent remembered cannot be read; starting anew')
      return undefined
    }
  }
}
