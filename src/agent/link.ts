/** Ties a node to whoever controls it: configurations come; books, samples, taps and what was kept go. */
import type { AgentConfigFile, ComponentHealth } from '#codecs/opamp/messages.ts'
import { NODE_CAPABILITY } from '#contract/fleet.ts'
import type { SampleWindow } from '#contract/observation.ts'
import type { NodeStats } from '#contract/stats.ts'
import type { KeptRecords } from '#observe/admin-routes.ts'
import type { Timer } from '#std/clock.ts'
import type { OpampAgentOptions, OpampCallbacks } from './agent-options.ts'
import { KeptAnswers } from './kept.ts'
import { asJson, readRequest } from './node-messages.ts'
import { OpampAgent } from './opamp-agent.ts'
import type { ApplyRemoteConfig } from './remote-config.ts'
import type { Part } from './report.ts'
import type { OwnMetrics } from './settings-offers.ts'
import { type OpenTap, Taps } from './taps.ts'

/** What the link needs of a node; whoever starts both passes it in. */
export interface NodeFacade {
  /** Puts a remote configuration to work. What it resolves to is what the server is told. */
  apply: ApplyRemoteConfig
  /** What runs, without secrets. */
  effectiveConfig(): ReadonlyMap<string, AgentConfigFile>
  stats(): NodeStats
  health(): ComponentHealth
  samples(): SampleWindow[] | Promise<SampleWindow[]>
  tap: OpenTap
  /** Undefined while the node keeps nothing. */
  kept(): KeptRecords | undefined
  /** Undefined: the controller cannot ask for it. */
  restart?(): void
  ownMetrics?(settings: OwnMetrics): void
  /** Nobody is followed any more. */
  left?(): void
}

export interface LinkOptions extends Omit<OpampAgentOptions, keyof OpampCallbacks | 'capability'> {
  node: NodeFacade
}

export const STATS_MS = 10_000
/** Asked for and not answered yet; more are told to come again. */
const SAMPLES_MAX = 4
/** Of one answer; above it, records are left out evenly. */
export const SAMPLES_BYTES_MAX = 4 * 1024 * 1024

export class Link {
  readonly #options: LinkOptions
  readonly #agent: OpampAgent
  readonly #taps: Taps
  readonly #kept: KeptAnswers
  readonly #asked = new Set<string>()
  #stats: Timer | undefined

  constructor(options: LinkOptions) {
    const { node, clock } = options
    this.#options = options
    this.#agent = new OpampAgent({
      ...options,
      capability: NODE_CAPABILITY,
      applyRemoteConfig: (files, hash) => node.apply(files, hash),
      effectiveConfig: () => node.effectiveConfig(),
      health: () => node.health(),
      onCustomMessage: (type, data) => this.#answer(type, data),
      onConnected: (isConnected) => this.#connected(isConnected),
      ...(node.restart !== undefined && { restart: () => node.restart?.() }),
      ...(node.ownMetrics !== undefined && { ownMetrics: (settings: OwnMetrics) => node.ownMetrics?.(settings) }),
    })
    this.#taps = new Taps(
      (selection, sink) => node.tap(selection, sink),
      (letter) => this.#agent.sendCustom(letter),
      clock,
    )
    this.#kept = new KeptAnswers({
      kept: () => node.kept(),
      send: (letter) => this.#agent.sendCustom(letter),
      log: options.log,
    })
  }

  get instanceUid(): string {
    return this.#agent.instanceUid
  }

  /** Whether the controller has answered since the connection was made. */
  get isConnected(): boolean {
    return this.#agent.isConnected
  }

  start(): void {
    this.#agent.start()
  }

  /** These have changed, by other ways than the controller's. */
  changed(...parts: Part[]): void {
    this.#agent.changed(...parts)
  }

  /** Nothing of what the controller gave last runs: it may give it again. */
  forgetRemoteConfig(): void {
    this.#agent.forgetRemoteConfig()
  }

  /** Resolves soon, whatever the controller does. */
  async close(): Promise<void> {
    this.#connected(false)
    this.#options.node.left?.()
    await this.#agent.close()
  }

  #connected(isConnected: boolean): void {
    this.#stats?.cancel()
    this.#stats = undefined
    if (isConnected) this.#tellStats()
    else this.#taps.stopAll()
  }

  #tellStats(): void {
    const { node, clock } = this.#options
    this.#agent.sendCustom({ type: 'stats', key: 'stats', data: asJson(node.stats()), expendable: false })
    this.#stats = clock.after(STATS_MS, () => this.#tellStats())
  }

  #answer(type: string, data: Uint8Array): void {
    const request = readRequest(type, data)
    if (request === undefined) {
      this.#options.log.debug({ type }, 'a message of the controller that this node does not know')
      return
    }
    if (request.type === 'tap_start') this.#taps.start(request.tap, request.selection)
    else if (request.type === 'tap_stop') this.#taps.stop(request.tap)
    else if (request.type === 'kept') void this.#kept.answer(request)
    else void this.#sample(request.request, request.since ?? 0)
  }

  async #sample(request: string, since: number): Promise<void> {
    if (this.#asked.has(request)) return
    const tell = (windows: SampleWindow[], error?: string) => {
      const data = asJson({ request, windows, ...(error !== undefined && { error }) })
      this.#agent.sendCustom({ type: 'samples', key: `samples ${request}`, data, expendable: false })
    }
    if (this.#asked.size >= SAMPLES_MAX) {
      tell([], 'the node is answering others; ask again')
      return
    }
    this.#asked.add(request)
    try {
      const windows = await this.#options.node.samples()
      tell(fitting(windows.filter(({ to }) => to > since)))
    } catch (error) {
      tell([], error instanceof Error ? error.message : String(error))
    } finally {
      this.#asked.delete(request)
    }
  }
}

/** Every second record of a uniform sample is a uniform sample. */
function fitting(windows: SampleWindow[]): SampleWindow[] {
  let smaller = windows
  while (asJson(smaller).length > SAMPLES_BYTES_MAX && smaller.some(({ records }) => records.length > 0)) {
    smaller = smaller.map((window) => ({ ...window, records: window.records.filter((_, i) => i % 2 === 1) }))
  }
  return smaller
}
