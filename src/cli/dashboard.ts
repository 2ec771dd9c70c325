/**
 * Where the dashboard comes from. A package brings it built, beside its modules. From source it is built by a process of its own when
 * it is not there or older than what went into it; the controller starts meanwhile.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { constants, setPriority } from 'node:os'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import type { Dashboard, DashboardState } from '#control/api/dashboard.ts'
import type { Logger } from '#observe/log.ts'
import { isFresh } from '#std/build-stamp.ts'

/** Of what the builder prints, the end is kept. */
const PRINTED_CHARACTERS_MAX = 4_000

export interface DashboardPlaces {
  /** Where the built dashboard lies. */
  folder: string
  /** The project, and the program in it that builds; undefined in a package. */
  source: { root: string; builder: string } | undefined
}

export class ProductDashboard implements Dashboard {
  readonly #places: DashboardPlaces
  readonly #log: Logger
  #state: Promise<DashboardState> | undefined
  #builder: ChildProcess | undefined
  #isClosed = false

  constructor(log: Logger, places: DashboardPlaces = ownPlaces()) {
    this.#log = log
    this.#places = places
  }

  /** Looks once, and has it built where it must be. */
  async state(): Promise<DashboardState> {
    this.#state ??= this.#look()
    return await this.#state
  }

  close(): void {
    this.#isClosed = true
    this.#builder?.kill()
  }

  async #look(): Promise<DashboardState> {
    const { folder, source } = this.#places
    if (source === undefined) {
      const isThere = (await stat(folder).catch(() => undefined)) !== undefined
      return isThere ? { kind: 'ready', folder } : { kind: 'failed', reason: 'this package was made without it' }
    }
    if (await isFresh(folder, source.root)) return { kind: 'ready', folder }
    void this.#build(source)
    return { kind: 'building' }
  }

  async #build({ root, builder }: NonNullable<DashboardPlaces['source']>): Promise<void> {
    if (this.#isClosed) return
    this.#log.info({}, 'building the dashboard, beside everything else')
    const child = spawn(process.execPath, [builder], { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] })
    this.#builder = child
    let printed = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      printed = (printed + text).slice(-PRINTED_CHARACTERS_MAX)
    })
    lowerPriority(child)
    const status = await once(child, 'close').then(
      ([code, signal]) => code ?? signal,
      (error: unknown) => String(error),
    )
    this.#builder = undefined
    if (this.#isClosed) return
    if (status === 0) {
      this.#log.info({}, 'the dashboard is built')
      this.#settle({ kind: 'ready', folder: this.#places.folder })
      return
    }
    const reason = stripVTControlCharacters(printed).replaceAll(root, '').trim() || `the builder ended with ${status}`
    this.#log.error({ reason }, 'the dashboard cannot be built')
    this.#settle({ kind: 'failed', reason })
  }

  #settle(state: DashboardState): void {
    this.#state = Promise.resolve(state)
  }
}

/** Records come first. */
function lowerPriority({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_LOW)
  } catch {
    // It has ended already, or this system does not let us.
  }
}

function ownPlaces(): DashboardPlaces {
  const place = (path: string) => fileURLToPath(new URL(path, import.meta.url))
  if (extname(import.meta.url) !== '.ts') return { folder: place('../ui'), source: undefined }
  return {
    folder: place('../../ui/dist'),
    source: { root: place('../..'), builder: place('../../scripts/dashboard.ts') },
  }
}
