/** The program under test over its lives: each is a process of its own, and all have one data directory and one configuration. */
import { execFileSync, spawnSync } from 'node:child_process'
import { globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { NodeStats } from '#contract/stats.ts'
import { Program, temporaryFolder } from '#test/support/program.ts'
import { patternOf } from './obligations.ts'
import type { RuleSet, Schedule } from './schedule.ts'

const STATS_MS_MAX = 5_000
const STATS_ATTEMPTS_MAX = 2
const RELOAD_MS_MAX = 15_000
const POLL_MS = 10

/** What a configuration says. */
export interface Setting {
  schedule: Schedule
  urls: { a: string; b: string }
  rules: RuleSet
  /** Another value makes other outputs. */
  capMs: number
}

export class Subject implements AsyncDisposable {
  readonly #folder = temporaryFolder()
  readonly #dataDir = join(this.#folder, 'data')
  readonly #file = join(this.#folder, 'streamgate.json')
  readonly #mounted: boolean
  #program: Program | undefined
  /** What each life has said. */
  readonly logs: string[] = []
  lives = 0

  /** Throws when a file system of `diskBytes` is asked for and the system does not give one. */
  constructor(diskBytes: number | undefined) {
    mkdirSync(this.#dataDir)
    this.#mounted = diskBytes !== undefined
    if (diskBytes !== undefined)
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskBytes}`, 'tmpfs', this.#dataDir])
  }

  configure(setting: Setting): void {
    writeFileSync(this.#file, JSON.stringify(documentOf(setting), null, 2))
  }

  async start(): Promise<void> {
    this.lives++
    this.#program = await Program.start('node', { flags: ['--config', this.#file], dataDir: this.#dataDir })
  }

  /** Where records are taken; undefined while it does not run. */
  address(): string | undefined {
    return this.#program?.address('http')
  }

  /** Ended without having been asked. */
  get crashed(): boolean {
    return this.#program?.ended === true
  }

  /** Resolves with the exit code; null after SIGKILL. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const program = this.#program
    this.#program = undefined
    if (program === undefined) return null
    const code = await program.stop(signal)
    this.logs.push(program.stderr)
    return code
  }

  async pause(ms: number): Promise<void> {
    this.#program!.signal('SIGSTOP')
    await sleep(ms)
    this.#program!.signal('SIGCONT')
  }

  /** Has the configuration read again. Rejects when it is not applied. */
  async reload(setting: Setting): Promise<void> {
    const before = (await this.stats()).config
    this.configure(setting)
    this.#program!.signal('SIGHUP')
    const deadline = Date.now() + RELOAD_MS_MAX
    for (;;) {
      const { reloads, failed, last_error } = (await this.stats()).config
      if (reloads > before.reloads) return
      if (failed > before.failed) throw new Error(`the reload failed: ${last_error}`)
      if (Date.now() > deadline) throw new Error(`the reload took more than ${RELOAD_MS_MAX} ms`)
      await sleep(POLL_MS)
    }
  }

  /**
   * Bounds the size of each file of the process: writes beyond it fail, the first of them in its middle. Undefined: no bound.
   * False: this system has no means for that.
   */
  boundFiles(bytes: number | undefined): boolean {
    const limit = `--fsize=${bytes ?? 'unlimited'}:`
    return spawnSync('prlimit', ['--pid', String(this.#program!.pid), limit]).status === 0
  }

  /** Tries again once: the program may just have closed the connection that was to be used again. */
  async stats(attempt = 1): Promise<NodeStats> {
    const origin = new URL(this.#program!.address('metrics')).origin
    try {
      const answer = await fetch(`${origin}/stats`, { signal: AbortSignal.timeout(STATS_MS_MAX) })
      return (await answer.json()) as NodeStats
    } catch (error) {
      if (attempt === STATS_ATTEMPTS_MAX) throw new Error(`the program does not say how it is: ${String(error)}`)
      return await this.stats(attempt + 1)
    }
  }

  /** Files of records on disk. */
  segments(): string[] {
    return globSync('**/*.seg', { cwd: this.#dataDir })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL')
    if (this.#mounted) execFileSync('umount', [this.#dataDir])
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** Short times, so that a round sees retries, timeouts and refusals of all kinds. */
function documentOf({ schedule, urls, rules, capMs }: Setting): object {
  const { engines, spoolBytesMax, queueBytesMax } = schedule
  const output = (id: string, url: string, options: object) => ({
    id,
    type: 'http',
    url,
    timeout_ms: 700,
    retry_after_max_ms: 30,
    queue_bytes_max: queueBytesMax,
    spool: { max_bytes: spoolBytesMax },
    retry: { base_ms: 10, cap_ms: capMs },
    batch: { max_wait_ms: 20 },
    ...options,
  })
  return {
    version: 2,
    engines,
    shutdown_timeout_ms: 400,
    // Nobody is there: configurations come from the file alone.
    redis: { url: 'redis://127.0.0.1:1' },
    admin: { listen: '127.0.0.1:0' },
    sources: [{ id: 'http', type: 'http', listen: '127.0.0.1:0', durable: true, durable_timeout_ms: 700 }],
    pipelines: [
      {
        id: 'main',
        sources: ['http'],
        processors: [{ id: 'drop', type: 'filter', required: true, params: { pattern: patternOf(rules) } }],
        outputs: ['a', 'b'],
      },
    ],
    outputs: [
      output('a', urls.a, { format: 'text' }),
      output('b', urls.b, { format: 'ndjson', compression: 'gzip', concurrency: 3 }),
    ],
  }
}
