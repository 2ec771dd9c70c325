/**
 * Configurations that the server offers: applied one at a time, of those that wait only the newest, each hash once.
 *
 * A hash that failed is not tried again by itself: a server that offers it with every answer would have it fail for ever. When
 * the server has answered without it and then offers it again, somebody wants another try.
 */
import { SettingsStatus } from '#codecs/opamp/constants.ts'
import type { AgentConfigFile, AgentRemoteConfig, RemoteConfigStatus } from '#codecs/opamp/messages.ts'
import type { Logger } from '#observe/log.ts'
import { type Clock, pause } from '#std/clock.ts'
import type { Outcome, StateFile } from './agent-state.ts'
import { Allowance } from './allowance.ts'
import type { Part } from './report.ts'

export type ConfigFiles = ReadonlyMap<string, AgentConfigFile>

/** Puts files to work. `failed`: nothing has changed. `hash` is the server's, in hex. */
export type ApplyRemoteConfig = (files: ConfigFiles, hash: string) => Promise<ApplyResult>
export type ApplyResult = { status: 'applied' } | { status: 'failed'; error: string }

const ERROR_CHARACTERS_MAX = 8_192
/** A server that gives the same configuration another hash with every message must not make the node reload for ever. */
const BURST = 5
/** A configuration under which the node has ended so often has failed. */
const INTERRUPTIONS_MAX = 3
const APPLY_EVERY_MS = 2_000

export class RemoteConfigs {
  readonly #apply: ApplyRemoteConfig
  readonly #file: StateFile
  readonly #clock: Clock
  readonly #log: Logger
  readonly #allowance: Allowance
  readonly #closing = new AbortController()
  /** Tells that the status is another. */
  readonly #changed: (...parts: Part[]) => void
  #waiting: { files: ConfigFiles; hash: string } | undefined
  #isApplying = false
  /** The server has answered without the hash that failed; or nobody knows what it has said meanwhile. */
  #mayRetry = true

  constructor(
    apply: ApplyRemoteConfig,
    file: StateFile,
    clock: Clock,
    log: Logger,
    changed: (...parts: Part[]) => void,
  ) {
    this.#apply = apply
    this.#file = file
    this.#clock = clock
    this.#log = log
    this.#allowance = new Allowance(clock, BURST, APPLY_EVERY_MS)
    this.#changed = changed
    const { remote_config: last } = file.state
    if (last?.status === SettingsStatus.applying) this.#interrupted(last.hash)
  }

  /** The node has ended under it, be it by chance. Perhaps because of it: that must not happen again and again. */
  #interrupted(hash: string): void {
    const { interrupted } = this.#file.state
    const times = (interrupted?.hash === hash ? interrupted.times : 0) + 1
    if (times < INTERRUPTIONS_MAX) {
      this.#file.save({ remote_config: undefined, interrupted: { hash, times } })
      return
    }
    this.#mayRetry = false
    this.#note(hash, SettingsStatus.failed, `the node ended ${times} times while it applied this`)
  }

  get status(): RemoteConfigStatus {
    const { hash, status, error } = this.#file.state.remote_config ?? {
      hash: '',
      status: SettingsStatus.unset,
      error: '',
    }
    return { lastRemoteConfigHash: new Uint8Array(Buffer.from(hash, 'hex')), status, errorMessage: error }
  }

  /** What a message of the server offers; undefined: nothing. */
  take(offer: AgentRemoteConfig | undefined): void {
    if (offer === undefined) {
      this.#mayRetry = true
      return
    }
    const hash = Buffer.from(offer.configHash).toString('hex')
    if (hash === this.#waiting?.hash) return
    const last = this.#file.state.remote_config
    if (hash === last?.hash) {
      // The newest offer is what is there already.
      this.#waiting = undefined
      if (this.#isApplying || last.status !== SettingsStatus.failed || !this.#mayRetry) return
    }
    this.#waiting = { files: offer.config?.configMap ?? new Map(), hash }
    if (!this.#isApplying) void this.#work()
  }

  /** What was applied does not run: the server is to offer it again. What has failed has failed all the same. */
  forget(): void {
    if (this.#file.state.remote_config?.status !== SettingsStatus.applied) return
    this.#file.save({ remote_config: undefined })
    this.#changed('remoteConfigStatus')
  }

  /** Begins nothing more. */
  close(): void {
    this.#closing.abort()
  }

  async #work(): Promise<void> {
    this.#isApplying = true
    while (this.#waiting !== undefined && !this.#closing.signal.aborted) {
      const waitMs = this.#allowance.take()
      if (waitMs > 0) {
        await pause(this.#clock, waitMs, this.#closing.signal)
        continue
      }
      const { files, hash } = this.#waiting
      this.#waiting = undefined
      this.#note(hash, SettingsStatus.applying, '')
      this.#changed('remoteConfigStatus')
      const result = await this.#try(files, hash)
      this.#mayRetry = false
      if (result.status === 'applied') {
        this.#note(hash, SettingsStatus.applied, '')
        this.#log.info({ hash }, 'remote configuration applied')
      } else {
        this.#note(hash, SettingsStatus.failed, result.error.slice(0, ERROR_CHARACTERS_MAX))
        this.#log.error({ hash, reason: result.error }, 'remote configuration refused; the old one keeps running')
      }
      this.#changed('remoteConfigStatus', 'effectiveConfig', 'health')
    }
    this.#isApplying = false
  }

  async #try(files: ConfigFiles, hash: string): Promise<ApplyResult> {
    try {
      return await this.#apply(files, hash)
    } catch (error) {
      return { status: 'failed', error: error instanceof Error ? error.message : String(error) }
    }
  }

  #note(hash: string, status: Outcome['status'], error: string): void {
    const isOver = status !== SettingsStatus.applying
    this.#file.save({ remote_config: { hash, status, error }, ...(isOver && { interrupted: undefined }) })
  }
}
